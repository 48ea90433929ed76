/** FetchXML as elements with their places in the text, so that an edit changes only its own part of it. */

export interface XmlAttribute {
  name: string;
  value: string;
  /** The value without quotes. */
  from: number;
  to: number;
  /** With the blank before it. */
  start: number;
  end: number;
}

export interface XmlNode {
  name: string;
  start: number;
  /** Behind the name, where an attribute can be added. */
  nameEnd: number;
  openEnd: number;
  /** Where the closing tag begins; `openEnd` for an empty element. */
  closeStart: number;
  end: number;
  empty: boolean;
  attributes: XmlAttribute[];
  children: XmlNode[];
  text: string;
}

const token =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g;
const attributeToken = /\s+([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

const references: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

export function plain(raw: string): string {
  return raw.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    const code = hex ? Number.parseInt(hex, 16) : decimal ? Number.parseInt(decimal, 10) : null;
    if (code !== null) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    return references[name] ?? whole;
  });
}

export function escaped(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** The root element, or null while the text is not well formed. */
export function parseTree(text: string): XmlNode | null {
  const open: XmlNode[] = [];
  let root: XmlNode | null = null;
  let at = 0;
  const close = (node: XmlNode) => {
    const parent = open.at(-1);
    if (parent) parent.children.push(node);
    else if (root) return false;
    else root = node;
    return true;
  };
  for (const match of text.matchAll(token)) {
    const between = text.slice(at, match.index);
    const parent = open.at(-1);
    if (between.includes("<")) return null;
    if (parent) parent.text += plain(between);
    else if (between.replace("\ufeff", "").trim() !== "") return null;
    at = match.index + match[0].length;
    const [, cdata, closing, name, rest, slash] = match;
    if (cdata !== undefined && parent) parent.text += cdata;
    if (closing !== undefined) {
      const node = open.pop();
      if (!node || node.name !== closing) return null;
      node.closeStart = match.index;
      node.end = at;
      if (!close(node)) return null;
    } else if (name !== undefined) {
      const nameEnd = match.index + 1 + name.length;
      const node: XmlNode = {
        name,
        start: match.index,
        nameEnd,
        openEnd: at,
        closeStart: at,
        end: at,
        empty: slash === "/",
        attributes: readAttributes(rest ?? "", nameEnd),
        children: [],
        text: "",
      };
      if (!node.empty) open.push(node);
      else if (!close(node)) return null;
    }
  }
  return open.length === 0 && text.slice(at).trim() === "" ? root : null;
}

function readAttributes(text: string, offset: number): XmlAttribute[] {
  return [...text.matchAll(attributeToken)].map((match) => {
    const raw = match[2] ?? match[3] ?? "";
    const end = offset + match.index + match[0].length;
    return {
      name: match[1] ?? "",
      value: plain(raw),
      from: end - 1 - raw.length,
      to: end - 1,
      start: offset + match.index,
      end,
    };
  });
}

export function attributeOf(node: XmlNode, name: string): string | undefined {
  return node.attributes.find((attribute) => attribute.name === name)?.value;
}

export function childrenOf(node: XmlNode, name: string): XmlNode[] {
  return node.children.filter((child) => child.name === name);
}

function splice(text: string, from: number, to: number, insert: string): string {
  return text.slice(0, from) + insert + text.slice(to);
}

/** Sets an attribute, or takes it away with null. */
export function withAttribute(text: string, node: XmlNode, name: string, value: string | null): string {
  const found = node.attributes.find((attribute) => attribute.name === name);
  if (value === null) return found ? splice(text, found.start, found.end, "") : text;
  if (found) {
    const quote = text[found.to] === "'" ? escaped(value).replaceAll("'", "&apos;") : escaped(value);
    return splice(text, found.from, found.to, quote);
  }
  const behind = node.attributes.at(-1)?.end ?? node.nameEnd;
  return splice(text, behind, behind, ` ${name}="${escaped(value)}"`);
}

/** The blanks at the beginning of the line an element stands on. */
function indentOf(text: string, at: number): string {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, at))?.[0] ?? "";
}

/** Adds an element inside another: before the first child with one of the names, else as the last. */
export function withChild(text: string, node: XmlNode, xml: string, before: readonly string[] = []): string {
  const indent = `${indentOf(text, node.start)}  `;
  const body = xml.replaceAll("\n", `\n${indent}`);
  if (node.empty) {
    const inside = `>\n${indent}${body}\n${indentOf(text, node.start)}</${node.name}>`;
    const tag = text.slice(node.start, node.openEnd);
    const kept = tag.replace(/\s*\/>$/, "");
    return splice(text, node.start, node.openEnd, kept + inside);
  }
  const next = node.children.find((child) => before.includes(child.name));
  if (next) return splice(text, next.start, next.start, `${body}\n${indentOf(text, next.start)}`);
  const last = node.children.at(-1);
  if (last) return splice(text, last.end, last.end, `\n${indent}${body}`);
  const rest = text.slice(node.openEnd, node.closeStart);
  return splice(
    text,
    node.openEnd,
    node.closeStart,
    `\n${indent}${body}${rest.trim() === "" ? "" : rest}\n${indentOf(text, node.start)}`,
  );
}

/** Takes an element away, with its line where it stands alone on it. */
export function without(text: string, node: XmlNode): string {
  const before = text.slice(0, node.start);
  const line = /\r?\n[ \t]*$/.exec(before);
  return splice(text, line ? line.index : node.start, node.end, "");
}

/** Puts other text in an element's place. */
export function replaced(text: string, node: XmlNode, xml: string): string {
  const indent = indentOf(text, node.start);
  return splice(text, node.start, node.end, xml.replaceAll("\n", `\n${indent}`));
}

/** The values of a condition, from its attribute or its `<value>` elements. */
export function valuesOf(condition: XmlNode): string[] {
  const single = attributeOf(condition, "value");
  return single === undefined ? childrenOf(condition, "value").map((value) => value.text) : [single];
}

/** A condition with other column, operator or values; its other attributes are kept. */
export function withCondition(
  text: string,
  node: XmlNode,
  change: { attribute?: string; operator?: string; values: readonly string[]; several: boolean },
): string {
  const kept = node.attributes.filter(({ name }) => !["value", "uiname", "uitype"].includes(name));
  const written = kept.map(({ name, value }) => {
    const next =
      name === "attribute"
        ? (change.attribute ?? value)
        : name === "operator"
          ? (change.operator ?? value)
          : value;
    return ` ${name}="${escaped(next)}"`;
  });
  const head = `<condition${written.join("")}`;
  if (change.several)
    return replaced(
      text,
      node,
      `${head}>${change.values.map((value) => `<value>${escaped(value)}</value>`).join("")}</condition>`,
    );
  const [value] = change.values;
  return replaced(text, node, value === undefined ? `${head} />` : `${head} value="${escaped(value)}" />`);
}

/** What the builder can't show, in words; it stays in the text as it is. */
export function keptParts(text: string, root: XmlNode): string[] {
  const notes: string[] = [];
  if (/<!--/.test(text)) notes.push("comments");
  const shown = new Set(["top", "distinct", "count", "version", "output-format", "mapping"]);
  const odd = root.attributes.filter(({ name }) => !shown.has(name)).map(({ name }) => name);
  if (odd.length > 0) notes.push(`${odd.join(", ")} of fetch`);
  let aggregates = 0;
  let compared = 0;
  const walk = (node: XmlNode) => {
    if (node.name === "attribute" && node.attributes.some(({ name }) => name !== "name")) aggregates += 1;
    if (node.name === "condition" && attributeOf(node, "valueof") !== undefined) compared += 1;
    node.children.forEach(walk);
  };
  walk(root);
  if (aggregates > 0)
    notes.push(`${aggregates} ${aggregates === 1 ? "column" : "columns"} with an alias, aggregate or group`);
  if (compared > 0)
    notes.push(`${compared} ${compared === 1 ? "condition" : "conditions"} that compare two columns`);
  return notes;
}
