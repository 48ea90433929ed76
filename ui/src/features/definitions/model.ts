import type { Column, SyncDefinition } from "@/api";
import { readFor } from "./related";

/** A definition with nothing mapped yet. */
export function freshDefinition(
  name: string,
  source: string,
  entity: string,
  columns: string[],
  destination: string,
  destinationEntity: string,
): SyncDefinition {
  return {
    version: 1,
    name,
    source: {
      connection: source,
      entity,
      columns,
      fetch: { mode: "new-and-updated", days: 0 },
      page_size: 500,
      timeout_ms: 60_000,
      retries: 3,
    },
    destination: { connection: destination, entity: destinationEntity },
    identifiers: [],
    on_invalid_identifier: "skip-identifier",
    fields: [],
    on_unknown_code: "raw",
    fixed: [],
    options: { skip_hook: false, stop_on_failed_batch: false },
  };
}

export function toJson(definition: SyncDefinition): string {
  return `${JSON.stringify(definition, null, 2)}\n`;
}

/** Columns the definition reads for its own needs, so that what is mapped is always read. */
export function neededColumns(definition: SyncDefinition): string[] {
  const needed = [
    ...definition.identifiers.map(({ from }) => from),
    ...definition.fields.flatMap((field) => [
      field.from,
      ...(field.first_of ?? []),
      ...(field.join?.with ?? []),
      field.phone_country ?? "",
    ]),
    ...(definition.events?.parameters.map(({ from }) => from) ?? []),
    ...(definition.events?.name.from ? [definition.events.name.from] : []),
    ...(definition.events && typeof definition.events.timestamp === "object"
      ? [definition.events.timestamp.from]
      : []),
  ];
  const named = needed.filter((name): name is string => typeof name === "string" && name !== "");
  return [...new Set(named.map(readFor))];
}

/** Columns of a table whose names say nothing. */
const MOST_COLUMNS = 40;

/** Columns worth reading to begin with. */
export function startColumns(
  columns: readonly Column[],
  primaryId: string,
  primaryName: string | null,
): string[] {
  const wanted = [
    primaryId,
    primaryName,
    "emailaddress1",
    "telephone1",
    "firstname",
    "lastname",
    "gendercode",
    "donotbulkemail",
    "statecode",
    "modifiedon",
    "createdon",
  ];
  const known = new Set(columns.filter((column) => column.readable).map((column) => column.logical_name));
  const found = [...new Set(wanted.filter((name): name is string => name !== null && known.has(name)))];
  // A table that knows none of these names is another system's; it is small enough to be taken whole.
  return found.some((name) => name !== primaryId && name !== primaryName)
    ? found
    : [...new Set([...found, ...known])].slice(0, MOST_COLUMNS);
}

/** A fixed value as typed: JSON where it is JSON, else the text. */
export function parseFixed(text: string): unknown {
  const trimmed = text.trim();
  if (/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?)$/.test(trimmed)) return JSON.parse(trimmed);
  return text;
}

/** Nothing is mapped yet: it was just made. */
export function isFresh(definition: SyncDefinition): boolean {
  return definition.identifiers.length === 0 && definition.fields.length === 0;
}

/** A name for a copy that no other definition has. */
export function freeName(name: string, taken: readonly string[]): string {
  const base = name.replace(/ \(copy( \d+)?\)$/, "");
  for (let number = 1; ; number++) {
    const wanted = `${base} (copy${number === 1 ? "" : ` ${number}`})`;
    if (!taken.includes(wanted)) return wanted;
  }
}

/** The same definition under another name; what ran by itself is paused, so that nothing runs twice. */
export function copyOf(definition: SyncDefinition, taken: readonly string[]): SyncDefinition {
  const { schedule } = definition;
  return {
    ...definition,
    name: freeName(definition.name, taken),
    ...(schedule ? { schedule: { ...schedule, paused: true } } : {}),
  };
}
