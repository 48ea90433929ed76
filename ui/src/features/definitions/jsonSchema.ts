/** A JSON Schema as far as completion reads it: what may stand at a place, with the words that explain it. */

export interface SchemaNode {
  $ref?: string;
  description?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, SchemaNode>>;
  required?: readonly string[];
  items?: SchemaNode;
  additionalProperties?: SchemaNode | boolean;
  anyOf?: readonly SchemaNode[];
  oneOf?: readonly SchemaNode[];
  allOf?: readonly SchemaNode[];
  default?: unknown;
  $defs?: Readonly<Record<string, SchemaNode>>;
}

export interface Offer {
  /** As written into the text, quotes included. */
  insert: string;
  label: string;
  detail: string;
  info?: string;
}

const LIMIT = 12;

/** The schema with references followed and alternatives as a list. */
function variants(root: SchemaNode, node: SchemaNode | undefined, depth = 0): SchemaNode[] {
  if (!node || depth > LIMIT) return [];
  const own: SchemaNode[] = [node];
  const referred = node.$ref?.startsWith("#/$defs/")
    ? root.$defs?.[node.$ref.slice("#/$defs/".length)]
    : undefined;
  for (const inner of [referred, ...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])])
    own.push(...variants(root, inner, depth + 1));
  return own;
}

/** All schemas that may hold at a path of keys and indexes. */
export function schemasAt(root: SchemaNode, path: readonly string[]): SchemaNode[] {
  let here = variants(root, root);
  for (const part of path) {
    const next = here.flatMap((node) => {
      const inner = node.properties?.[part] ?? (/^\d+$/.test(part) ? node.items : undefined);
      if (inner) return [inner];
      return typeof node.additionalProperties === "object" ? [node.additionalProperties] : [];
    });
    here = next.flatMap((node) => variants(root, node));
  }
  return here;
}

function kindOf(root: SchemaNode, node: SchemaNode): string {
  const all = variants(root, node);
  const types = new Set(all.flatMap(({ type }) => (typeof type === "string" ? [type] : [...(type ?? [])])));
  types.delete("null");
  if (all.some((one) => one.enum || one.const !== undefined)) return "choice";
  return [...types].join(" or ");
}

function beginningOf(kind: string): string {
  if (kind.startsWith("array")) return "[]";
  if (kind.startsWith("object")) return "{}";
  if (kind === "boolean") return "true";
  if (kind === "integer" || kind === "number") return "0";
  return '""';
}

/** The keys an object at a path may still get, required ones first. */
export function keyOffers(root: SchemaNode, path: readonly string[], siblings: readonly string[]): Offer[] {
  const seen = new Set(siblings);
  const offers: (Offer & { needed: boolean })[] = [];
  for (const node of schemasAt(root, path))
    for (const [key, inner] of Object.entries(node.properties ?? {})) {
      if (seen.has(key)) continue;
      seen.add(key);
      const kind = kindOf(root, inner);
      const needed = node.required?.includes(key) ?? false;
      const info = variants(root, inner).find(({ description }) => description)?.description;
      offers.push({
        insert: `${JSON.stringify(key)}: ${beginningOf(kind)}`,
        label: key,
        detail: needed ? `${kind}, needed` : kind,
        needed,
        ...(info ? { info } : {}),
      });
    }
  return offers.sort((a, b) => Number(b.needed) - Number(a.needed)).map(({ needed: _, ...offer }) => offer);
}

/** The values that may stand at a path, where the schema names them. */
export function valueOffers(root: SchemaNode, path: readonly string[]): Offer[] {
  const seen = new Set<string>();
  const offers: Offer[] = [];
  const add = (value: unknown, info: string | undefined) => {
    const insert = JSON.stringify(value);
    if (insert === undefined || seen.has(insert)) return;
    seen.add(insert);
    offers.push({ insert, label: insert, detail: "", ...(info ? { info } : {}) });
  };
  for (const node of schemasAt(root, path)) {
    if (node.const !== undefined) add(node.const, node.description);
    for (const value of node.enum ?? []) add(value, node.description);
    if (node.type === "boolean") {
      add(true, node.description);
      add(false, node.description);
    }
  }
  return offers;
}
