import type { ConflictEnd, ConflictView } from "@/api";

/** Conflicts of one pair of records, in the order in which they came. */
export interface ConflictGroup {
  key: string;
  title: string;
  definition: string;
  conflicts: ConflictView[];
}

/** Conflicts record by record. */
export function grouped(conflicts: readonly ConflictView[]): ConflictGroup[] {
  const groups = new Map<string, ConflictGroup>();
  for (const conflict of conflicts) {
    const key = `${conflict.definition}/${conflict.source.record}/${conflict.destination.record}`;
    const group = groups.get(key);
    if (group) group.conflicts.push(conflict);
    else
      groups.set(key, { key, title: conflict.title, definition: conflict.definition, conflicts: [conflict] });
  }
  return [...groups.values()];
}

/** A value as a person reads it; an empty one is no text. */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(valueWords).join("; ");
  if (typeof value === "object" && "id" in value) return String(value.id);
  return String(value);
}

/** What stands on a side of a conflict. */
export function endWords(end: ConflictEnd, whole: boolean): string {
  if (end.deleted) return "deleted";
  const text = valueWords(end.value);
  if (whole) return text === "" ? "changed" : `changed: ${text}`;
  return text === "" ? "empty" : text;
}

/** What becomes of a record when a side wins. */
export function outcomeWords(conflict: ConflictView, side: "source" | "destination"): string {
  const [winner, loser] =
    side === "source" ? [conflict.source, conflict.destination] : [conflict.destination, conflict.source];
  if (winner.deleted) return `the record in ${loser.connection} goes too`;
  if (loser.deleted) return `the record is made again in ${loser.connection}`;
  return `it goes to ${loser.connection}`;
}
