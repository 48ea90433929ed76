import type { Column, RecordRow } from "@/api";
import { toTsv } from "@/lib/copy";
import { bothText, type Cell, cellOf, cellText } from "@/lib/record";
import type { Layout } from "./columns";

export type CopyForm = "cells" | "headers" | "json";

const labelled = (cell: Cell) => cell.state === "value" && cell.label !== null && cell.label !== cell.text;

/**
 * Rows as text for the clipboard: cells for a spreadsheet, or the records' JSON as the service gave it. Where labels and codes are shown, a
 * column that has labels becomes two: the label under the display name, the code under the logical one.
 */
export function asText(
  form: CopyForm,
  rows: readonly RecordRow[],
  columns: readonly Column[],
  { formatted, both }: Pick<Layout, "formatted" | "both">,
): string {
  if (form === "json") {
    const records = rows.map((row) => row.raw);
    return JSON.stringify(records.length === 1 ? records[0] : records, null, 2);
  }
  const parts = columns.flatMap(({ logical_name: name, display_name }) => {
    const title = display_name || name;
    const cell = (row: RecordRow) => cellOf(row.raw, name);
    if (!both || !rows.some((row) => labelled(cell(row))))
      return [{ head: title, text: (row: RecordRow) => cellText(cell(row), formatted) }];
    return [
      { head: title, text: (row: RecordRow) => cellText(cell(row), true) },
      {
        head: name === title ? `${name} (code)` : name,
        text: (row: RecordRow) => cellText(cell(row), false),
      },
    ];
  });
  const cells = rows.map((row) => parts.map(({ text }) => text(row)));
  if (form === "cells") return toTsv(cells);
  return toTsv([parts.map(({ head }) => head), ...cells]);
}

/** One cell as it is shown. */
export function cellAsText(
  row: RecordRow,
  column: Column,
  { formatted, both }: Pick<Layout, "formatted" | "both">,
): string {
  const cell = cellOf(row.raw, column.logical_name);
  return both ? bothText(cell) : cellText(cell, formatted);
}
