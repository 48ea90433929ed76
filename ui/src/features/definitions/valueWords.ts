/** What happens to a value on its way, in a few words. */
import type { FieldMapping } from "@/api";
import { splitRelated } from "./related";

/** The options of a field that are set, in the order they are applied. */
export function optionWords(field: FieldMapping): string[] {
  const words: string[] = [];
  const related = splitRelated(field.from).column;
  if (related !== undefined) words.push(`its ${related}`);
  if (field.first_of?.length) words.push(`or ${field.first_of.join(", ")}`);
  if (field.label) words.push("label");
  if (field.invert) words.push("invert");
  if (field.split) words.push(`part ${field.split.part}`);
  if (field.join) words.push(`with ${field.join.with.join(", ")}`);
  if (field.expression !== undefined) words.push("expression");
  const table = Object.keys(field.map ?? {}).length;
  if (table > 0) words.push(`table of ${table}`);
  if (field.date) words.push(field.date.form);
  if (field.decimals !== undefined) words.push(`${field.decimals} decimals`);
  if (field.phone) words.push(field.phone_country ? `phone of ${field.phone_country}` : "phone");
  if (field.trim) words.push("trim");
  if (field.case) words.push(field.case === "upper" ? "upper case" : "lower case");
  if (field.find_by) words.push(`found by ${field.find_by.column}`);
  if (field.linked) words.push("paired");
  if (field.default !== undefined) words.push(`else ${JSON.stringify(field.default)}`);
  if (field.empty)
    words.push({ "leave-out": "else left out", null: "else null", clear: "else cleared" }[field.empty]);
  return words;
}
