import { Button, Link, Spinner } from "@fluentui/react-components";
import {
  CheckmarkRegular,
  CopyRegular,
  ErrorCircleFilled,
  InfoFilled,
  WarningFilled,
} from "@fluentui/react-icons";
import { createContext, type ReactNode, useContext, useId, useState } from "react";
import styles from "./Fault.module.css";
import { useCopy } from "./useCopy";

/** An error as every screen shows it. */
export interface FaultInfo {
  code: string;
  message: string;
  hint: string | null;
  detail: string | null;
  request_id: string | null;
  service_code: string | null;
}

export interface FaultLook {
  severity: "error" | "warning" | "info";
  title: string;
  /** Words on the remedy's button; empty for none. */
  action: string;
  act: (() => void | Promise<void>) | null;
  /** The text for a support case. */
  text: string;
}

/** Gives each error its words and its remedy; `onRetry` is the screen's own way to try again. */
export const FaultContext = createContext<(fault: FaultInfo, onRetry?: () => void) => FaultLook>((fault) => ({
  severity: "error",
  title: "Error",
  action: "",
  act: null,
  text: fault.message,
}));

const icons = {
  error: <ErrorCircleFilled className={styles.error} />,
  warning: <WarningFilled className={styles.warning} />,
  info: <InfoFilled className={styles.info} />,
};

/** A bar in place: what happened, what to do, a button that does it, and details for a support case. */
export function Fault({
  fault,
  onRetry,
  onDismiss,
  actions,
  remedy,
}: {
  fault: FaultInfo;
  /** In place of the usual remedy, where the screen itself is the way to mend it. */
  remedy?: { words: string; act: () => void };
  onRetry?: () => void;
  onDismiss?: () => void;
  actions?: ReactNode;
}) {
  const usual = useContext(FaultContext)(fault, onRetry);
  const look = remedy ? { ...usual, action: remedy.words, act: remedy.act } : usual;
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [copied, copy] = useCopy();
  const detailsId = useId();
  const lines: [string, string | null][] = [
    ["Code", fault.code],
    ["Service code", fault.service_code],
    ["Request id", fault.request_id],
    ["Detail", fault.detail],
  ];
  async function act() {
    setBusy(true);
    try {
      await look.act?.();
    } finally {
      setBusy(false);
    }
  }
  return (
    <div
      className={`${styles.bar} ${styles[`bar-${look.severity}`]}`}
      role={look.severity === "error" ? "alert" : "status"}
    >
      <span className={styles.icon} aria-hidden>
        {icons[look.severity]}
      </span>
      <div className={styles.words}>
        <p className={styles.title}>{look.title}</p>
        <p dir="auto" className={styles.message}>
          {sentence(fault.message)}
          {fault.service_code && !fault.message.includes(fault.service_code) ? (
            <code className={styles.code}> {fault.service_code}</code>
          ) : null}
        </p>
        {fault.hint ? (
          <p dir="auto" className={styles.hint}>
            {sentence(fault.hint)}
          </p>
        ) : null}
        {open ? (
          <dl id={detailsId} className={styles.details}>
            {lines.map(([name, value]) =>
              value ? (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd dir="auto">{value}</dd>
                </div>
              ) : null,
            )}
          </dl>
        ) : null}
      </div>
      <div className={styles.actions}>
        {look.action && look.act ? (
          <Button
            size="small"
            appearance="primary"
            onClick={act}
            disabled={busy}
            icon={busy ? <Spinner size="extra-tiny" /> : undefined}
          >
            {look.action}
          </Button>
        ) : null}
        {actions}
        <Link as="button" aria-expanded={open} aria-controls={detailsId} onClick={() => setOpen(!open)}>
          {open ? "Less" : "Details"}
        </Link>
        <Button
          size="small"
          appearance="subtle"
          icon={copied ? <CheckmarkRegular /> : <CopyRegular />}
          aria-label="Copy the error for a support case"
          title="Copy for a support case"
          onClick={() => copy(look.text)}
        />
        {onDismiss ? (
          <Button size="small" appearance="subtle" onClick={onDismiss}>
            Dismiss
          </Button>
        ) : null}
      </div>
    </div>
  );
}

/** Backend messages begin small and have no full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  // An address, a name with a sign in it or an id keeps its letters.
  const plainWord = /^[a-z][a-z'’-]*(?=[\s,;:.!?]|$)(?!:\/\/)/.test(trimmed);
  const first = plainWord ? `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}` : trimmed;
  return /[.!?…)]$/.test(first) ? first : `${first}.`;
}
