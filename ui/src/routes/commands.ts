import {
  type ConnectionView,
  change,
  type DefinitionView,
  type EntityView,
  isBrowsable,
  isWritable,
  kindNames,
  type RunView,
  type Settings,
} from "@/api";
import type { PaletteItem } from "@/features/palette";
import { shortLocal } from "@/lib/time";
import { actOn, show } from "./actions";
import { startSample } from "./Home";
import { nav } from "./nav";
import { openQuery } from "./openQuery";
import { railEntries } from "./Rail";

/** What the palette offers beside the cached records. Nothing of another client is in it but the connections' names. */
export function paletteItems({
  connections,
  current,
  entities,
  definitions,
  runs,
  settings,
}: {
  connections: readonly ConnectionView[];
  current: ConnectionView | null;
  entities: readonly EntityView[];
  definitions: readonly DefinitionView[];
  runs: readonly RunView[];
  settings: Settings | undefined;
}): PaletteItem[] {
  const items: PaletteItem[] = [];
  const command = (id: string, title: string, run: () => void, keys?: string) =>
    items.push({ id: `command/${id}`, kind: "command", title, keys, run });

  for (const entry of railEntries)
    items.push({
      id: `place/${entry.title}`,
      kind: "place",
      title: entry.title,
      keys: entry.keys,
      run: () => nav.go(entry.place),
    });
  command("connect", "Connect to a system…", () => nav.go({ at: "connect" }));
  if (!connections.some(({ sample }) => sample))
    command("sample", "Explore the sample tenant", () => void startSample());
  command("conflicts", "Conflicts of two-way syncs", () => nav.go({ at: "conflicts" }));
  command("links", "Pairs of two-way syncs", () => nav.go({ at: "links" }));
  command("new-sync", "New sync…", () => nav.go({ at: "sync", name: "" }));
  if (definitions.length > 1) command("run-all", "Run several syncs…", () => nav.go({ at: "run-all" }));
  if (current && current.system === "dataverse") {
    command("new-query", "New query", () => void openQuery(current.name));
    command("compare", "Compare a table in two environments…", () => nav.go({ at: "compare" }));
    command("query-link", "Open a link to a query…", () => nav.go({ at: "queries" }));
  }
  command("search", "Search the cached records", () => nav.go({ at: "search", text: "" }), "Ctrl+Shift+F");
  command("shortcuts", "Keyboard shortcuts", () => show({ shortcuts: true }), "F1");
  command("tour", "Show the tour", () => show({ tour: true }));
  command("jobs", "Show all work", () => show({ jobs: true }));
  if (settings)
    for (const theme of ["system", "light", "dark"])
      if (theme !== (settings.theme || "system"))
        command(
          `theme-${theme}`,
          `Theme: ${theme === "system" ? "as the system" : theme}`,
          () => void change("settings.set", { ...settings, theme }),
        );
  if (current) {
    command("test", `Test ${current.name}`, () => void actOn("test", current));
    command("sign-in", `Sign in to ${current.name}`, () => void actOn("sign-in", current));
    command("edit", `Edit ${current.name}`, () => void actOn("edit", current));
    if (isWritable(current))
      command("lock", `Make ${current.name} read-only`, () => void actOn("lock", current));
    else command("unlock", `Allow writing to ${current.name}…`, () => void actOn("unlock", current));
    if (current.signed_in)
      command("sign-out", `Sign out of ${current.name}`, () => void actOn("sign-out", current));
    command("forget", `Forget ${current.name}…`, () => void actOn("forget", current));
  }
  for (const connection of connections.filter(isBrowsable))
    items.push({
      id: `connection/${connection.id}`,
      kind: "connection",
      title: connection.name,
      sub: [connection.client, kindNames[connection.kind]].filter(Boolean).join(" · "),
      run: () => nav.switchTo(connection.name),
    });
  for (const entity of entities)
    items.push({
      id: `entity/${current?.id ?? ""}/${entity.logical_name}`,
      kind: "entity",
      title: entity.display_collection_name || entity.display_name || entity.logical_name,
      sub: entity.logical_name,
      run: () => nav.go({ at: "entity", entity: entity.logical_name, tab: "records" }),
    });
  for (const { name, definition } of definitions)
    items.push({
      id: `sync/${name}`,
      kind: "sync",
      title: name,
      sub: `${definition.source.connection} → ${definition.destination.connection}`,
      run: () => nav.go({ at: "sync", name }),
    });
  for (const run of runs.slice(0, 100))
    items.push({
      id: `run/${run.run_id}`,
      kind: "run",
      title: `${run.definition}, ${shortLocal(run.started_at)}`,
      sub: run.status,
      run: () => nav.go({ at: "run", run: run.run_id }),
    });
  return items;
}
