/** What a button can do about a problem. */
import type { Problem, SyncDefinition } from "@/api";
import { isRecord } from "@/api";

export interface Fix {
  label: string;
  apply: (definition: SyncDefinition) => SyncDefinition;
}

/** The value at a path such as `fields[2].from`. */
export function valueAt(definition: unknown, path: string): unknown {
  let here: unknown = definition;
  for (const part of path.match(/[^.[\]]+/g) ?? []) {
    if (Array.isArray(here)) here = here[Number(part)];
    else if (isRecord(here)) here = here[part];
    else return undefined;
  }
  return here;
}

export function withColumns(definition: SyncDefinition, names: readonly string[]): SyncDefinition {
  const missing = names.filter((name) => name !== "" && !definition.source.columns.includes(name));
  if (missing.length === 0) return definition;
  const columns = [...definition.source.columns, ...new Set(missing)];
  return { ...definition, source: { ...definition.source, columns } };
}

/** The definition with a text put at a path such as `fields[2].from`. */
function withText(definition: SyncDefinition, path: string, text: string): SyncDefinition {
  const copy = structuredClone(definition);
  const parts = path.match(/[^.[\]]+/g) ?? [];
  const last = parts.pop();
  const place = valueAt(copy, parts.join("."));
  if (last !== undefined && Array.isArray(place)) place[Number(last)] = text;
  else if (last !== undefined && isRecord(place)) place[last] = text;
  return copy;
}

/** The remedy of a problem that one step can mend, as the check of the definition told it; null where a person must decide. */
export function fixOf({ fix }: Problem): Fix | null {
  switch (fix?.do) {
    case "choose_columns":
      return { label: `Choose ${fix.columns.join(", ")}`, apply: (old) => withColumns(old, fix.columns) };
    case "keep_columns_once":
      return {
        label: "Keep it once",
        apply: (old) => ({
          ...old,
          source: { ...old.source, columns: [...new Set(old.source.columns)] },
        }),
      };
    case "replace":
      return { label: `Take ${fix.with}`, apply: (old) => withText(old, fix.path, fix.with) };
    case undefined:
      return null;
  }
}
