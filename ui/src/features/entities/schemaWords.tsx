import type { Column } from "@/api";
import { type GridColumn, Name } from "@/design";

const requiredWords: Record<Column["required"], string> = {
  none: "",
  system: "required",
  application: "required on forms",
  recommended: "recommended",
};

/** What metadata says of a column. */
export const columnColumns: readonly GridColumn<Column>[] = [
  {
    key: "display",
    title: "Display name",
    width: 220,
    sortable: true,
    cell: (column) => <Name text={column.display_name || column.logical_name} />,
    text: (column) => column.display_name,
  },
  {
    key: "logical",
    title: "Logical name",
    width: 210,
    sortable: true,
    cell: (column) => <code>{column.logical_name}</code>,
    text: (column) => column.logical_name,
  },
  {
    key: "type",
    title: "Type",
    width: 190,
    sortable: true,
    cell: (column) => <Name text={typeWords(column)} />,
    text: typeWords,
  },
  {
    key: "required",
    title: "Required",
    width: 130,
    cell: (column) => requiredWords[column.required],
    text: (column) => requiredWords[column.required],
  },
  {
    key: "writable",
    title: "May be written",
    width: 130,
    cell: (column) => writeWords(column),
    text: writeWords,
  },
  {
    key: "options",
    title: "Choices or targets",
    width: 420,
    cell: (column) => <Name text={optionWords(column)} />,
    text: optionWords,
  },
];

function typeWords(column: Column): string {
  const length = column.max_length ? ` (${column.max_length})` : "";
  const behavior =
    column.behavior && column.behavior !== "userlocal"
      ? ` · ${column.behavior === "dateonly" ? "date only" : "no time zone"}`
      : "";
  return `${column.type}${length}${behavior}`;
}

function writeWords(column: Column): string {
  if (column.creatable && column.updatable) return "yes";
  if (column.creatable) return "only when created";
  return column.updatable ? "only updated" : "no";
}

function optionWords(column: Column): string {
  const options = column.options ?? [];
  if (options.length > 0)
    return options.map((option) => `${option.label ?? "(no label)"} = ${option.value}`).join(", ");
  return (column.targets ?? []).join(", ");
}
