import {
  Button,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { LockClosedRegular, LockOpenRegular, MoreHorizontalRegular } from "@fluentui/react-icons";
import { type CSSProperties, useState } from "react";
import { type ConnectionView, isWritable, kindNames, statusLights, systemNames } from "@/api";
import { Empty, Mark, Name, SearchField, StatusLight, Time } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { counted } from "@/lib/numbers";
import styles from "./connections.module.css";
import { identityWords, statusSentence } from "./words";

export type ConnectionAct = "open" | "sign-in" | "test" | "edit" | "unlock" | "lock" | "sign-out" | "forget";

/** All connections, by client. */
export function ConnectionList({
  connections,
  current,
  onAct,
}: {
  connections: readonly ConnectionView[];
  current: string | null;
  onAct: (act: ConnectionAct, connection: ConnectionView) => void;
}) {
  const [search, setSearch] = useState("");
  const found = fuzzyFilter(search, connections, (connection) =>
    [connection.name, connection.client, connection.url, identityWords(connection)].join(" "),
  );
  const groups = new Map<string, ConnectionView[]>();
  for (const connection of found) {
    const client = connection.client ?? "";
    groups.set(client, [...(groups.get(client) ?? []), connection]);
  }
  const sorted = [...groups].sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a.localeCompare(b)));
  return (
    <div>
      {connections.length > 4 ? (
        <SearchField
          value={search}
          onChange={setSearch}
          label="Search connections"
          style={{ width: 320, maxWidth: "100%" }}
        />
      ) : null}
      {found.length === 0 && search !== "" ? <Empty title={`No connection matches “${search}”`} /> : null}
      {sorted.map(([client, members]) => (
        <section key={client}>
          {groups.size > 1 || client !== "" ? (
            <h3 className={styles.clientHead}>{client === "" ? "No client" : <Name text={client} />}</h3>
          ) : null}
          <div className={styles.list}>
            {members.map((connection) => (
              <ConnectionCard
                key={connection.id}
                connection={connection}
                current={connection.name === current}
                onAct={onAct}
              />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function ConnectionCard({
  connection,
  current,
  onAct,
}: {
  connection: ConnectionView;
  current: boolean;
  onAct: (act: ConnectionAct, connection: ConnectionView) => void;
}) {
  const { light } = statusLights[connection.status];
  const writable = isWritable(connection);
  const act = (what: ConnectionAct) => () => onAct(what, connection);
  return (
    <article
      className={styles.card}
      style={{ "--card-colour": connection.colour } as CSSProperties}
      aria-current={current || undefined}
    >
      <div className={styles.cardTop}>
        <button type="button" className={styles.cardName} onClick={act("open")}>
          <Name text={connection.name} />
        </button>
        {connection.kind === "production" ? (
          <Mark tone="danger">PRODUCTION</Mark>
        ) : (
          <Mark>{kindNames[connection.kind]}</Mark>
        )}
        {writable ? (
          <LockOpenRegular aria-label="Writing is allowed" />
        ) : (
          <LockClosedRegular aria-label="Read-only" className={styles.muted} />
        )}
        <div className={styles.cardMenu}>
          <Menu positioning={{ autoSize: true }}>
            <MenuTrigger disableButtonEnhancement>
              <Button
                size="small"
                appearance="subtle"
                icon={<MoreHorizontalRegular />}
                aria-label={`More for ${connection.name}`}
              />
            </MenuTrigger>
            <MenuPopover>
              <MenuList>
                <MenuItem onClick={act("sign-in")}>
                  {connection.signed_in ? "Sign in again" : "Sign in"}
                </MenuItem>
                <MenuItem onClick={act("test")}>Test</MenuItem>
                <MenuItem onClick={act("edit")}>Edit…</MenuItem>
                {writable ? (
                  <MenuItem onClick={act("lock")}>Make read-only</MenuItem>
                ) : (
                  <MenuItem onClick={act("unlock")}>Allow writing…</MenuItem>
                )}
                {connection.signed_in ? <MenuItem onClick={act("sign-out")}>Sign out</MenuItem> : null}
                <MenuDivider />
                <MenuItem onClick={act("forget")}>Forget…</MenuItem>
              </MenuList>
            </MenuPopover>
          </Menu>
        </div>
      </div>
      <div className={styles.cardLine}>
        <StatusLight light={light} label={statusSentence(connection)} />
      </div>
      <div className={styles.cardLine}>
        <Name text={`${systemNames[connection.system]} · ${identityWords(connection)}`} />
      </div>
      <div className={styles.cardLine}>
        <span>
          {connection.cached_records > 0
            ? `${counted(connection.cached_records, "record")} cached`
            : "nothing cached"}
        </span>
        <span>
          · used <Time iso={connection.used_at} form="ago" />
        </span>
        {connection.sample ? <Mark tone="brand">sample</Mark> : null}
      </div>
    </article>
  );
}
