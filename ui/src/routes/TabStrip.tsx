import {
  ArrowSwapRegular,
  CodeTextRegular,
  DatabaseRegular,
  DismissRegular,
  DocumentSearchRegular,
  PlayRegular,
} from "@fluentui/react-icons";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { nav, panelId, useNav } from "./nav";
import { type Place, placeKey } from "./places";
import styles from "./shell.module.css";

/** The open tabs of this connection. */
export function TabStrip({ titleOf }: { titleOf: (place: Place) => string }) {
  const { connection, place, tabs } = useNav();
  const strip = useRef<HTMLDivElement>(null);
  const open = tabs[connection ?? "-"] ?? [];
  const current = placeKey(place);
  // Where there are more tabs than fit, the one in front is in sight.
  useEffect(() => {
    const front = [...(strip.current?.children ?? [])].find(
      (tab) => tab.getAttribute("data-tab") === current,
    );
    front?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current]);
  if (open.length === 0) return null;
  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[(at + step + stops.length) % stops.length]?.focus();
  }
  return (
    <div
      ref={strip}
      className={styles.tabs}
      role="tablist"
      aria-label="Open tabs"
      onKeyDown={onKeyDown}
      data-tour="tabs"
    >
      {open.map((tab, index) => {
        const key = placeKey(tab);
        const on = key === current;
        const title = titleOf(tab);
        return (
          <div
            key={key}
            data-tab={key}
            role="presentation"
            className={`${styles.tab} ${on ? styles.tabOn : ""}`}
            onAuxClick={(event) => event.button === 1 && nav.close(tab)}
          >
            <button
              type="button"
              role="tab"
              aria-selected={on}
              aria-controls={panelId(connection, tab)}
              aria-keyshortcuts="Delete"
              tabIndex={on || (index === 0 && !open.some((other) => placeKey(other) === current)) ? 0 : -1}
              title={title}
              onClick={() => nav.go(tab)}
              onKeyDown={(event) => event.key === "Delete" && nav.close(tab)}
            >
              <span aria-hidden className={styles.tabIcon}>
                {icons[tab.at]}
              </span>
              <bdi dir="auto">{title}</bdi>
            </button>
            {/* For the mouse: a list of tabs holds tabs alone, and those close with Delete. */}
            <button
              type="button"
              className={styles.tabClose}
              tabIndex={-1}
              aria-hidden
              title="Close (Ctrl+W)"
              onClick={() => nav.close(tab)}
            >
              <DismissRegular />
            </button>
          </div>
        );
      })}
    </div>
  );
}

const icons: Partial<Record<Place["at"], ReactNode>> = {
  entity: <DatabaseRegular />,
  query: <CodeTextRegular />,
  sync: <ArrowSwapRegular />,
  plan: <DocumentSearchRegular />,
  run: <PlayRegular />,
};
