import type { ReactNode } from "react";

/** A column of a grid. */
export interface GridColumn<R> {
  key: string;
  title: string;
  /** What the header says on hover. */
  hint?: string;
  glyph?: ReactNode;
  width: number;
  align?: "start" | "end";
  sortable?: boolean;
  /** What is drawn. */
  cell: (row: R) => ReactNode;
  /** What is copied. */
  text: (row: R) => string;
}

export interface GridSort {
  key: string;
  descending: boolean;
}

export interface GridCell {
  row: number;
  column: number;
}

/** The rows a person marked, as indices; a range stands for many without listing them. */
export type GridSelection = ReadonlySet<number>;

/** How many columns stay in place: as many as are wanted and leave a third of the room to the others. */
export function fixedColumns(columns: readonly { width: number }[], wanted: number, room: number): number {
  let fixed = Math.min(columns.length, Math.max(1, wanted));
  const width = (count: number) => columns.slice(0, count).reduce((sum, column) => sum + column.width, 0);
  while (fixed > 1 && room > 0 && width(fixed) > (room * 2) / 3) fixed -= 1;
  return fixed;
}

/** Where a column that stays in place stands; nothing for the others. */
export function placeOf(
  columns: readonly { width: number }[],
  at: number,
  fixed: number,
  start: number,
): { insetInlineStart?: number } {
  if (at >= fixed) return {};
  return { insetInlineStart: columns.slice(0, at).reduce((sum, column) => sum + column.width, start) };
}

/** Where the keyboard takes the active cell; null for a key that means nothing here. */
export function moveCell(
  cell: GridCell,
  key: string,
  ctrl: boolean,
  rows: number,
  columns: number,
  page: number,
): GridCell | null {
  const last = Math.max(0, rows - 1);
  const lastColumn = Math.max(0, columns - 1);
  const clampRow = (row: number) => Math.min(last, Math.max(0, row));
  const clampColumn = (column: number) => Math.min(lastColumn, Math.max(0, column));
  switch (key) {
    case "ArrowDown":
      return { ...cell, row: ctrl ? last : clampRow(cell.row + 1) };
    case "ArrowUp":
      return { ...cell, row: ctrl ? 0 : clampRow(cell.row - 1) };
    case "ArrowRight":
      return { ...cell, column: ctrl ? lastColumn : clampColumn(cell.column + 1) };
    case "ArrowLeft":
      return { ...cell, column: ctrl ? 0 : clampColumn(cell.column - 1) };
    case "PageDown":
      return { ...cell, row: clampRow(cell.row + page) };
    case "PageUp":
      return { ...cell, row: clampRow(cell.row - page) };
    case "Home":
      return ctrl ? { row: 0, column: 0 } : { ...cell, column: 0 };
    case "End":
      return ctrl ? { row: last, column: lastColumn } : { ...cell, column: lastColumn };
    default:
      return null;
  }
}

/** The selection after Shift from one row to another. */
export function rangeSelection(from: number, to: number): GridSelection {
  const [low, high] = from < to ? [from, to] : [to, from];
  return new Set(Array.from({ length: high - low + 1 }, (_, index) => low + index));
}
