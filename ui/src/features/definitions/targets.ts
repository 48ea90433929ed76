/** What a destination offers as targets: each with its type and its rule in words. */
import type { Column, DestinationDescription } from "@/api";

export interface Target {
  name: string;
  title: string;
  /** Type and rule, such as `text, at most 100, required`. */
  note?: string | undefined;
  /** It can't be written. */
  locked?: boolean;
}

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  memo: "long text",
  integer: "whole number",
  bigint: "whole number",
  decimal: "number",
  double: "number",
  money: "money",
  boolean: "yes or no",
  datetime: "date and time",
  choice: "choice",
  picklist: "choice",
  state: "state",
  status: "status",
  choices: "choices",
  multiselectpicklist: "choices",
  lookup: "lookup",
  customer: "lookup",
  owner: "owner",
  uniqueidentifier: "id",
};

/** A column's type and rules in a few words. */
export function ruleOf(column: Column): string {
  const words = [
    column.type === "datetime" && column.behavior === "dateonly"
      ? "date"
      : (typeWords[column.type] ?? column.type),
  ];
  if (column.max_length !== undefined) words.push(`at most ${column.max_length} characters`);
  if (column.targets && column.targets.length > 0) words.push(`to ${column.targets.join(" or ")}`);
  if (column.required === "system") words.push("required");
  if (column.required === "application") words.push("required by business");
  if (!column.creatable && !column.updatable) words.push("can't be written");
  else if (!column.updatable) words.push("only when created");
  else if (!column.creatable) words.push("only when updated");
  return words.join(", ");
}

export function targetsOf(destination: DestinationDescription | undefined): Target[] {
  return (destination?.schema.columns ?? []).map((column) => ({
    name: column.logical_name,
    title: column.display_name || column.logical_name,
    note: ruleOf(column),
    locked: !column.creatable && !column.updatable,
  }));
}
