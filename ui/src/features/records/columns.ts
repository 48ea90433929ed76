import type { Column, EntityDescription } from "@/api";
import { isRecord } from "@/api";

/** How a person arranged a grid; kept by connection and entity. */
export interface Layout {
  columns: string[];
  widths: Record<string, number>;
  formatted: boolean;
  /** Labels and codes beside each other. */
  both?: boolean;
  /** Columns from the first that stay in place; absent: one. */
  frozen?: number;
}

export const emptyLayout: Layout = { columns: [], widths: {}, formatted: true };

export function isLayout(value: unknown): value is Layout {
  return (
    isRecord(value) &&
    Array.isArray(value.columns) &&
    value.columns.every((name) => typeof name === "string") &&
    isRecord(value.widths) &&
    typeof value.formatted === "boolean"
  );
}

/** Columns that say most about a record, in this order where they exist. */
const telling = [
  "emailaddress1",
  "internalemailaddress",
  "telephone1",
  "mobilephone",
  "parentcustomerid",
  "parentaccountid",
  "customerid",
  "accountnumber",
  "productnumber",
  "address1_city",
  "estimatedvalue",
  "price",
  "gendercode",
  "industrycode",
  "statecode",
  "statuscode",
  "ownerid",
  "modifiedon",
  "createdon",
];

type Schema = EntityDescription["schema"];

/** Columns to begin with: the name, then what tells most, then a few custom ones. */
export function defaultColumns(schema: Schema): string[] {
  const readable = schema.columns.filter(
    (column) => column.readable && column.type !== "image" && column.type !== "file",
  );
  const names = new Set(readable.map((column) => column.logical_name));
  const chosen: string[] = [];
  const add = (name: string | null) => {
    if (name && names.has(name) && !chosen.includes(name)) chosen.push(name);
  };
  add(schema.primary_name);
  for (const name of telling) if (chosen.length < 9) add(name);
  for (const column of readable.filter((column) => column.custom).slice(0, 4)) add(column.logical_name);
  for (const column of readable) if (chosen.length < 6) add(column.logical_name);
  if (chosen.length === 0) chosen.push(schema.primary_id);
  return chosen;
}

/** The layout with columns that still exist; defaults where none is left. */
export function shownColumns(layout: Layout, schema: Schema): Column[] {
  const known = new Map(schema.columns.map((column) => [column.logical_name, column]));
  const chosen = layout.columns.flatMap((name) => known.get(name) ?? []);
  if (chosen.length > 0) return chosen;
  return defaultColumns(schema).flatMap((name) => known.get(name) ?? []);
}

export function widthOf(column: Column, layout: Layout): number {
  const kept = layout.widths[column.logical_name];
  if (typeof kept === "number") return kept;
  switch (column.type) {
    case "boolean":
    case "state":
      return 100;
    case "integer":
    case "bigint":
    case "decimal":
    case "double":
    case "money":
      return 130;
    case "datetime":
      return 160;
    case "uniqueidentifier":
      return 280;
    case "memo":
      return 260;
    case "string":
    case "picklist":
    case "multiselectpicklist":
    case "status":
    case "lookup":
    case "customer":
    case "owner":
    case "partylist":
    case "image":
    case "file":
    case "other":
      return 190;
  }
}

/** Numbers line up at their end. */
export function isNumeric(column: Column): boolean {
  return ["integer", "bigint", "decimal", "double", "money"].includes(column.type);
}

/** The column moved before another; to the end for null. */
export function moveColumn(columns: readonly string[], key: string, before: string | null): string[] {
  const rest = columns.filter((name) => name !== key);
  const at = before === null ? -1 : rest.indexOf(before);
  if (at < 0) return [...rest, key];
  return [...rest.slice(0, at), key, ...rest.slice(at)];
}
