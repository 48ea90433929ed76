/** The parts of a definition in the order one makes it, and which part a problem's path belongs to. */
import type { Problem, SyncDefinition } from "@/api";
import { counted } from "@/lib/numbers";

export type SectionId =
  | "source"
  | "destination"
  | "columns"
  | "filter"
  | "identifiers"
  | "fields"
  | "fixed"
  | "events"
  | "schedule"
  | "settings";

export interface Section {
  id: SectionId;
  title: string;
  /** What the part is for, for who makes a first definition. */
  help: string;
  /** May be passed over. */
  optional: boolean;
}

export const sections: readonly Section[] = [
  {
    id: "source",
    title: "Source",
    help: "Which records are read: those of an entity, or the members of a marketing list; and whether each run takes all of them or only what is new.",
    optional: false,
  },
  {
    id: "destination",
    title: "Destination",
    help: "Where the records go. A connection stays read-only until writing is switched on; a preview never writes.",
    optional: false,
  },
  {
    id: "columns",
    title: "Columns",
    help: "What is read of each record. What is not chosen here can't be mapped.",
    optional: false,
  },
  {
    id: "filter",
    title: "Filter",
    help: "Leave out records that should not go, such as inactive ones. Without a filter all records of the source are read.",
    optional: true,
  },
  {
    id: "identifiers",
    title: "Identifiers",
    help: "By what a record is recognised at the destination, so that a second run updates it in place of making another. At least one is needed.",
    optional: false,
  },
  {
    id: "fields",
    title: "Fields",
    help: "Which attribute gets its value from which column, and how the value is changed on the way.",
    optional: false,
  },
  {
    id: "fixed",
    title: "Fixed values",
    help: "Attributes that get the same value on every record, such as where it came from.",
    optional: true,
  },
  {
    id: "events",
    title: "Events",
    help: "One event a record, beside its attributes. Off by default.",
    optional: true,
  },
  {
    id: "schedule",
    title: "Schedule",
    help: "When it runs by itself. Without a schedule it runs only by hand.",
    optional: true,
  },
  {
    id: "settings",
    title: "Settings",
    help: "Page size of what is read at both ends, timeout and retries of each request, and switches of the run.",
    optional: true,
  },
];

const prefixes: readonly (readonly [prefix: string, section: SectionId])[] = [
  ["source.columns", "columns"],
  ["source.filter", "filter"],
  ["source.page_size", "settings"],
  ["source.timeout_ms", "settings"],
  ["source.retries", "settings"],
  ["source", "source"],
  ["destination", "destination"],
  ["identifiers", "identifiers"],
  ["on_invalid_identifier", "identifiers"],
  ["on_duplicate", "identifiers"],
  ["fields", "fields"],
  ["on_unknown_code", "fields"],
  ["label_language", "fields"],
  ["on_null", "fields"],
  ["phone", "fields"],
  ["fixed", "fixed"],
  ["events", "events"],
  ["schedule", "schedule"],
];

/** The part that a path such as `fields[2].from` belongs to. */
export function sectionOf(path: string): SectionId {
  const found = prefixes.find(
    ([prefix]) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`),
  );
  return found?.[1] ?? "settings";
}

export function problemsOf(problems: readonly Problem[], id: SectionId): Problem[] {
  // What concerns the definition as a whole, such as a text that is no JSON, stands on top alone.
  return problems.filter(({ path }) => path !== "" && sectionOf(path) === id);
}

/** A part in a few words. */
export function summaryOf(definition: SyncDefinition, id: SectionId): string {
  const { source, destination, events, schedule, options } = definition;
  switch (id) {
    case "source":
      return source.list !== undefined ? `list ${source.list}` : (source.entity ?? "not chosen");
    case "destination":
      return destination.connection === ""
        ? "not chosen"
        : `${destination.connection} · ${destination.entity}`;
    case "columns":
      return counted(source.columns.length, "column");
    case "filter": {
      const conditions = source.filter?.match(/<condition\b/g)?.length ?? 0;
      return source.filter === undefined ? "all records" : counted(conditions, "condition");
    }
    case "identifiers":
      return (
        definition.identifiers
          .map(({ to }) => to)
          .filter(Boolean)
          .join(", ") || "none yet"
      );
    case "fields":
      return definition.fields.length === 0 ? "none yet" : counted(definition.fields.length, "field");
    case "fixed":
      return definition.fixed.length === 0 ? "none" : counted(definition.fixed.length, "value");
    case "events":
      return !events ? "off" : (events.name.fixed ?? `named by ${events.name.from || "…"}`);
    case "schedule":
      return !schedule ? "by hand" : schedule.paused ? `${schedule.cron}, paused` : schedule.cron;
    case "settings":
      return `pages of ${source.page_size}${options.skip_hook ? " · no journeys" : ""}${options.stop_on_failed_batch ? " · stops at a failure" : ""}`;
  }
}

/** Whether a part that can't be passed over has what it needs. */
export function isFilled(definition: SyncDefinition, id: SectionId): boolean {
  const { source, destination } = definition;
  switch (id) {
    case "source":
      return source.connection !== "" && (source.entity !== undefined || source.list !== undefined);
    case "destination":
      return destination.connection !== "" && destination.entity !== "";
    case "columns":
      return source.columns.length > 0;
    case "identifiers":
      return definition.identifiers.length > 0;
    case "fields":
      return definition.fields.length + definition.fixed.length > 0 || definition.events !== undefined;
    case "filter":
    case "fixed":
    case "events":
    case "schedule":
    case "settings":
      return true;
  }
}
