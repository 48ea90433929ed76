/** Two syncs that touch the same records should recognise them by the same identifiers. */
import type { DefinitionView, SyncDefinition } from "@/api";

export interface Disagreement {
  /** The other definition. */
  name: string;
  /** Identifiers only this one has, then only the other, as `to ← from`. */
  here: string[];
  there: string[];
}

function pairs(definition: SyncDefinition): string[] {
  return definition.identifiers
    .filter(({ to, from }) => to !== "" && from !== "")
    .map(({ to, from }) => `${to} ← ${from}`);
}

function touchesSame(a: SyncDefinition, b: SyncDefinition): boolean {
  const target =
    a.destination.connection === b.destination.connection && a.destination.entity === b.destination.entity;
  const source =
    a.source.connection === b.source.connection &&
    ((a.source.entity !== undefined && a.source.entity === b.source.entity) ||
      a.source.list !== undefined ||
      b.source.list !== undefined);
  return target && source;
}

/** Other definitions over the same records whose identifiers differ. A list may hold the same records as its entity. */
export function disagreements(
  definition: SyncDefinition,
  savedAs: string,
  others: readonly DefinitionView[],
): Disagreement[] {
  const mine = pairs(definition);
  if (mine.length === 0) return [];
  return others.flatMap((other) => {
    if (other.name === savedAs || !touchesSame(definition, other.definition)) return [];
    const theirs = pairs(other.definition);
    const here = mine.filter((pair) => !theirs.includes(pair));
    const there = theirs.filter((pair) => !mine.includes(pair));
    return theirs.length === 0 || here.length + there.length === 0 ? [] : [{ name: other.name, here, there }];
  });
}
