import type { Column, RecordRow } from "@/api";
import type { GridColumn } from "@/design";
import { bothText, cellOf, cellText } from "@/lib/record";
import { CellView } from "./CellView";
import { isNumeric, type Layout, widthOf } from "./columns";
import { typeGlyphs } from "./typeGlyphs";

/** Columns of an entity as columns of the grid. */
export function gridColumns(
  columns: readonly Column[],
  layout: Layout,
  onFollow: (entity: string, id: string, title: string) => void,
): GridColumn<RecordRow>[] {
  return columns.map((column) => ({
    key: column.logical_name,
    title: column.display_name || column.logical_name,
    hint: `${column.display_name || column.logical_name}\n${column.logical_name} · ${column.type}`,
    glyph: typeGlyphs[column.type],
    width: widthOf(column, layout),
    align: isNumeric(column) ? "end" : "start",
    sortable: column.type !== "image" && column.type !== "file" && column.type !== "partylist",
    cell: (row) => (
      <CellView
        cell={cellOf(row.raw, column.logical_name)}
        column={column}
        formatted={layout.formatted}
        both={layout.both}
        onFollow={onFollow}
      />
    ),
    text: (row) => {
      const cell = cellOf(row.raw, column.logical_name);
      return layout.both ? bothText(cell) : cellText(cell, layout.formatted);
    },
  }));
}
