import { Button, Input, Tooltip } from "@fluentui/react-components";
import { CheckmarkRegular, CopyRegular, DismissRegular, SearchRegular } from "@fluentui/react-icons";
import type { CSSProperties, ReactNode, Ref } from "react";
import { pauseWords } from "@/lib/costs";
import { ago, fullLocal, shortLocal, utc } from "@/lib/time";
import styles from "./basics.module.css";
import { useCopy } from "./useCopy";

/** A text that a stranger wrote: any direction, any length, cut with the whole on hover. */
export function Name({
  text,
  strong,
  title,
  className,
}: {
  text: string;
  strong?: boolean;
  title?: string;
  className?: string;
}) {
  return (
    <bdi
      dir="auto"
      title={title ?? text}
      className={`${styles.name} ${strong ? styles.strong : ""} ${className ?? ""}`}
    >
      {text}
    </bdi>
  );
}

/** A time: local in sight, UTC on hover. */
export function Time({
  iso,
  form = "short",
}: {
  iso: string | null | undefined;
  form?: "short" | "full" | "ago";
}) {
  if (!iso) return <span className={styles.none}>–</span>;
  const text = form === "short" ? shortLocal(iso) : form === "full" ? fullLocal(iso) : ago(iso);
  return (
    <time dateTime={iso} title={utc(iso)} className={styles.time}>
      {text}
    </time>
  );
}

export type Light = "green" | "yellow" | "red" | "grey";

/** A status light with its sentence; never colour alone. */
export function StatusLight({
  light,
  label,
  hideLabel,
}: {
  light: Light;
  label: string;
  hideLabel?: boolean;
}) {
  return (
    <span className={styles.status} title={label}>
      <span className={`${styles.light} ${styles[light]}`} aria-hidden />
      <span className={hideLabel ? "visually-hidden" : styles.name}>{label}</span>
    </span>
  );
}

export function Kbd({ keys }: { keys: string }) {
  return <kbd className={styles.kbd}>{keys}</kbd>;
}

/** A short mark such as PRODUCTION or a column's type. */
export function Mark({
  children,
  tone = "neutral",
  title,
}: {
  children: ReactNode;
  tone?: "neutral" | "danger" | "warning" | "success" | "brand";
  title?: string;
}) {
  return (
    <span className={`${styles.mark} ${styles[`mark-${tone}`]}`} title={title}>
      {children}
    </span>
  );
}

/** A value to take elsewhere, with a button that copies it. */
export function CopyField({ label, value, large }: { label: string; value: string; large?: boolean }) {
  const [copied, copy] = useCopy();
  return (
    <div className={styles.copyField}>
      <span className={styles.label}>{label}</span>
      <span className={large ? styles.copyLarge : styles.copyValue}>{value}</span>
      <Tooltip content={copied ? "Copied" : "Copy"} relationship="label">
        <Button
          size="small"
          appearance="subtle"
          icon={copied ? <CheckmarkRegular /> : <CopyRegular />}
          aria-label={`Copy ${label}`}
          onClick={() => copy(value)}
        />
      </Tooltip>
    </div>
  );
}

export function SearchField({
  value,
  onChange,
  label,
  placeholder,
  inputRef,
  onEnter,
  style,
}: {
  value: string;
  onChange: (value: string) => void;
  label: string;
  placeholder?: string;
  inputRef?: Ref<HTMLInputElement>;
  onEnter?: () => void;
  style?: CSSProperties;
}) {
  return (
    <Input
      size="small"
      style={style}
      className={styles.search}
      input={{ ref: inputRef, dir: "auto" }}
      aria-label={label}
      placeholder={placeholder ?? label}
      value={value}
      onChange={(_, data) => onChange(data.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && value !== "") {
          event.stopPropagation();
          onChange("");
        }
        if (event.key === "Enter") onEnter?.();
      }}
      contentBefore={<SearchRegular />}
      contentAfter={
        value === "" ? undefined : (
          <Button
            size="small"
            appearance="transparent"
            icon={<DismissRegular />}
            aria-label="Clear"
            onClick={() => onChange("")}
          />
        )
      }
    />
  );
}

/** Nothing here: why, and what to do first. */
export function Empty({
  icon,
  title,
  children,
  actions,
  whole = false,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** It is all there is at a place, so its title is the place's heading. */
  whole?: boolean;
}) {
  const Heading = whole ? "h1" : "h2";
  return (
    <div className={styles.empty}>
      {icon ? (
        <span className={styles.emptyIcon} aria-hidden>
          {icon}
        </span>
      ) : null}
      <Heading className={styles.emptyTitle}>{title}</Heading>
      {children ? <div className={styles.emptyText}>{children}</div> : null}
      {actions ? <div className={styles.emptyActions}>{actions}</div> : null}
    </div>
  );
}

/** Grey lines in the place of what is coming. */
export function Skeleton({
  rows = 8,
  label = "Loading",
  pausedUntil = null,
}: {
  rows?: number;
  label?: string;
  /** The service asked to wait until then (RFC 3339). */
  pausedUntil?: string | null;
}) {
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      <Paused until={pausedUntil} />
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} style={{ width: `${[92, 76, 84, 61, 88, 70][row % 6]}%` }} />
      ))}
    </div>
  );
}

/** Says why nothing comes, where the service asked to wait; it goes on by itself. */
export function Paused({ until }: { until: string | null }) {
  if (until === null) return null;
  return (
    <p className={styles.paused} title={utc(until)}>
      Reading waits: {pauseWords(until)}. It goes on by itself then.
    </p>
  );
}

/** One of a few, side by side. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode; title?: string; disabled?: boolean }[];
  onChange: (value: T) => void;
}) {
  return (
    <div role="radiogroup" aria-label={label} className={styles.segmented}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          title={option.title}
          disabled={option.disabled}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChange(option.value)}
          onKeyDown={(event) => {
            const step =
              event.key === "ArrowRight" || event.key === "ArrowDown"
                ? 1
                : event.key === "ArrowLeft" || event.key === "ArrowUp"
                  ? -1
                  : 0;
            if (step === 0) return;
            event.preventDefault();
            const usable = options.filter((other) => !other.disabled);
            const at = usable.findIndex((other) => other.value === value);
            const next = usable[(at + step + usable.length) % usable.length];
            if (!next) return;
            onChange(next.value);
            const buttons = [
              ...(event.currentTarget.parentElement?.querySelectorAll("button:not(:disabled)") ?? []),
            ];
            const target = buttons[usable.indexOf(next)];
            if (target instanceof HTMLElement) target.focus();
          }}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
