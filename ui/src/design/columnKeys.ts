import type { GridColumn, GridSort } from "./grid-types";

/** Pixels by which a key makes a column wider or narrower. */
const STEP = 24;
export const LEAST_WIDTH = 56;
export const MOST_WIDTH = 900;

export const widthWithin = (width: number): number => Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width));

/** What a key does to the column of the active cell. */
export type ColumnAct =
  | { act: "resize"; key: string; width: number }
  | { act: "move"; key: string; before: string | null; to: number }
  | { act: "sort"; sort: GridSort };

interface Pressed {
  key: string;
  altKey: boolean;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}

/** `widths`: those that were asked for and are not drawn yet. Alt+Shift: ← → width, ↑ ↓ order of the rows; Ctrl+Shift+← → the column's place. */
export function columnAct<R>(
  pressed: Pressed,
  columns: readonly GridColumn<R>[],
  at: number,
  widths: ReadonlyMap<string, number> = new Map(),
): ColumnAct | null {
  const column = columns[at];
  if (!column || !pressed.shiftKey) return null;
  const ctrl = pressed.ctrlKey || pressed.metaKey;
  const along = pressed.key === "ArrowLeft" ? -1 : pressed.key === "ArrowRight" ? 1 : 0;
  if (pressed.altKey && !ctrl) {
    if (along !== 0)
      return {
        act: "resize",
        key: column.key,
        width: widthWithin((widths.get(column.key) ?? column.width) + along * STEP),
      };
    if ((pressed.key === "ArrowUp" || pressed.key === "ArrowDown") && column.sortable)
      return { act: "sort", sort: { key: column.key, descending: pressed.key === "ArrowDown" } };
    return null;
  }
  if (!ctrl || pressed.altKey || along === 0) return null;
  const to = at + along;
  if (to < 0 || to >= columns.length) return null;
  const before = along < 0 ? columns[to] : columns[to + 1];
  return { act: "move", key: column.key, before: before?.key ?? null, to };
}
