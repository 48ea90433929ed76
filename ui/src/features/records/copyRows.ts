import type { Column, RecordRow } from "@/api";
import { toTsv } from "@/lib/copy";
import { cellOf, cellText } from "@/lib/record";

export type CopyForm = "cells" | "headers" | "json";

/** Rows as text for the clipboard: cells for a spreadsheet, or the records' JSON as the service gave it. */
export function asText(
  form: CopyForm,
  rows: readonly RecordRow[],
  columns: readonly Column[],
  formatted: boolean,
): string {
  if (form === "json") {
    const records = rows.map((row) => row.raw);
    return JSON.stringify(records.length === 1 ? records[0] : records, null, 2);
  }
  const cells = rows.map((row) =>
    columns.map((column) => cellText(cellOf(row.raw, column.logical_name), formatted)),
  );
  if (form === "cells") return toTsv(cells);
  return toTsv([columns.map((column) => column.display_name || column.logical_name), ...cells]);
}
