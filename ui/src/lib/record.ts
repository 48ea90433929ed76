/** Reading a record in the Web API's JSON shape: columns under wire names, annotations beside them. */

const FORMATTED = "@OData.Community.Display.V1.FormattedValue";
const LOOKUP_ENTITY = "@Microsoft.Dynamics.CRM.lookuplogicalname";

export type Raw = Readonly<Record<string, unknown>>;

/** The four things a cell can be. They never look alike. */
export type Cell =
  | {
      state: "value";
      value: unknown;
      text: string;
      label: string | null;
      lookup: { entity: string; id: string } | null;
    }
  | { state: "null" }
  | { state: "empty" }
  | { state: "missing" };

/** The wire name under which a column is present: itself, or `_x_value` for a lookup. */
export function wireName(raw: Raw, column: string): string | null {
  if (Object.hasOwn(raw, column)) return column;
  const lookup = `_${column}_value`;
  return Object.hasOwn(raw, lookup) ? lookup : null;
}

/** The logical name behind a wire name. */
export function columnOfWire(wire: string): string {
  const match = /^_(.+)_value$/.exec(wire);
  return match?.[1] ?? wire;
}

export function cellOf(raw: Raw, column: string): Cell {
  const wire = wireName(raw, column);
  if (wire === null) return { state: "missing" };
  const value = raw[wire];
  if (value === null || value === undefined) return { state: "null" };
  if (value === "") return { state: "empty" };
  const label = raw[`${wire}${FORMATTED}`];
  const entity = raw[`${wire}${LOOKUP_ENTITY}`];
  return {
    state: "value",
    value,
    text: plainText(value),
    label: typeof label === "string" ? label : null,
    lookup: typeof entity === "string" && typeof value === "string" ? { entity, id: value } : null,
  };
}

/** What a person reads in a cell: the label where there is one and it is wanted. */
export function cellText(cell: Cell, formatted: boolean): string {
  if (cell.state !== "value") return "";
  return formatted ? (cell.label ?? cell.text) : cell.text;
}

/** Label and code beside each other, where both are there and differ. */
export function bothText(cell: Cell): string {
  if (cell.state !== "value") return "";
  return cell.label === null || cell.label === cell.text ? cell.text : `${cell.label} (${cell.text})`;
}

/** The row that a lookup points at: `account 2f1c…`. */
function referenceText(value: object): string | null {
  const { entity, id, ...rest } = value as Record<string, unknown>;
  const only = Object.keys(rest).length === 0;
  return only && typeof entity === "string" && typeof id === "string" ? `${entity} ${id}` : null;
}

/** A value without quotes; a lookup by its table and id, other objects and lists as JSON. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  return (typeof value === "object" ? referenceText(value) : null) ?? JSON.stringify(value);
}

/** Column names present in a record, annotations left out. */
export function columnsPresent(raw: Raw): string[] {
  return Object.keys(raw)
    .filter((name) => !name.includes("@"))
    .map(columnOfWire);
}
