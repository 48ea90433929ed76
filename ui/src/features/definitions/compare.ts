/** Two definitions side by side: what differs in meaning, not in order of keys or white space. */
import type { SyncDefinition } from "@/api";
import { isRecord } from "@/api";

export type DifferenceKind = "added" | "removed" | "changed" | "moved";

export interface Difference {
  /** Title of the part it belongs to. */
  part: string;
  /** What differs, such as a target attribute. */
  what: string;
  kind: DifferenceKind;
  before: unknown;
  after: unknown;
}

/** Lists whose items are known by a name; their order changes nothing but which comes first. */
const named: Readonly<Record<string, string>> = {
  identifiers: "to",
  fields: "to",
  fixed: "to",
  parameters: "to",
};

/** Lists in which order means nothing. */
const unordered = new Set(["columns"]);

const titles: Readonly<Record<string, string>> = {
  source: "Source",
  destination: "Destination",
  identifiers: "Identifiers",
  on_invalid_identifier: "Identifiers",
  on_duplicate: "Identifiers",
  fields: "Fields",
  on_unknown_code: "Fields",
  label_language: "Fields",
  fixed: "Fixed values",
  phone: "Phone numbers",
  events: "Events",
  options: "Settings",
  schedule: "Schedule",
  conflict: "Settings",
  name: "Name",
};

const order = ["Name", "Source", "Columns", "Filter", "Destination", "Identifiers", "Fields", "Fixed values"];

/** White space and quotes of a filter mean nothing. */
function plainFilter(text: string): string {
  return text
    .replaceAll("'", '"')
    .replace(/\s+/g, " ")
    .replace(/\s*(\/?>)/g, "$1")
    .replace(/>\s+</g, "><")
    .trim();
}

export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (isRecord(a) && isRecord(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => same(a[key], b[key]));
  }
  return false;
}

/** All differences of meaning from the first definition to the second, in the editor's order. */
export function compareDefinitions(before: SyncDefinition, after: SyncDefinition): Difference[] {
  const found: Difference[] = [];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  keys.delete("version");
  const left: Record<string, unknown> = { ...before };
  const right: Record<string, unknown> = { ...after };
  for (const key of keys) walk(titles[key] ?? key, [key], left[key], right[key], found);
  const rank = (part: string) => (order.includes(part) ? order.indexOf(part) : order.length);
  return found
    .map((difference, index) => ({ difference, index }))
    .sort((a, b) => rank(a.difference.part) - rank(b.difference.part) || a.index - b.index)
    .map(({ difference }) => difference);
}

function walk(part: string, path: readonly string[], a: unknown, b: unknown, found: Difference[]): void {
  if (same(a, b)) return;
  const key = path.at(-1) ?? "";
  const title = key === "columns" ? "Columns" : key === "filter" ? "Filter" : part;
  const what = path.length > 1 ? path.slice(1).join(".") : key;
  if (key === "filter" && typeof a === "string" && typeof b === "string" && plainFilter(a) === plainFilter(b))
    return;
  if (unordered.has(key) && (Array.isArray(a) || Array.isArray(b))) {
    const [old, now] = [new Set(listOf(a)), new Set(listOf(b))];
    for (const name of old)
      if (!now.has(name))
        found.push({ part: title, what: String(name), kind: "removed", before: name, after: undefined });
    for (const name of now)
      if (!old.has(name))
        found.push({ part: title, what: String(name), kind: "added", before: undefined, after: name });
    return;
  }
  const by = named[key];
  if (by !== undefined && (Array.isArray(a) || Array.isArray(b))) {
    walkNamed(title, path.length > 1 ? `${key} ` : "", by, listOf(a), listOf(b), found);
    return;
  }
  // One level of keys is told apart; deeper ones belong to their key. A part that only one of them has is told by its keys, too.
  const whole = path.length === 1;
  const [old, now] = [a ?? (whole ? {} : a), b ?? (whole ? {} : b)];
  if (isRecord(old) && isRecord(now) && path.length < 3) {
    for (const inner of new Set([...Object.keys(old), ...Object.keys(now)]))
      walk(part, [...path, inner], old[inner], now[inner], found);
    return;
  }
  found.push({
    part: title,
    what,
    kind: a === undefined ? "added" : b === undefined ? "removed" : "changed",
    before: a,
    after: b,
  });
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function walkNamed(
  part: string,
  prefix: string,
  by: string,
  old: readonly unknown[],
  now: readonly unknown[],
  found: Difference[],
): void {
  const nameOf = (item: unknown) => (isRecord(item) ? String(item[by] ?? "") : String(item));
  const before = new Map(old.map((item) => [nameOf(item), item]));
  const after = new Map(now.map((item) => [nameOf(item), item]));
  for (const [name, item] of before) {
    const other = after.get(name);
    if (other === undefined)
      found.push({ part, what: prefix + name, kind: "removed", before: item, after: undefined });
    else if (!same(item, other))
      found.push({ part, what: prefix + name, kind: "changed", before: item, after: other });
  }
  for (const [name, item] of after)
    if (!before.has(name))
      found.push({ part, what: prefix + name, kind: "added", before: undefined, after: item });
  const kept = [...before.keys()].filter((name) => after.has(name));
  const now2 = [...after.keys()].filter((name) => before.has(name));
  if (!same(kept, now2))
    found.push({ part, what: `${prefix}order`, kind: "moved", before: kept, after: now2 });
}

/** A difference's value in one line. */
export function inOneLine(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (isRecord(value) && ("to" in value || "from" in value)) {
    const { to: _, from, ...rest } = value;
    const parts = Object.entries(rest).map(([key, inner]) =>
      inner === true ? key : `${key} ${inOneLine(inner)}`,
    );
    return [typeof from === "string" ? `← ${from}` : "", ...parts].filter(Boolean).join(" · ");
  }
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(", ");
  if (isRecord(value)) {
    const pairs = Object.entries(value);
    if (pairs.every(([, inner]) => typeof inner === "string"))
      return pairs.map(([key, inner]) => `${key} → ${inner}`).join(", ");
  }
  return JSON.stringify(value);
}
