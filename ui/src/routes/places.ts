/** Where one can be. A place is written in the address, kept in the session, and shown by one route. */
export type Place =
  | { at: "home" }
  | { at: "connect"; edit?: string }
  | { at: "entities" }
  | { at: "entity"; entity: string; tab: "records" | "changes" | "schema"; filter?: string; record?: string }
  | { at: "queries" }
  | { at: "query"; id: string }
  | { at: "search"; text: string }
  | { at: "sql" }
  | { at: "syncs" }
  | { at: "conflicts"; definition?: string }
  | { at: "links"; definition?: string }
  | { at: "sync"; name: string; draft?: string }
  | { at: "plan"; plan: string }
  | { at: "schedules" }
  | { at: "compare" }
  | { at: "runs" }
  | { at: "run-all" }
  | { at: "story"; entity: string; record: string; name?: string }
  | { at: "run"; run: string }
  | { at: "settings" };

/** What a place is told apart by: two places with the same key are one tab. */
export function placeKey(place: Place): string {
  switch (place.at) {
    case "entity":
      return `entity/${place.entity}`;
    case "query":
      return `query/${place.id}`;
    case "sync":
      return `sync/${place.name}${place.draft ? `?draft=${place.draft}` : ""}`;
    case "plan":
      return `plan/${place.plan}`;
    case "run":
      return `run/${place.run}`;
    case "story":
      return `story/${place.entity}/${place.record}`;
    case "run-all":
    case "home":
    case "connect":
    case "entities":
    case "queries":
    case "search":
    case "sql":
    case "syncs":
    case "conflicts":
    case "links":
    case "schedules":
    case "compare":
    case "runs":
    case "settings":
      return place.at;
  }
}

/** Places that are opened as tabs; the others are reached by the rail. */
export function isTab(place: Place): boolean {
  return (
    place.at === "entity" ||
    place.at === "query" ||
    place.at === "sync" ||
    place.at === "plan" ||
    place.at === "run" ||
    place.at === "story"
  );
}

/** `#/contoso/entity/contact/records`. */
export function toHash(connection: string | null, place: Place): string {
  const parts = [connection ?? "-", ...placeParts(place)];
  const query = placeQuery(place).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`;
}

function placeParts(place: Place): string[] {
  switch (place.at) {
    case "entity":
      return ["entity", place.entity, place.tab];
    case "query":
      return ["query", place.id];
    case "sync":
      return ["sync", place.name];
    case "plan":
      return ["plan", place.plan];
    case "run":
      return ["run", place.run];
    case "story":
      return ["story", place.entity, place.record];
    case "run-all":
    case "home":
    case "connect":
    case "entities":
    case "queries":
    case "search":
    case "sql":
    case "syncs":
    case "conflicts":
    case "links":
    case "schedules":
    case "compare":
    case "runs":
    case "settings":
      return [place.at];
  }
}

function placeQuery(place: Place): URLSearchParams {
  const query = new URLSearchParams();
  if (place.at === "entity" && place.filter) query.set("filter", place.filter);
  if (place.at === "entity" && place.record) query.set("record", place.record);
  if (place.at === "search" && place.text) query.set("text", place.text);
  if (place.at === "connect" && place.edit) query.set("edit", place.edit);
  if (place.at === "story" && place.name) query.set("name", place.name);
  if (place.at === "sync" && place.draft) query.set("draft", place.draft);
  if ((place.at === "conflicts" || place.at === "links") && place.definition)
    query.set("definition", place.definition);
  return query;
}

export function fromHash(hash: string): { connection: string | null; place: Place } | null {
  const match = /^#\/([^?]*)(?:\?(.*))?$/.exec(hash);
  if (!match) return null;
  const [connection = "-", at, first = "", second] = (match[1] ?? "").split("/").map(decodeSafely);
  const query = new URLSearchParams(match[2] ?? "");
  const place = placeOf(at, first, second, query);
  return place ? { connection: connection === "-" ? null : connection, place } : null;
}

function placeOf(
  at: string | undefined,
  first: string,
  second: string | undefined,
  query: URLSearchParams,
): Place | null {
  switch (at) {
    case "home":
    case "entities":
    case "queries":
    case "sql":
    case "syncs":
    case "schedules":
    case "compare":
    case "runs":
    case "run-all":
    case "settings":
      return { at };
    case "conflicts":
    case "links":
      return { at, definition: query.get("definition") ?? undefined };
    case "connect":
      return { at, edit: query.get("edit") ?? undefined };
    case "search":
      return { at, text: query.get("text") ?? "" };
    case "entity":
      return first
        ? {
            at,
            entity: first,
            tab: second === "schema" || second === "changes" ? second : "records",
            filter: query.get("filter") ?? undefined,
            record: query.get("record") ?? undefined,
          }
        : null;
    case "query":
      return first ? { at, id: first } : null;
    case "sync":
      return { at, name: first, draft: query.get("draft") ?? undefined };
    case "plan":
      return first ? { at, plan: first } : null;
    case "run":
      return first ? { at, run: first } : null;
    case "story":
      return first && second
        ? { at, entity: first, record: second, name: query.get("name") ?? undefined }
        : null;
    default:
      return null;
  }
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A kept place is data from outside; only what reads back as a place is taken. */
export function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null || !("at" in value)) return false;
  try {
    return fromHash(toHash(null, value as Place)) !== null;
  } catch {
    return false;
  }
}
