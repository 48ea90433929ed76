/** Filter chips and the FetchXML `<filter>` they stand for. */

export interface Condition {
  attribute: string;
  operator: string;
  /** Empty for operators without a value; one for most; several for `in` and `between`. */
  values: string[];
}

export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}

/** The filter of all conditions, joined by and; undefined when there is none. */
export function toFetchXml(conditions: readonly Condition[]): string | undefined {
  if (conditions.length === 0) return undefined;
  const lines = conditions.map(conditionXml);
  const [only] = lines;
  return lines.length === 1
    ? only
    : `<filter type="and">\n${lines.map((line) => `  ${line}`).join("\n")}\n</filter>`;
}

function conditionXml({ attribute, operator, values }: Condition): string {
  const head = `<condition attribute="${escapeXml(attribute)}" operator="${escapeXml(operator)}"`;
  if (values.length === 0) return `${head} />`;
  if (values.length === 1) return `${head} value="${escapeXml(values[0] ?? "")}" />`;
  return `${head}>${values.map((value) => `<value>${escapeXml(value)}</value>`).join("")}</condition>`;
}

/**
 * Chips from a filter, or null when it says more than chips can (an `or`, nesting, links). The text is then edited as text.
 */
export function fromFetchXml(xml: string): Condition[] | null {
  if (xml.trim() === "") return [];
  const document = new DOMParser().parseFromString(`<root>${xml}</root>`, "application/xml");
  if (document.querySelector("parsererror")) return null;
  const top = [...document.documentElement.children];
  const [first] = top;
  if (top.length !== 1 || !first) return null;
  if (first.tagName === "condition") {
    const condition = conditionOf(first);
    return condition ? [condition] : null;
  }
  if (first.tagName !== "filter" || (first.getAttribute("type") ?? "and") !== "and") return null;
  const conditions = [...first.children].map((child) =>
    child.tagName === "condition" ? conditionOf(child) : null,
  );
  return conditions.every((condition) => condition !== null) ? conditions : null;
}

function conditionOf(element: Element): Condition | null {
  const known = new Set(["attribute", "operator", "value"]);
  if ([...element.attributes].some(({ name }) => !known.has(name))) return null;
  const attribute = element.getAttribute("attribute");
  const operator = element.getAttribute("operator");
  if (!attribute || !operator) return null;
  const single = element.getAttribute("value");
  const several = [...element.children].map((child) => child.textContent ?? "");
  return { attribute, operator, values: single === null ? several : [single] };
}
