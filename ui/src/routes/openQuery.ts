import { readKept, writeKept } from "@/api";
import { type Draft, draftKey, fetchOf, newDraft } from "@/features/query";
import { nav } from "./nav";

/** Opens a query in a tab of its own. */
export async function openQuery(
  connection: string,
  draft: Draft = newDraft(fetchOf("contact")),
): Promise<void> {
  const open = nav.get().tabs[connection] ?? [];
  const taken = new Set(open.flatMap((tab) => (tab.at === "query" ? [tab.id] : [])));
  let id = 1;
  while (taken.has(String(id))) id += 1;
  const key = draftKey(connection, String(id));
  // What an earlier tab of this number held is replaced before the tab is shown.
  await readKept(key, (value): value is unknown => value !== undefined, null);
  await writeKept(key, draft);
  nav.go({ at: "query", id: String(id) });
}
