import { SearchRegular } from "@fluentui/react-icons";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { isStringList, type SearchHit, useKept, useRead } from "@/api";
import { Empty, Fault, Name, Page, SearchField, Segmented, Skeleton, Time } from "@/design";
import { counted } from "@/lib/numbers";
import { Snippet } from "./Snippet";
import styles from "./search.module.css";

/** Everything cached of this client, searched without a network. */
export function SearchView({
  connection,
  client,
  initial,
  onText,
  onOpen,
}: {
  connection: string | null;
  client: string;
  initial: string;
  onText: (text: string) => void;
  onOpen: (hit: SearchHit) => void;
}) {
  const [text, setText] = useState(initial);
  const [asked, setAsked] = useState(initial.trim());
  const [scope, setScope] = useState<"connection" | "client">(connection ? "connection" : "client");
  const [recent, setRecent, ready] = useKept(`recent-searches/${client}`, isStringList, []);
  const input = useRef<HTMLInputElement>(null);
  const tell = useRef(onText);
  tell.current = onText;
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    const timer = setTimeout(() => {
      setAsked(text.trim());
      tell.current(text.trim());
    }, 200);
    return () => clearTimeout(timer);
  }, [text]);
  const within = scope === "connection" && connection ? { connection } : { client };
  const found = useRead(
    "cache.search",
    { text: asked, ...within, limit: 200 },
    { enabled: asked.length > 0, keep: asked.length > 0 },
  );
  const groups = new Map<string, SearchHit[]>();
  for (const hit of asked ? (found.data?.hits ?? []) : []) {
    const key = `${hit.connection}\n${hit.entity}`;
    groups.set(key, [...(groups.get(key) ?? []), hit]);
  }
  function open(hit: SearchHit) {
    setRecent([asked, ...recent.filter((other) => other !== asked)].slice(0, 12));
    onOpen(hit);
  }
  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("input, button[data-hit]")];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    const next = stops[Math.min(stops.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
  return (
    <div role="search" style={{ height: "100%" }} onKeyDown={onKeyDown}>
      <Page
        scroll
        title="Search"
        sub="Everything pulled to this computer; no network needed"
        toolbar={
          <>
            <SearchField
              inputRef={input}
              value={text}
              onChange={setText}
              label="Search cached records"
              placeholder="Names, e-mails, any text: each word as a beginning"
              style={{ width: 460, maxWidth: "100%" }}
            />
            {connection ? (
              <Segmented
                label="Where to search"
                value={scope}
                onChange={setScope}
                options={[
                  { value: "connection", label: connection },
                  { value: "client", label: client === "" ? "All without a client" : `All of ${client}` },
                ]}
              />
            ) : null}
            {found.data && asked ? (
              <span className={styles.muted} role="status">
                {counted(found.data.hits.length, "hit")}
                {found.data.more ? " and more" : ""}
                {found.data.catching_up
                  ? ` · ${counted(found.data.not_indexed, "record")} not searchable yet: the index is catching up`
                  : ""}
              </span>
            ) : null}
          </>
        }
        notices={found.error ? <Fault fault={found.error} onRetry={() => void found.refetch()} /> : undefined}
      >
        {asked === "" ? (
          ready && recent.length > 0 ? (
            <section>
              <h2 className={styles.group}>Recent searches</h2>
              <div className={styles.recent}>
                {recent.map((one) => (
                  <button key={one} type="button" data-hit onClick={() => setText(one)}>
                    <Name text={one} />
                  </button>
                ))}
              </div>
            </section>
          ) : (
            <Empty icon={<SearchRegular />} title="Search what was pulled">
              Who is this account, and what did we know on Monday? Type a name, an e-mail or any word of a
              record.
            </Empty>
          )
        ) : null}
        {asked !== "" && found.isPending && !found.error ? <Skeleton label="Searching" /> : null}
        {asked !== "" && found.data && groups.size === 0 ? (
          <Empty icon={<SearchRegular />} title={`Nothing cached holds “${asked}”`}>
            Only what was pulled is searched. Open an entity and choose Pull to add its records.
          </Empty>
        ) : null}
        {[...groups].map(([key, hits]) => {
          const first = hits[0];
          if (!first) return null;
          return (
            <section key={key}>
              <h2 className={styles.group}>
                {first.entity}{" "}
                <span className={styles.muted}>
                  {scope === "client" ? `${first.connection} · ` : ""}
                  {hits.length}
                </span>
              </h2>
              {hits.map((hit) => (
                <button key={hit.id} type="button" data-hit className={styles.hit} onClick={() => open(hit)}>
                  <Name text={hit.title} strong />
                  <Snippet text={hit.snippet} />
                  <span className={styles.muted}>
                    pulled <Time iso={hit.pulled_at} form="ago" />
                  </span>
                </button>
              ))}
            </section>
          );
        })}
      </Page>
    </div>
  );
}
