import type { ChangeField, ChangeRow, PullView } from "@/api";
import { fullLocal } from "@/lib/time";

/** How a pull read, in words. */
const ways: Record<string, string> = {
  everything: "everything",
  baseline: "everything, with change tracking from there",
  changes: "by change tracking",
  since: "modified since the watermark",
  "look-back": "modified in the last days",
  members: "members of a list",
};

/** `21 Nov 2026, 08:12:03 · by change tracking`. */
export function pullLine(pull: PullView): string {
  const way = ways[pull.way];
  return [fullLocal(pull.started_at), way, pull.status === "done" ? "" : pull.status]
    .filter(Boolean)
    .join(" · ");
}

/** A value as it is read: the label where there is one, nothing for null. */
export function shown(value: unknown, label: string | null): string {
  if (label !== null && label !== "") return label;
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function fieldLine(field: ChangeField): string {
  const [before, after] = [shown(field.old, field.old_label), shown(field.new, field.new_label)];
  return `${field.column}: ${before || "empty"} → ${after || "empty"}`;
}

/** What changed of a record, in a line. */
export function rowLine(row: ChangeRow): string {
  if (row.kind === "added") return "new in the cache";
  if (row.kind === "deleted") return "gone at the service";
  return row.fields.length === 0 ? "changed and changed back" : row.fields.map(fieldLine).join("; ");
}

/** The columns of a record as it was cached last, without annotations. */
export function lastValues(last: Record<string, unknown> | null): { column: string; text: string }[] {
  if (last === null) return [];
  return Object.entries(last)
    .filter(([name, value]) => !name.includes("@") && value !== null)
    .map(([name, value]) => {
      const label = last[`${name}@OData.Community.Display.V1.FormattedValue`];
      return { column: name, text: shown(value, typeof label === "string" ? label : null) };
    });
}
