import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import {
  ArrowClockwiseRegular,
  LockClosedRegular,
  MoreHorizontalRegular,
  StarFilled,
  StarRegular,
} from "@fluentui/react-icons";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import {
  type ApiError,
  call,
  type EntityView,
  invalidateTags,
  isStringList,
  toApiError,
  useIsDatabase,
  useKept,
  usePausedUntil,
  useRead,
} from "@/api";
import { Empty, Fault, Name, SearchField, Segmented, Skeleton, Time } from "@/design";
import { pauseWords } from "@/lib/costs";
import { fuzzyFilter } from "@/lib/fuzzy";
import { compact, count, counted } from "@/lib/numbers";
import { ChoosingBar, MOST } from "./ChoosingBar";
import styles from "./entities.module.css";
import { SolutionFilter } from "./SolutionFilter";

type Which = "all" | "standard" | "custom" | "cached";

/** An entity that was chosen. */
export interface ChosenEntity {
  name: string;
  title: string;
}

const ROW = 42;

/** Every entity of the environment: favourites first, with what is cached of each. */
export function EntityList({
  connection,
  current,
  onOpen,
  onPull,
  onMarks,
}: {
  connection: string;
  current: string | null;
  onOpen: (entity: string) => void;
  /** Several that were chosen. */
  onPull: (entities: readonly ChosenEntity[]) => void;
  onMarks: () => void;
}) {
  const [solution, setSolution] = useState("");
  const [failed, setFailed] = useState<ApiError | null>(null);
  const [refreshing, setRefreshing] = useState(false);
  const list = useRead("entities.list", solution ? { connection, solution } : { connection }, { keep: true });
  const anew = refreshing || (list.data?.refreshing ?? false);
  const pausedUntil = usePausedUntil(connection, list.isFetching || anew);
  const [favourites, setFavourites] = useKept(`favourites/${connection}`, isStringList, []);
  const [search, setSearch] = useState("");
  const [which, setWhich] = useState<Which>("all");
  const database = useIsDatabase(connection);
  const [at, setAt] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const choose = (name: string) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
  };
  const toggleFavourite = (name: string) =>
    setFavourites(
      favourites.includes(name) ? favourites.filter((other) => other !== name) : [...favourites, name],
    );
  const scroll = useRef<HTMLDivElement>(null);

  const shown = useMemo(() => {
    const inGroup = (list.data?.entities ?? []).filter((entity) =>
      which === "custom"
        ? entity.custom
        : which === "standard"
          ? !entity.custom
          : which === "cached"
            ? entity.cached_records !== null
            : true,
    );
    const sorted = [...inGroup].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
    const found = fuzzyFilter(search, sorted, (entity) => `${nameOf(entity)} ${entity.logical_name}`);
    if (search !== "") return found;
    return [
      ...found.filter((entity) => favourites.includes(entity.logical_name)),
      ...found.filter((entity) => !favourites.includes(entity.logical_name)),
    ];
  }, [list.data, which, search, favourites]);

  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 6,
  });

  async function refresh() {
    setRefreshing(true);
    setFailed(null);
    try {
      const fresh = await call("entities.list", { connection, refresh: true });
      setFailed(fresh.refresh_error);
      await invalidateTags(["metadata"]);
    } catch (fault) {
      setFailed(toApiError(fault));
    } finally {
      setRefreshing(false);
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = Math.min(shown.length - 1, Math.max(0, at + step));
      setAt(next);
      rows.scrollToIndex(next);
    }
    if (event.key === "Enter") {
      const entity = shown[at];
      if (entity && chosen) choose(entity.logical_name);
      else if (entity) onOpen(entity.logical_name);
    }
    // A space is written in the field that finds one.
    if (event.key === " " && event.target === scroll.current) {
      event.preventDefault();
      const entity = shown[at];
      if (entity && chosen) choose(entity.logical_name);
      else if (entity) toggleFavourite(entity.logical_name);
    }
    if (event.key === "Escape" && chosen) setChosen(null);
  }

  const fetched = list.data;
  return (
    <div className={styles.list}>
      <div className={styles.listHead}>
        <div role="search" className={styles.listSearch} onKeyDown={onKeyDown}>
          <SearchField
            value={search}
            onChange={(text) => {
              setSearch(text);
              setAt(0);
            }}
            label="Find an entity"
            style={{ flex: 1 }}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowClockwiseRegular />}
            disabled={refreshing}
            aria-label="Fetch the list anew"
            title={fetched ? `Fetch the list anew (fetched ${fetched.fetched_at})` : "Fetch the list anew"}
            onClick={() => void refresh()}
          />
          <Menu positioning={{ autoSize: true }}>
            <MenuTrigger disableButtonEnhancement>
              <Button
                size="small"
                appearance="subtle"
                icon={<MoreHorizontalRegular />}
                aria-label="More for entities"
              />
            </MenuTrigger>
            <MenuPopover>
              <MenuList>
                <MenuItem onClick={() => setChosen(chosen ?? new Set())}>Pull several…</MenuItem>
                <MenuItem onClick={onMarks}>Watermarks…</MenuItem>
              </MenuList>
            </MenuPopover>
          </Menu>
        </div>
        <Segmented
          label="Which entities"
          value={which}
          onChange={setWhich}
          options={[
            { value: "all", label: "All" },
            { value: "standard", label: "Standard" },
            { value: "custom", label: "Custom" },
            { value: "cached", label: "Cached" },
          ]}
        />
        {database ? null : <SolutionFilter connection={connection} value={solution} onChange={setSolution} />}
        <ListState
          fetchedAt={list.data?.fetched_at ?? null}
          refreshing={anew}
          pausedUntil={pausedUntil}
          error={failed ?? list.data?.refresh_error ?? null}
          shown={shown.length}
        />
        {chosen ? (
          <ChoosingBar
            chosen={chosen.size}
            onAll={() =>
              setChosen(
                new Set(
                  shown
                    .filter(({ missing_privilege }) => !missing_privilege)
                    .slice(0, MOST)
                    .map(({ logical_name }) => logical_name),
                ),
              )
            }
            onEnd={() => setChosen(null)}
            onPull={() => {
              onPull(
                (list.data?.entities ?? [])
                  .filter(({ logical_name }) => chosen.has(logical_name))
                  .map((entity) => ({ name: entity.logical_name, title: nameOf(entity) })),
              );
              setChosen(null);
            }}
          />
        ) : null}
      </div>
      {list.error && !list.data ? (
        <div style={{ padding: 8 }}>
          <Fault fault={list.error} onRetry={() => void list.refetch()} />
        </div>
      ) : null}
      {list.isPending && !list.error ? (
        <Skeleton rows={12} label="Loading entities" pausedUntil={pausedUntil} />
      ) : null}
      {list.data && shown.length === 0 ? (
        <Empty
          title={
            search
              ? `No entity matches “${search}”`
              : which === "cached"
                ? "Nothing is cached yet"
                : "No entities"
          }
        >
          {which === "cached" ? "Open an entity and choose Pull to keep its records on this computer." : null}
        </Empty>
      ) : null}
      <div
        ref={scroll}
        className={styles.rows}
        role="listbox"
        aria-label="Entities"
        tabIndex={0}
        onKeyDown={onKeyDown}
        aria-activedescendant={shown[at] ? `entity-${shown[at].logical_name}` : undefined}
      >
        <div style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map((item) => {
            const entity = shown[item.index];
            if (!entity) return null;
            const starred = favourites.includes(entity.logical_name);
            return (
              <div
                key={entity.logical_name}
                id={`entity-${entity.logical_name}`}
                role="option"
                tabIndex={-1}
                aria-selected={entity.logical_name === current}
                aria-label={wordsOf(entity, starred, chosen?.has(entity.logical_name) ?? false)}
                className={`${styles.row} ${item.index === at ? styles.at : ""} ${entity.missing_privilege ? styles.noRead : ""}`}
                style={{ transform: `translateY(${item.start}px)`, height: ROW }}
                onClick={() => {
                  setAt(item.index);
                  if (chosen) choose(entity.logical_name);
                  else onOpen(entity.logical_name);
                }}
                onKeyDown={(event) => event.key === "Enter" && onOpen(entity.logical_name)}
              >
                {chosen ? (
                  <input
                    type="checkbox"
                    className={styles.check}
                    tabIndex={-1}
                    checked={chosen.has(entity.logical_name)}
                    disabled={entity.missing_privilege !== null}
                    aria-label={`Choose ${nameOf(entity)}`}
                    onClick={(event) => event.stopPropagation()}
                    onChange={() => choose(entity.logical_name)}
                  />
                ) : (
                  <button
                    type="button"
                    tabIndex={-1}
                    className={styles.star}
                    aria-label={
                      starred
                        ? `Remove ${nameOf(entity)} from the favourites`
                        : `Make ${nameOf(entity)} a favourite`
                    }
                    aria-pressed={starred}
                    onClick={(event) => {
                      event.stopPropagation();
                      toggleFavourite(entity.logical_name);
                    }}
                  >
                    {starred ? <StarFilled /> : <StarRegular />}
                  </button>
                )}
                <div className={styles.names}>
                  <Name text={nameOf(entity)} />
                  <Name text={entity.logical_name} className={styles.logical} />
                </div>
                {entity.missing_privilege ? (
                  <span
                    className={styles.locked}
                    role="img"
                    aria-label={`can't be read: ${entity.missing_privilege} is missing`}
                    title={`Can't be read: the privilege ${entity.missing_privilege} is missing`}
                  >
                    <LockClosedRegular aria-hidden />
                  </span>
                ) : null}
                {entity.cached_records === null ? null : (
                  <span className={styles.cached} title={`${count(entity.cached_records)} records cached`}>
                    {compact(entity.cached_records)}
                    <small>
                      <Time iso={entity.pulled_at} form="ago" />
                    </small>
                  </span>
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** How old the list is, whether it is being fetched anew, and why that failed. */
function ListState({
  fetchedAt,
  refreshing,
  pausedUntil,
  error,
  shown,
}: {
  fetchedAt: string | null;
  refreshing: boolean;
  pausedUntil: string | null;
  error: ApiError | null;
  shown: number;
}) {
  if (fetchedAt === null) return null;
  return (
    <div className={styles.listState} role="status">
      <span>
        {counted(shown, "entity", "entities")}, fetched <Time iso={fetchedAt} form="ago" />
      </span>
      {refreshing ? <span>refreshing…{pausedUntil ? ` ${pauseWords(pausedUntil)}` : ""}</span> : null}
      {error && !refreshing ? (
        <span className={styles.stateWarning} title={error.hint ?? undefined}>
          not refreshed: {error.message}
        </span>
      ) : null}
    </div>
  );
}

/** A row for who hears it: without the buttons that lie on it. */
function wordsOf(entity: EntityView, favourite: boolean, chosen: boolean): string {
  return [
    nameOf(entity),
    entity.logical_name,
    favourite ? "favourite" : "",
    chosen ? "chosen" : "",
    entity.missing_privilege ? `can't be read: ${entity.missing_privilege} is missing` : "",
    entity.cached_records === null ? "" : `${counted(entity.cached_records, "record")} cached`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** What people call an entity. */
function nameOf(entity: EntityView): string {
  return entity.display_collection_name || entity.display_name || entity.logical_name;
}
