import { Activity, type CSSProperties, type RefObject, useEffect, useRef } from "react";
import { type ConnectionView, change, isBrowsable, useRead, useToldOfKept } from "@/api";
import { draftKey, isDraft } from "@/features/query";
import { host } from "@/host";
import { readableOn } from "@/lib/colours";
import { shortLocal } from "@/lib/time";
import { ConnectionBar } from "./ConnectionBar";
import { useMissedTimes } from "./missed";
import { nav, numberOf, panelId, useNav } from "./nav";
import { Overlay } from "./Overlay";
import { PlaceView } from "./PlaceView";
import { isTab, type Place, placeKey } from "./places";
import { Rail } from "./Rail";
import { isDrawn } from "./returnFocus";
import { StatusBar } from "./StatusBar";
import styles from "./shell.module.css";
import { onWindowKey } from "./shortcuts";
import { TabStrip } from "./TabStrip";
import { dialogOpen } from "./toasts";
import { WithEntities } from "./WithEntities";

/** The window: connection bar, rail, tabs, content, status bar. */
export function Shell() {
  const { connection, place, tabs } = useNav();
  const list = useRead("connections.list", {});
  const connections = list.data ?? [];
  const current = connections.find(({ name }) => name === connection) ?? null;
  const titleOf = useTitles(current);

  // A connection that is gone is left. Another window or process may just have made it, so the list is read once more before that.
  const { refetch } = list;
  const unknown = list.data && connection !== null && current === null ? connection : null;
  useEffect(() => {
    if (unknown === null) return;
    let over = false;
    void refetch().then(({ data }) => {
      if (!over && data && !data.some(({ name }) => name === unknown)) nav.renameConnection(unknown, null);
    });
    return () => {
      over = true;
    };
  }, [unknown, refetch]);
  // The sample tenant ends with the application; who has it finds it running again.
  const hasSample = connections.some(({ sample }) => sample);
  useEffect(() => {
    if (hasSample) void change("sample.start", {}).catch(() => undefined);
  }, [hasSample]);
  useEffect(() => {
    window.addEventListener("keydown", onWindowKey);
    return () => window.removeEventListener("keydown", onWindowKey);
  }, []);
  const content = useFocusOfPlace(placeKey(place));
  const missed = useMissedTimes();
  const title = [
    isTab(place) ? titleOf(place) : null,
    current ? `${current.name}${current.kind === "production" ? " (PRODUCTION)" : ""}` : null,
    "Syncline",
  ]
    .filter(Boolean)
    .join(" – ");
  useEffect(() => {
    void host.setTitle(title).catch(() => undefined);
  }, [title]);

  const colour = current?.colour ?? "#69797e";
  const open = (tabs[connection ?? "-"] ?? []).filter((tab) => placeKey(tab) !== placeKey(place));
  const kept = isTab(place) ? [...open, place] : open;
  kept.sort((a, b) => numberOf(connection, a) - numberOf(connection, b));
  return (
    <div
      className={styles.shell}
      style={{ "--conn": colour, "--conn-text": readableOn(colour) } as CSSProperties}
      data-kind={current?.kind}
    >
      <ConnectionBar connections={connections} current={current} />
      <Rail missed={missed} />
      <main className={styles.main}>
        <WithEntities place={place} connection={current?.name ?? null}>
          <TabStrip titleOf={titleOf} />
          <div className={styles.content} ref={content}>
            {kept.map((tab) => (
              <Activity
                key={numberOf(connection, tab)}
                mode={placeKey(tab) === placeKey(place) ? "visible" : "hidden"}
              >
                <div
                  className={styles.layer}
                  tabIndex={-1}
                  role="tabpanel"
                  id={panelId(connection, tab)}
                  aria-label={titleOf(tab)}
                >
                  <PlaceView place={tab} connections={connections} current={current} />
                </div>
              </Activity>
            ))}
            {isTab(place) ? null : (
              <div className={styles.layer} tabIndex={-1}>
                <PlaceView place={place} connections={connections} current={current} />
              </div>
            )}
          </div>
        </WithEntities>
      </main>
      <StatusBar current={current} />
      <Overlay connections={connections} current={current} />
    </div>
  );
}

/** Where what had the focus is out of sight with its place, the new place takes it: the keyboard goes on there, not at the window's top. */
function useFocusOfPlace(key: string): RefObject<HTMLDivElement | null> {
  const content = useRef<HTMLDivElement>(null);
  const before = useRef(key);
  useEffect(() => {
    if (before.current === key) return;
    before.current = key;
    const soon = requestAnimationFrame(() => {
      const { activeElement } = document;
      if (dialogOpen() || (activeElement && activeElement !== document.body && isDrawn(activeElement)))
        return;
      const layers = [...(content.current?.children ?? [])];
      const inSight = layers.find(isDrawn);
      if (inSight instanceof HTMLElement) inSight.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(soon);
  }, [key]);
  return content;
}

/** What a tab is called. */
function useTitles(current: ConnectionView | null): (place: Place) => string {
  const entities = useRead(
    "entities.list",
    { connection: current?.name ?? "" },
    { enabled: current !== null && isBrowsable(current) },
  );
  const plans = useRead("plans.list", {});
  const runs = useRead("runs.list", {});
  const open = useNav().tabs[current?.name ?? "-"] ?? [];
  const draftOf = (id: string) => draftKey(current?.name ?? "", id);
  const queries = useToldOfKept(
    open.flatMap((tab) => (tab.at === "query" ? [draftOf(tab.id)] : [])),
    (draft) => (isDraft(draft) ? draft.name : ""),
  );
  return (place) => {
    switch (place.at) {
      case "entity": {
        const entity = entities.data?.entities.find(({ logical_name }) => logical_name === place.entity);
        return entity?.display_collection_name || place.entity;
      }
      case "query":
        return queries[draftOf(place.id)] || `Query ${place.id}`;
      case "sync":
        return place.name || "New sync";
      case "plan": {
        const plan = plans.data?.find(({ plan_id }) => plan_id === place.plan);
        // The name comes first: a narrow tab shows little more.
        return plan ? `${plan.definition}: preview` : "Preview";
      }
      case "run": {
        const run = runs.data?.find(({ run_id }) => run_id === place.run);
        return run ? `${run.definition}: run ${shortLocal(run.started_at)}` : "Run";
      }
      case "story":
        return `Story: ${place.name ?? place.record}`;
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
  };
}
