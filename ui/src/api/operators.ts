import type { ColumnType } from "./generated/ColumnType";
import type { FilterOperator } from "./generated/FilterOperator";

/** The family of a column type, by which operators fit. */
const families: Record<ColumnType, string> = {
  string: "text",
  memo: "text",
  integer: "number",
  bigint: "number",
  decimal: "number",
  double: "number",
  money: "number",
  datetime: "date",
  boolean: "choice",
  picklist: "choice",
  state: "choice",
  status: "choice",
  multiselectpicklist: "choices",
  lookup: "id",
  customer: "id",
  uniqueidentifier: "id",
  owner: "owner",
  partylist: "other",
  image: "other",
  file: "other",
  other: "other",
};

/** Operators that fit a column, in their order. */
export function operatorsFor(operators: readonly FilterOperator[], type: ColumnType): FilterOperator[] {
  return operators.filter(({ types }) => types.includes(families[type]));
}

/** Short words for the operators used most; the others are told by their name, without its hyphens. */
const short: Readonly<Record<string, string>> = {
  eq: "equals",
  ne: "does not equal",
  gt: "is greater than",
  ge: "is at least",
  lt: "is less than",
  le: "is at most",
  null: "is empty",
  "not-null": "is not empty",
  in: "is one of",
  "not-in": "is none of",
  between: "is between",
  "not-between": "is not between",
  like: "is like",
  "not-like": "is not like",
  "not-begin-with": "does not begin with",
  "not-end-with": "does not end with",
  "contain-values": "has one of",
  "not-contain-values": "has none of",
  "eq-userid": "is me",
  "ne-userid": "is not me",
};

export function operatorWords(name: string): string {
  return (
    short[name] ??
    name
      .replaceAll("-", " ")
      .replace("olderthan x", "more than … ago, in")
      .replace(/^(last|next) x/, "in the $1 …")
  );
}

/** True for operators whose one value is a count of days, hours and so on. */
export function takesCount(operator: string): boolean {
  return operator.includes("-x-") || operator === "in-fiscal-year" || operator === "in-fiscal-period";
}
