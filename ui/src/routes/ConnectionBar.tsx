import {
  Button,
  Menu,
  MenuButton,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { AddRegular, LockClosedRegular, LockOpenRegular, SearchRegular } from "@fluentui/react-icons";
import { type ConnectionView, isBrowsable, isWritable, kindNames, statusLights } from "@/api";
import { Kbd, Name, StatusLight } from "@/design";
import { identityWords, statusSentence } from "@/features/connections";
import { age } from "@/lib/time";
import { actOn, show } from "./actions";
import { nav } from "./nav";
import styles from "./shell.module.css";

/** Which client's system this window is in, who one is there, and whether it may be written to. Always in sight. */
export function ConnectionBar({
  connections,
  current,
}: {
  connections: readonly ConnectionView[];
  current: ConnectionView | null;
}) {
  const production = current?.kind === "production";
  return (
    <header className={`${styles.bar} ${production ? styles.production : ""}`} data-tour="connection">
      <Switcher connections={connections} current={current} />
      {current ? (
        <>
          {production ? (
            <strong className={styles.shout}>PRODUCTION</strong>
          ) : (
            <span className={styles.quiet}>{kindNames[current.kind].toLowerCase()}</span>
          )}
          {statusSentence(current).includes(identityWords(current)) ? null : (
            <span className={styles.who}>
              <Name text={identityWords(current)} />
            </span>
          )}
          <span className={styles.light}>
            <StatusLight light={statusLights[current.status].light} label={statusSentence(current)} />
          </span>
          {current.signed_in ? null : (
            <Button size="small" appearance="primary" onClick={() => void actOn("sign-in", current)}>
              Sign in
            </Button>
          )}
          <Lock connection={current} />
        </>
      ) : (
        <span className={styles.quiet}>No connection chosen</span>
      )}
      <span className={styles.grow} />
      <button
        type="button"
        className={styles.searchButton}
        onClick={() => show({ palette: "" })}
        data-tour="palette"
      >
        <SearchRegular aria-hidden /> <span>Search or run a command</span> <Kbd keys="Ctrl+K" />
      </button>
    </header>
  );
}

function Lock({ connection }: { connection: ConnectionView }) {
  const writable = isWritable(connection);
  const until =
    connection.unlocked_until && Date.parse(connection.unlocked_until) > Date.now()
      ? connection.unlocked_until
      : null;
  const left = until ? `for ${age(new Date().toISOString(), Date.parse(until))}` : "";
  return (
    <Button
      size="small"
      appearance="subtle"
      className={styles.lock}
      icon={writable ? <LockOpenRegular /> : <LockClosedRegular />}
      title={
        writable
          ? "Runs and changes by hand may write there. Click to make it read-only."
          : "Nothing is written there. Click to allow writing for a while."
      }
      onClick={() => void actOn(writable ? "lock" : "unlock", connection)}
    >
      {writable ? `Writing allowed ${left}`.trim() : "Read-only"}
    </Button>
  );
}

function Switcher({
  connections,
  current,
}: {
  connections: readonly ConnectionView[];
  current: ConnectionView | null;
}) {
  const browsable = connections.filter(isBrowsable);
  const groups = new Map<string, ConnectionView[]>();
  for (const connection of browsable)
    groups.set(connection.client ?? "", [...(groups.get(connection.client ?? "") ?? []), connection]);
  return (
    <Menu positioning={{ autoSize: true }}>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton
          appearance="subtle"
          size="small"
          className={styles.switcher}
          aria-label={`Connection: ${current?.name ?? "none"}. Switch`}
        >
          <Name text={current?.name ?? "Syncline"} strong />
        </MenuButton>
      </MenuTrigger>
      <MenuPopover style={{ maxWidth: 420 }}>
        <MenuList>
          {[...groups].map(([client, members]) => (
            <MenuGroup key={client}>
              {client ? <MenuGroupHeader>{client}</MenuGroupHeader> : null}
              {members.map((connection) => (
                <MenuItem
                  key={connection.id}
                  icon={<span className={styles.swatch} style={{ background: connection.colour }} />}
                  secondaryContent={connection.kind === "production" ? "PRODUCTION" : undefined}
                  aria-current={connection.name === current?.name || undefined}
                  onClick={() => nav.switchTo(connection.name)}
                >
                  <Name text={connection.name} strong={connection.name === current?.name} />
                </MenuItem>
              ))}
            </MenuGroup>
          ))}
          {browsable.length > 0 ? <MenuDivider /> : null}
          <MenuItem icon={<AddRegular />} onClick={() => nav.go({ at: "connect" })}>
            Connect…
          </MenuItem>
          <MenuItem onClick={() => nav.go({ at: "home" })}>All connections</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
