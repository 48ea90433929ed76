/** Which lines of a definition have problems, and the definition without them. */
import type { Problem, SyncDefinition } from "@/api";
import { sentence } from "@/design";

/** Problems on a line of the editor: at the path itself or inside it. */
export function problemsAt(problems: readonly Problem[], path: string): Problem[] {
  return problems.filter(
    (problem) =>
      problem.path === path || problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`),
  );
}

const lists = ["identifiers", "fields", "fixed"] as const;
type ListName = (typeof lists)[number];

/** A definition without some lines, and where its lines stand in the whole one. */
export interface Remainder {
  definition: SyncDefinition;
  /** A path of the remainder as a path of the whole. */
  wholePath: (path: string) => string;
}

/**
 * The definition without the lines that have problems, and without events that have some, so that ten records still show while one line is half made; null when a
 * problem is not on a line.
 */
export function withoutBroken(definition: SyncDefinition, problems: readonly Problem[]): Remainder | null {
  const broken: Record<ListName, Set<number>> = {
    fields: new Set(),
    fixed: new Set(),
    identifiers: new Set(),
  };
  let events = definition.events;
  for (const { path } of problems) {
    if (/^events\b/.test(path)) {
      events = undefined;
      continue;
    }
    const line = /^(fields|fixed|identifiers)\[(\d+)\]/.exec(path);
    if (!line) return null;
    broken[line[1] as ListName].add(Number(line[2]));
  }
  const kept = <T>(items: readonly T[], name: ListName) =>
    items.filter((_, index) => !broken[name].has(index));
  const identifiers = kept(definition.identifiers, "identifiers");
  const fields = kept(definition.fields, "fields");
  const fixed = kept(definition.fixed, "fixed");
  if (identifiers.length === 0) return null;
  if (fields.length + fixed.length === 0 && !events) return null;
  const places = Object.fromEntries(
    lists.map((name) => [
      name,
      definition[name].map((_, index) => index).filter((index) => !broken[name].has(index)),
    ]),
  );
  return {
    definition: { ...definition, identifiers, fields, fixed, events },
    wholePath: (path) =>
      path.replace(/^(fields|fixed|identifiers)\[(\d+)\]/, (same, name: string, index: string) => {
        const place = places[name]?.[Number(index)];
        return place === undefined ? same : `${name}[${place}]`;
      }),
  };
}

/** What a problem says, as a sentence. A name that it begins with is written as it is. */
export function problemWords(problem: Problem, definition: SyncDefinition): string {
  const said = sentence(problem.message);
  const first = /^[^\s:]+/.exec(problem.message.trim())?.[0] ?? "";
  const lines = [...definition.fields, ...definition.fixed, ...definition.identifiers];
  const names = [
    ...lines.flatMap((line) => ("from" in line ? [line.to, line.from] : [line.to])),
    ...(definition.source.columns ?? []),
    ...[...(definition.events?.parameters ?? [])].flatMap(({ to, from }) => [to, from]),
    definition.source.entity,
    definition.destination.entity,
  ];
  return names.includes(first) ? `${first.charAt(0)}${said.slice(1)}` : said;
}
