import type { Column, Problem, SyncDefinition } from "@/api";

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

/** Problems on a line of the editor: at the path itself or inside it. */
export function problemsAt(problems: readonly Problem[], path: string): Problem[] {
  return problems.filter(
    (problem) =>
      problem.path === path || problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`),
  );
}

/** Where a path such as `fields[2].from` is in the JSON text: the offsets of its value, else of the nearest parent. */
export function locate(text: string, path: string): { from: number; to: number } | null {
  const parts = path.match(/[^.[\]]+/g) ?? [];
  let from = skipSpace(text, 0);
  for (const part of parts) {
    const inner = enter(text, from, part);
    if (inner === null) break;
    from = inner;
  }
  if (from >= text.length) return null;
  return { from, to: valueEnd(text, from) };
}

function skipSpace(text: string, at: number): number {
  let place = at;
  while (place < text.length && /\s/.test(text[place] ?? "")) place += 1;
  return place;
}

/** The place of a member's or item's value inside the object or list that begins at `at`. */
function enter(text: string, at: number, part: string): number | null {
  const open = text[at];
  if (open !== "{" && open !== "[") return null;
  let place = skipSpace(text, at + 1);
  let index = 0;
  while (place < text.length && text[place] !== "}" && text[place] !== "]") {
    let value = place;
    let matches = open === "[" && String(index) === part;
    if (open === "{") {
      const keyEnd = valueEnd(text, place);
      matches = text.slice(place, keyEnd) === JSON.stringify(part);
      const colon = text.indexOf(":", keyEnd);
      if (colon < 0) return null;
      value = skipSpace(text, colon + 1);
    }
    if (matches) return value;
    const next = skipSpace(text, valueEnd(text, value));
    if (text[next] !== ",") return null;
    place = skipSpace(text, next + 1);
    index += 1;
  }
  return null;
}

function valueEnd(text: string, at: number): number {
  const open = text[at];
  if (open === '"') {
    for (let place = at + 1; place < text.length; place++) {
      if (text[place] === "\\") place += 1;
      else if (text[place] === '"') return place + 1;
    }
    return text.length;
  }
  if (open === "{" || open === "[") {
    let depth = 0;
    for (let place = at; place < text.length; place++) {
      const letter = text[place];
      if (letter === '"') place = valueEnd(text, place) - 1;
      else if (letter === "{" || letter === "[") depth += 1;
      else if (letter === "}" || letter === "]") {
        depth -= 1;
        if (depth === 0) return place + 1;
      }
    }
    return text.length;
  }
  const match = /^[^\s,}\]]*/.exec(text.slice(at));
  return at + Math.max(1, match?.[0].length ?? 1);
}

/** Columns the definition reads for its own needs, so that what is mapped is always read. */
export function neededColumns(definition: SyncDefinition): string[] {
  const needed = [
    ...definition.identifiers.map(({ from }) => from),
    ...definition.fields.map(({ from }) => from),
    ...(definition.events?.parameters.map(({ from }) => from) ?? []),
    ...(definition.events?.name.from ? [definition.events.name.from] : []),
    ...(definition.events && typeof definition.events.timestamp === "object"
      ? [definition.events.timestamp.from]
      : []),
  ];
  return [...new Set(needed.filter((name): name is string => typeof name === "string" && name !== ""))];
}

/** Adds what is mapped but not read yet to the columns. */
export function withNeededColumns(definition: SyncDefinition): SyncDefinition {
  const missing = neededColumns(definition).filter((name) => !definition.source.columns.includes(name));
  if (missing.length === 0) return definition;
  return {
    ...definition,
    source: { ...definition.source, columns: [...definition.source.columns, ...missing] },
  };
}

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
  return [...new Set(wanted.filter((name): name is string => name !== null && known.has(name)))];
}

/** A fixed value as typed: JSON where it is JSON, else the text. */
export function parseFixed(text: string): unknown {
  const trimmed = text.trim();
  if (/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?)$/.test(trimmed)) return JSON.parse(trimmed);
  return text;
}
