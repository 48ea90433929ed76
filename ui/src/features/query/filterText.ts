/** The filter of a definition is one `<filter>` or one `<condition>`; the builder works on a `<filter>`. */
import { parseTree } from "./tree";

/** The text the builder shows: a lone condition stands in a filter of its own. */
export function shownFilter(text: string): string {
  const root = parseTree(text);
  return root?.name === "condition" ? `<filter type="and">\n  ${text.trim()}\n</filter>` : text;
}

/** The text as it is kept: a filter of one condition is that condition; none is no filter. */
export function filterText(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  const root = parseTree(text);
  const [only] = root?.children ?? [];
  if (root?.name !== "filter") return text;
  if (!only) return undefined;
  return root.children.length === 1 && only.name === "condition" ? text.slice(only.start, only.end) : text;
}
