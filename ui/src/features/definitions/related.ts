/** Columns of the record that a lookup points at: `parentcustomerid.accountnumber`. */
import type { Column } from "@/api";

/** The lookup and the column there; a name without a dot is the column itself. */
export function splitRelated(name: string): { lookup: string; column: string | undefined } {
  const dot = name.indexOf(".");
  return dot < 0
    ? { lookup: name, column: undefined }
    : { lookup: name.slice(0, dot), column: name.slice(dot + 1) };
}

export function relatedName(lookup: string, column: string): string {
  return `${lookup}.${column}`;
}

/** The column that is read for a name: of a name with a dot, the lookup. */
export function readFor(name: string): string {
  return splitRelated(name).lookup;
}

/** What a name with a dot is called, such as `Company Name › accountnumber`. */
export function titleOf(columns: readonly Column[], name: string): string | undefined {
  const { lookup, column } = splitRelated(name);
  const own = columns.find(({ logical_name }) => logical_name === lookup);
  if (!own) return undefined;
  const title = own.display_name || own.logical_name;
  return column === undefined ? title : `${title} › ${column}`;
}
