import { Dialog, DialogSurface } from "@fluentui/react-components";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { isStringList, type SearchHit, useKept, useRead } from "@/api";
import { Kbd, Name } from "@/design";
import { fuzzyScore } from "@/lib/fuzzy";
import styles from "./palette.module.css";

export type PaletteKind = "command" | "entity" | "connection" | "sync" | "run" | "record" | "place";

export interface PaletteItem {
  id: string;
  kind: PaletteKind;
  title: string;
  sub?: string;
  keys?: string;
  run: () => void;
}

const kindWords: Record<PaletteKind, string> = {
  command: "Command",
  entity: "Entity",
  connection: "Connection",
  sync: "Sync",
  run: "Run",
  record: "Record",
  place: "Place",
};

const prefixes: Readonly<Record<string, PaletteKind>> = { ">": "command", "@": "entity", "#": "record" };

/** Everything one can go to or do, by a few letters; `>` commands, `@` entities, `#` records in the cache. */
export function Palette({
  items,
  connection,
  client,
  initial,
  onClose,
  onRecord,
}: {
  items: readonly PaletteItem[];
  connection: string | null;
  client: string;
  initial: string;
  onClose: () => void;
  onRecord: (hit: SearchHit) => void;
}) {
  const [text, setText] = useState(initial);
  const [at, setAt] = useState(0);
  const [recent, setRecent] = useKept(`palette/${client}`, isStringList, []);
  const list = useRef<HTMLDivElement>(null);
  const listId = useId();
  const only = prefixes[text[0] ?? ""];
  const query = (only ? text.slice(1) : text).trim();
  const wantsRecords = (only === undefined && query.length >= 2) || (only === "record" && query.length >= 1);
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wantsRecords ? query : ""), 120);
    return () => clearTimeout(timer);
  }, [query, wantsRecords]);
  const hits = useRead(
    "cache.search",
    { text: asked, client, limit: only === "record" ? 40 : 8 },
    { enabled: asked !== "", keep: true },
  );

  const shown = useMemo(() => {
    const records: PaletteItem[] =
      wantsRecords && asked !== ""
        ? (hits.data?.hits ?? []).map((hit) => ({
            id: `record/${hit.connection}/${hit.entity}/${hit.id}`,
            kind: "record",
            title: hit.title,
            sub: `${hit.entity}${hit.connection === connection ? "" : ` · ${hit.connection}`}`,
            run: () => onRecord(hit),
          }))
        : [];
    const rest = items.filter((item) => only === undefined || item.kind === only);
    if (query === "") {
      const byRecent = (item: PaletteItem) => (recent.includes(item.id) ? recent.indexOf(item.id) : 1000);
      return [...rest].sort((a, b) => byRecent(a) - byRecent(b)).slice(0, 60);
    }
    const scored = rest
      .map((item) => ({
        item,
        score: Math.max(fuzzyScore(query, item.title) ?? -1, (fuzzyScore(query, item.sub ?? "") ?? -1) * 0.6),
      }))
      .filter(({ score }) => score > 0)
      .sort(
        (a, b) =>
          b.score + (recent.includes(b.item.id) ? 50 : 0) - a.score - (recent.includes(a.item.id) ? 50 : 0),
      )
      .map(({ item }) => item);
    return [...scored.slice(0, 50), ...records];
  }, [items, only, query, recent, hits.data, wantsRecords, asked, connection, onRecord]);
  const place = Math.min(at, Math.max(0, shown.length - 1));

  function choose(item: PaletteItem | undefined) {
    if (!item) return;
    if (item.kind !== "record")
      setRecent([item.id, ...recent.filter((other) => other !== item.id)].slice(0, 30));
    onClose();
    item.run();
  }
  function onKeyDown(event: KeyboardEvent) {
    const step =
      event.key === "ArrowDown"
        ? 1
        : event.key === "ArrowUp"
          ? -1
          : event.key === "PageDown"
            ? 10
            : event.key === "PageUp"
              ? -10
              : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = Math.min(shown.length - 1, Math.max(0, place + step));
      setAt(next);
      list.current?.children[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(shown[place]);
    }
  }
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface} aria-label="Search or run a command">
        <input
          className={styles.input}
          autoFocus
          dir="auto"
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={shown[place] ? `${listId}-${place}` : undefined}
          aria-label="Search or run a command"
          placeholder="Search, or > for commands, @ for entities, # for records"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <div id={listId} ref={list} role="listbox" aria-label="Found" className={styles.list}>
          {shown.map((item, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input holds the focus and handles the keys
            <div
              key={item.id}
              id={`${listId}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === place}
              className={styles.item}
              onClick={() => choose(item)}
              onMouseMove={() => setAt(index)}
            >
              <span className={styles.kind}>{kindWords[item.kind]}</span>
              <Name text={item.title} />
              {item.sub ? <Name text={item.sub} className={styles.sub} /> : null}
              <span className={styles.grow} />
              {item.keys ? <Kbd keys={item.keys} /> : null}
            </div>
          ))}
          {shown.length === 0 ? (
            <p className={styles.none}>
              {hits.isFetching
                ? "Searching…"
                : only === "record" && query === ""
                  ? "Type to search the cached records"
                  : "Nothing found"}
            </p>
          ) : null}
        </div>
      </DialogSurface>
    </Dialog>
  );
}
