import { Tooltip } from "@fluentui/react-components";
import {
  ArrowSwapFilled,
  ArrowSwapRegular,
  ClockFilled,
  ClockRegular,
  CodeTextFilled,
  CodeTextRegular,
  DatabaseFilled,
  DatabaseRegular,
  HomeFilled,
  HomeRegular,
  PlayFilled,
  PlayRegular,
  SearchFilled,
  SearchRegular,
  SettingsFilled,
  SettingsRegular,
  TableSearchFilled,
  TableSearchRegular,
} from "@fluentui/react-icons";
import type { ReactNode } from "react";
import { counted } from "@/lib/numbers";
import { nav, useNav } from "./nav";
import type { Place } from "./places";
import styles from "./shell.module.css";

export interface RailEntry {
  place: Place;
  title: string;
  keys: string;
  icon: ReactNode;
  active: ReactNode;
  /** Places that belong to it. */
  holds: Place["at"][];
}

export const railEntries: readonly RailEntry[] = [
  {
    place: { at: "home" },
    title: "Home",
    keys: "Ctrl+1",
    icon: <HomeRegular />,
    active: <HomeFilled />,
    holds: ["home", "connect"],
  },
  {
    place: { at: "entities" },
    title: "Entities",
    keys: "Ctrl+2",
    icon: <DatabaseRegular />,
    active: <DatabaseFilled />,
    holds: ["entities", "entity", "compare"],
  },
  {
    place: { at: "queries" },
    title: "Query",
    keys: "Ctrl+6",
    icon: <CodeTextRegular />,
    active: <CodeTextFilled />,
    holds: ["queries", "query"],
  },
  {
    place: { at: "search", text: "" },
    title: "Search",
    keys: "Ctrl+3",
    icon: <SearchRegular />,
    active: <SearchFilled />,
    holds: ["search"],
  },
  {
    place: { at: "sql" },
    title: "SQL",
    keys: "Ctrl+7",
    icon: <TableSearchRegular />,
    active: <TableSearchFilled />,
    holds: ["sql"],
  },
  {
    place: { at: "syncs" },
    title: "Syncs",
    keys: "Ctrl+4",
    icon: <ArrowSwapRegular />,
    active: <ArrowSwapFilled />,
    holds: ["syncs", "sync", "plan", "run-all", "conflicts", "links"],
  },
  {
    place: { at: "runs" },
    title: "Runs",
    keys: "Ctrl+5",
    icon: <PlayRegular />,
    active: <PlayFilled />,
    holds: ["runs", "run", "story"],
  },
  {
    place: { at: "schedules" },
    title: "Schedules",
    keys: "Ctrl+8",
    icon: <ClockRegular />,
    active: <ClockFilled />,
    holds: ["schedules"],
  },
  {
    place: { at: "settings" },
    title: "Settings",
    keys: "Ctrl+,",
    icon: <SettingsRegular />,
    active: <SettingsFilled />,
    holds: ["settings"],
  },
];

export function Rail({ missed }: { /** Syncs that missed a time. */ missed: number }) {
  const { place } = useNav();
  return (
    <nav className={styles.rail} aria-label="Places">
      {railEntries.map((entry) => {
        const on = entry.holds.includes(place.at);
        const news =
          entry.place.at === "schedules" && missed > 0 ? `: ${counted(missed, "sync")} missed` : "";
        return (
          <Tooltip
            key={entry.title}
            content={`${entry.title}${news} (${entry.keys})`}
            relationship="label"
            positioning="after"
          >
            <button
              type="button"
              className={styles.railItem}
              aria-current={on ? "page" : undefined}
              data-tour={`rail-${entry.place.at}`}
              style={entry.place.at === "settings" ? { marginTop: "auto" } : undefined}
              onClick={() => nav.go(entry.place)}
            >
              {on ? entry.active : entry.icon}
              {news === "" ? null : <span className={styles.railNews} aria-hidden />}
            </button>
          </Tooltip>
        );
      })}
    </nav>
  );
}
