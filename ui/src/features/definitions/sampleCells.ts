/** What a mapped record holds, cell by cell, with how each came to be; what is missing too. */
import type { Explanation, MappedSampleRow, SyncDefinition } from "@/api";
import { plainText } from "@/lib/record";

export interface SampleCell {
  /** Name of the target. */
  field: string;
  kind: "identifier" | "attribute" | "event";
  /** Undefined: it is not sent. */
  value: unknown;
  explanation: Explanation | undefined;
}

export interface SampleColumn {
  key: string;
  field: string;
  kind: SampleCell["kind"];
}

const keyOf = (kind: SampleCell["kind"], field: string) => `${kind}:${field}`;

/** Identifiers, then attributes, then events, each in the definition's order, what is not sent among them. */
export function cellsOf(row: MappedSampleRow): SampleCell[] {
  const cells = new Map<string, SampleCell>();
  const kindOf = (path: string): SampleCell["kind"] =>
    path.startsWith("identifiers") ? "identifier" : path.startsWith("events") ? "event" : "attribute";
  const why = (kind: SampleCell["kind"], field: string) =>
    row.explanations.find((one) => one.field === field && kindOf(one.path) === kind) ??
    row.explanations.find((one) => one.field === field);
  const add = (
    kind: SampleCell["kind"],
    field: string,
    value: unknown,
    explanation: Explanation | undefined,
  ) => {
    const key = keyOf(kind, field);
    if (!cells.has(key)) cells.set(key, { field, kind, value, explanation });
  };
  const addAll = (kind: SampleCell["kind"], values: Readonly<Record<string, unknown>>) => {
    for (const one of row.explanations)
      if (kindOf(one.path) === kind) add(kind, one.field, values[one.field], one);
    for (const [field, value] of Object.entries(values)) add(kind, field, value, why(kind, field));
  };
  addAll("identifier", row.mapped.identifiers);
  addAll("attribute", row.mapped.attributes);
  for (const event of row.mapped.events ?? []) {
    add("event", "event_name", event.name, why("event", "event_name"));
    add("event", "timestamp", event.timestamp || "time of processing", why("event", "timestamp"));
    for (const [field, value] of Object.entries(event.parameters ?? {}))
      add("event", field, value, why("event", field));
  }
  for (const one of row.explanations)
    if (kindOf(one.path) === "event") add("event", one.field, undefined, one);
  return [...cells.values()];
}

/** The columns of all records together, in the order they first appear. */
export function sampleColumns(rows: readonly MappedSampleRow[]): SampleColumn[] {
  const found = new Map<string, SampleColumn>();
  const rank = { identifier: 0, attribute: 1, event: 2 };
  for (const row of rows)
    for (const { field, kind } of cellsOf(row))
      if (!found.has(keyOf(kind, field)))
        found.set(keyOf(kind, field), { key: keyOf(kind, field), field, kind });
  return [...found.values()].sort((a, b) => rank[a.kind] - rank[b.kind]);
}

/**
 * A record of a two-way definition with its identifiers. They are no part of what goes there, as records that were paired once are
 * known by their pair; a new one is found by what stands in these columns.
 */
export function withKeys(row: MappedSampleRow, definition: SyncDefinition): MappedSampleRow {
  const keys = definition.identifiers
    .filter(({ to, from }) => to !== "" && from in row.source)
    .map(({ to, from }) => [to, row.source[from]] as const);
  const identifiers = { ...Object.fromEntries(keys), ...row.mapped.identifiers };
  return { ...row, mapped: { ...row.mapped, identifiers } };
}

const isGuid = (text: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);

/** Columns that name a record, the best first; several columns make one name. */
const NAMES: readonly (readonly string[])[] = [
  ["fullname"],
  ["firstname", "lastname"],
  ["name"],
  ["subject"],
  ["title"],
];

/** By what a person knows the record: its identifiers, its name where those are ids alone, else its id. */
export function titleOf(row: MappedSampleRow): string {
  const identifiers = Object.values(row.mapped.identifiers).map(plainText).filter(Boolean);
  const telling = identifiers.filter((text) => !isGuid(text));
  if (telling.length > 0) return telling.join(" · ");
  const names = NAMES.map((columns) =>
    columns
      .map((column) => plainText(row.source[column]))
      .filter(Boolean)
      .join(" "),
  );
  return names.find(Boolean) ?? (identifiers.join(" · ") || row.source_id);
}

/** The target that a path of the definition is about, such as `fields[2]`. */
export function targetAt(definition: unknown, path: string | null): string | null {
  const line =
    path === null ? null : /^(fields|identifiers|fixed|events\.parameters|events\.fixed)\[(\d+)\]/.exec(path);
  if (!line)
    return path?.startsWith("events.timestamp")
      ? "timestamp"
      : path?.startsWith("events")
        ? "event_name"
        : null;
  let here: unknown = definition;
  for (const part of [...(line[1] ?? "").split("."), line[2] ?? ""])
    here = typeof here === "object" && here !== null ? (here as Record<string, unknown>)[part] : undefined;
  const to = typeof here === "object" && here !== null && "to" in here ? here.to : null;
  return typeof to === "string" && to !== "" ? to : null;
}

/** Cells whose value differs from the former sample's, as `record|kind:field`; of records that were in both. */
export function changedCells(
  before: readonly MappedSampleRow[],
  after: readonly MappedSampleRow[],
): ReadonlySet<string> {
  const changed = new Set<string>();
  const former = new Map(before.map((row) => [row.source_id, row]));
  for (const row of after) {
    const old = former.get(row.source_id);
    if (!old) continue;
    const values = new Map(cellsOf(old).map(({ kind, field, value }) => [keyOf(kind, field), value]));
    for (const { kind, field, value } of cellsOf(row)) {
      const key = keyOf(kind, field);
      if (JSON.stringify(values.get(key)) !== JSON.stringify(value)) changed.add(`${row.source_id}|${key}`);
    }
  }
  return changed;
}
