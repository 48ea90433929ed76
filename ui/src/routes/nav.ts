import { useSyncExternalStore } from "react";
import { fromHash, isPlace, isTab, type Place, placeKey, toHash } from "./places";

/** Where the window is: a connection, what is in sight, and the open tabs of each connection. */
export interface NavState {
  connection: string | null;
  place: Place;
  /** Tabs by connection name; `-` for none. */
  tabs: Readonly<Record<string, readonly Place[]>>;
}

const scopeOf = (connection: string | null) => connection ?? "-";

let state: NavState = { connection: null, place: { at: "home" }, tabs: {} };
const listeners = new Set<() => void>();

/** Numbers of tabs by connection and place. */
const numbers = new Map<string, number>();
let lastNumber = 0;
const numberKey = (connection: string | null, place: Place) => `${scopeOf(connection)}/${placeKey(place)}`;

/** A tab's own number. It stays when the tab gets another name, so that what is half done in it stays too. */
export function numberOf(connection: string | null, place: Place): number {
  const key = numberKey(connection, place);
  const known = numbers.get(key);
  if (known !== undefined) return known;
  lastNumber += 1;
  numbers.set(key, lastNumber);
  return lastNumber;
}

/** Id of the element that holds a tab's content. */
export const panelId = (connection: string | null, place: Place): string =>
  `tab-${numberOf(connection, place)}`;

function commit(next: NavState, replace = false): void {
  state = next;
  const hash = toHash(next.connection, next.place);
  if (location.hash !== hash) {
    if (replace) history.replaceState(null, "", hash);
    else history.pushState(null, "", hash);
  }
  for (const listener of listeners) listener();
}

function withTab(tabs: NavState["tabs"], connection: string | null, place: Place): NavState["tabs"] {
  if (!isTab(place)) return tabs;
  const scope = scopeOf(connection);
  const open = tabs[scope] ?? [];
  const key = placeKey(place);
  const next = open.some((tab) => placeKey(tab) === key)
    ? open.map((tab) => (placeKey(tab) === key ? place : tab))
    : [...open, place];
  return { ...tabs, [scope]: next };
}

export const nav = {
  get: () => state,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Goes to a place, in the same connection unless another is named. */
  go(place: Place, connection: string | null = state.connection): void {
    commit({ connection, place, tabs: withTab(state.tabs, connection, place) });
  },
  /** The same place with other particulars; no new step in the history. */
  refine(place: Place): void {
    commit({ ...state, place, tabs: withTab(state.tabs, state.connection, place) }, true);
  },
  /** Another connection: its last tab, or its entities. */
  switchTo(connection: string | null, place?: Place): void {
    if (connection === state.connection && !place) return;
    nav.go(
      place ?? state.tabs[scopeOf(connection)]?.at(-1) ?? { at: connection ? "entities" : "home" },
      connection,
    );
  },
  close(place: Place): void {
    const scope = scopeOf(state.connection);
    const open = state.tabs[scope] ?? [];
    const at = open.findIndex((tab) => placeKey(tab) === placeKey(place));
    if (at < 0) return;
    const left = open.filter((_, index) => index !== at);
    const inSight = placeKey(state.place) === placeKey(place);
    const next = inSight ? (left[at] ?? left[at - 1] ?? fallbackOf(place)) : state.place;
    commit({ ...state, place: next, tabs: { ...state.tabs, [scope]: left } });
  },
  /** A tab whose name changed, such as a definition saved under a new one. */
  rename(from: Place, to: Place): void {
    const scope = scopeOf(state.connection);
    if (placeKey(from) !== placeKey(to)) {
      numbers.set(numberKey(state.connection, to), numberOf(state.connection, from));
      numbers.delete(numberKey(state.connection, from));
    }
    const open = (state.tabs[scope] ?? [])
      .map((tab) => (placeKey(tab) === placeKey(from) ? to : tab))
      .filter((tab, index, all) => all.findIndex((other) => placeKey(other) === placeKey(tab)) === index);
    const place = placeKey(state.place) === placeKey(from) ? to : state.place;
    commit({ ...state, place, tabs: { ...state.tabs, [scope]: open } }, true);
  },
  /** Tabs of a forgotten connection go; a renamed one keeps them. */
  renameConnection(from: string, to: string | null): void {
    const { [from]: moved, ...rest } = state.tabs;
    const tabs = to && moved ? { ...rest, [to]: moved } : rest;
    const here = state.connection === from;
    commit(
      {
        ...state,
        tabs,
        connection: here ? to : state.connection,
        place: here && !to ? { at: "home" } : state.place,
      },
      true,
    );
  },
  /** What is kept between starts. */
  restore(kept: unknown): void {
    const fromAddress = fromHash(location.hash);
    const base = isNavState(kept) ? kept : state;
    commit(
      fromAddress
        ? { ...fromAddress, tabs: withTab(base.tabs, fromAddress.connection, fromAddress.place) }
        : base,
      true,
    );
  },
  reset(): void {
    state = { connection: null, place: { at: "home" }, tabs: {} };
  },
};

function fallbackOf(place: Place): Place {
  if (place.at === "query") return { at: "queries" };
  if (place.at === "sync") return { at: "syncs" };
  if (place.at === "story" || place.at === "plan" || place.at === "run") return { at: "runs" };
  return { at: "entities" };
}

function isNavState(value: unknown): value is NavState {
  if (typeof value !== "object" || value === null) return false;
  const { connection, place, tabs } = value as Partial<NavState>;
  return (
    (connection === null || typeof connection === "string") &&
    isPlace(place) &&
    typeof tabs === "object" &&
    tabs !== null &&
    Object.values(tabs).every((list) => Array.isArray(list) && list.every(isPlace))
  );
}

export function useNav(): NavState {
  return useSyncExternalStore(nav.subscribe, nav.get);
}

/** Back and forward of the window or browser. */
export function followHistory(): () => void {
  const follow = () => {
    const target = fromHash(location.hash);
    if (!target) return;
    state = { ...target, tabs: withTab(state.tabs, target.connection, target.place) };
    for (const listener of listeners) listener();
  };
  window.addEventListener("popstate", follow);
  return () => window.removeEventListener("popstate", follow);
}
