import type { SqlTable } from "@/api";
import { type GridColumn, Name } from "@/design";
import styles from "./sql.module.css";

export type SqlRow = readonly unknown[];

/** A cell as text; nothing is an empty text. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function widthOf(name: string, rows: readonly SqlRow[], at: number): number {
  const longest = rows
    .slice(0, 100)
    .reduce((most, row) => Math.max(most, textOf(row[at]).length), name.length);
  return Math.min(360, Math.max(80, 24 + longest * 7.5));
}

/** Columns for the grid, as wide as what is in them. */
export function resultColumns(
  table: SqlTable,
  widths: Readonly<Record<string, number>>,
): GridColumn<SqlRow>[] {
  return table.columns.map((name, at) => {
    const key = `${at}:${name}`;
    const number = table.rows.some((row) => typeof row[at] === "number");
    return {
      key,
      title: name,
      width: widths[key] ?? widthOf(name, table.rows, at),
      align: number ? "end" : "start",
      sortable: true,
      cell: (row) =>
        row[at] === null ? <span className={styles.nothing}>null</span> : <Name text={textOf(row[at])} />,
      text: (row) => textOf(row[at]),
    };
  });
}

/** Rows by one column: nothing first, numbers by size, everything else as text. */
export function sorted(rows: readonly SqlRow[], at: number, descending: boolean): SqlRow[] {
  const compare = (a: unknown, b: unknown): number => {
    if (a === null || b === null) return Number(b === null) - Number(a === null);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return textOf(a).localeCompare(textOf(b));
  };
  const turn = descending ? -1 : 1;
  return [...rows].sort((a, b) => turn * compare(a[at], b[at]));
}
