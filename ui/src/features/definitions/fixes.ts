/** What a button can do about a problem. */
import type { Problem, SyncDefinition } from "@/api";
import { isRecord } from "@/api";
import { readFor } from "./related";

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

/** The column a problem speaks of: at its path, or at the path's `from`. */
function columnOf(problem: Problem, definition: SyncDefinition): string | null {
  const value = valueAt(definition, problem.path);
  if (typeof value === "string") return readFor(value);
  const from = isRecord(value) ? value.from : undefined;
  return typeof from === "string" ? readFor(from) : null;
}

/** The remedy of a problem that one step can mend; null where a person must decide. */
export function fixOf(problem: Problem, definition: SyncDefinition): Fix | null {
  switch (problem.code) {
    case "column_not_chosen": {
      const name = columnOf(problem, definition);
      if (name === null || name === "") return null;
      return { label: `Choose ${name}`, apply: (old) => withColumns(old, [name]) };
    }
    case "column_twice":
      return {
        label: "Keep it once",
        apply: (old) => ({
          ...old,
          source: { ...old.source, columns: [...new Set(old.source.columns)] },
        }),
      };
    default:
      return null;
  }
}
