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

/** Types of columns that rows can't be looked up by. */
const unfit = ["multiselectpicklist", "partylist", "image", "file", "other"];

/** What records can be recognised by: the keys first, then, in Dataverse, any other column that rows can be looked up by. */
export function identifierTargets(
  destination: DestinationDescription | undefined,
  system: string | undefined,
): Target[] {
  if (!destination) return [];
  const { schema, identifiers } = destination;
  const column = (name: string) => schema.columns.find(({ logical_name }) => logical_name === name);
  const note = (name: string) => {
    if (name === schema.primary_id) return "primary key";
    const key = schema.keys.find(({ columns }) => columns.includes(name));
    if (!key) return undefined;
    return key.columns.length === 1
      ? "alternate key"
      : `alternate key with ${key.columns.filter((one) => one !== name).join(" and ")}`;
  };
  const keys = identifiers.map((name) => ({
    name,
    title: column(name)?.display_name || name,
    note: note(name),
  }));
  if (system !== "dataverse") return keys;
  const others = schema.columns.filter(
    ({ logical_name, readable, type }) =>
      readable && !identifiers.includes(logical_name) && !unfit.includes(type),
  );
  return [
    ...keys,
    ...others.map((one) => ({
      name: one.logical_name,
      title: one.display_name || one.logical_name,
      note: "looked up, no key",
    })),
  ];
}
