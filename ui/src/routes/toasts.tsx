import { Button, Link, useAnnounce } from "@fluentui/react-components";
import {
  CheckmarkCircle16Filled,
  DismissRegular,
  ErrorCircle16Filled,
  Info16Filled,
  Warning16Filled,
} from "@fluentui/react-icons";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { type ApiError, errorText } from "@/api";
import { host } from "@/host";
import styles from "./notices.module.css";

export interface Notice {
  tone: "success" | "info" | "warning" | "error";
  title: string;
  text?: string;
  action?: { words: string; run: () => void };
  /** Kept with the notice, so that it can be copied for a support case. */
  fault?: ApiError;
}

/** How many notices are in sight at once; a narrow window (200 % zoom) has room for one. */
const most = () => (window.innerWidth < 1000 ? 1 : 2);

/** Which notices in sight give way to one more: passing ones first, then whatever is oldest. */
export function makeRoom<T extends Pick<Notice, "tone" | "action">>(shown: readonly T[], room: number): T[] {
  const passing = ({ tone, action }: T) => !action && (tone === "success" || tone === "info");
  return [...shown.filter(passing), ...shown.filter((notice) => !passing(notice))].slice(
    0,
    Math.max(0, shown.length - room),
  );
}

interface Shown extends Notice {
  id: number;
}

let number = 0;
let shown: readonly Shown[] = [];
const listeners = new Set<() => void>();

function set(next: readonly Shown[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const dismiss = (id: number) => set(shown.filter((one) => one.id !== id));

/** A passing notice. What needs an act is shown in place too. */
export function notify(notice: Notice): void {
  number += 1;
  const gone = makeRoom(shown, most() - 1);
  set([...shown.filter((one) => !gone.includes(one)), { ...notice, id: number }]);
}

/** True while a dialog lies over the window: the rest of it can't be reached then, and no screen reader hears it. */
export function dialogOpen(): boolean {
  return document.querySelector("[aria-modal=true]") !== null;
}

/** Calls when a dialog may have come or gone. */
export function watchDialogs(listener: () => void): () => void {
  const watcher = new MutationObserver(listener);
  watcher.observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-modal"] });
  return () => watcher.disconnect();
}

/** Notices in the status bar, where they cover nothing and move nothing. */
export function Notices() {
  const notices = useSyncExternalStore(subscribe, () => shown);
  return (
    <div className={styles.notices} role="log" aria-label="Notices" aria-relevant="additions">
      {notices.map((notice) => (
        <Line key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

const icons: Record<Notice["tone"], ReactNode> = {
  success: <CheckmarkCircle16Filled />,
  info: <Info16Filled />,
  warning: <Warning16Filled />,
  error: <ErrorCircle16Filled />,
};

/** How long it stays, in milliseconds: time enough to take something back. */
function stays({ tone, action }: Notice): number {
  if (tone === "error") return 15_000;
  if (action) return 12_000;
  return tone === "success" ? 4000 : 6000;
}

function Line({ notice }: { notice: Shown }) {
  const { id, tone, title, text, action, fault } = notice;
  const [held, setHeld] = useState(false);
  const covered = useSyncExternalStore(watchDialogs, dialogOpen);
  const { announce } = useAnnounce();
  const time = stays(notice);
  // Beneath a dialog it is said aloud at once, and stays until it can be read and closed.
  const said = text ? `${title}. ${text}` : title;
  useEffect(() => {
    if (dialogOpen()) announce(said);
  }, [announce, said]);
  useEffect(() => {
    if (held || covered) return;
    const timer = setTimeout(() => dismiss(id), time);
    return () => clearTimeout(timer);
  }, [held, covered, id, time]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing at it only keeps it in sight; its buttons do the rest
    <div
      className={`${styles.notice} ${styles[tone]} ${covered ? styles.above : ""}`}
      data-notice={tone}
      role={tone === "error" ? "alert" : undefined}
      title={text ? `${title}\n${text}` : title}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className={styles.icon} aria-hidden>
        {icons[tone]}
      </span>
      <span className={styles.words}>
        <b>{title}</b>
        {text ? <span> {text}</span> : null}
      </span>
      {action ? (
        <Link
          as="button"
          className={styles.link}
          onClick={() => {
            // What was offered once is not offered again beside what came of it.
            dismiss(id);
            action.run();
          }}
        >
          {action.words}
        </Link>
      ) : null}
      {fault ? (
        <Link as="button" className={styles.link} onClick={() => void host.copyText(errorText(fault))}>
          Copy details
        </Link>
      ) : null}
      <Button
        size="small"
        appearance="transparent"
        className={styles.close}
        icon={<DismissRegular />}
        aria-label={`Close the notice: ${title}`}
        onClick={() => dismiss(id)}
      />
    </div>
  );
}
