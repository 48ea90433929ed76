/** What happens to a value on its way, in a few words. */
import type { FieldMapping } from "@/api";

/** The options of a field that are set, in the order they are applied. */
export function optionWords(field: FieldMapping): string[] {
  const words: string[] = [];
  if (field.label) words.push("label");
  if (field.invert) words.push("invert");
  if (field.phone) words.push("phone");
  if (field.trim) words.push("trim");
  if (field.case) words.push(field.case === "upper" ? "upper case" : "lower case");
  if (field.default !== undefined) words.push(`else ${JSON.stringify(field.default)}`);
  return words;
}
