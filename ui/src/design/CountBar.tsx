import { count, percent } from "@/lib/numbers";
import styles from "./CountBar.module.css";

export interface CountPart<K extends string> {
  key: K;
  label: string;
  value: number;
  tone: "create" | "update" | "delete" | "same" | "skip" | "bad" | "warn";
  hint?: string;
}

/** Counts as one bar in proportion, and beneath it a button a part that filters by it. What is not counted yet of the total stays empty. */
export function CountBar<K extends string>({
  label,
  parts,
  selected,
  onSelect,
  total,
}: {
  label: string;
  parts: readonly CountPart<K>[];
  selected: K | null;
  onSelect?: (key: K | null) => void;
  total?: number;
}) {
  const sum = parts.reduce((all, part) => all + part.value, 0);
  const whole = Math.max(sum, total ?? 0);
  return (
    <div className={styles.frame}>
      <div className={styles.bar} aria-hidden>
        {parts.map((part) =>
          part.value > 0 ? (
            <span
              key={part.key}
              className={`${styles[part.tone]} ${selected !== null && selected !== part.key ? styles.dim : ""}`}
              style={{ flexGrow: Math.max(percent(part.value, whole), 0.6) }}
            />
          ) : null,
        )}
        {sum > 0 && whole > sum ? <span data-rest style={{ flexGrow: percent(whole - sum, whole) }} /> : null}
      </div>
      <div className={styles.parts} role="group" aria-label={label}>
        {total === undefined ? null : (
          <button
            type="button"
            className={styles.part}
            aria-pressed={selected === null}
            onClick={() => onSelect?.(null)}
            disabled={!onSelect}
          >
            <b>{count(total)}</b> read
          </button>
        )}
        {parts.map((part) => (
          <button
            key={part.key}
            type="button"
            className={styles.part}
            aria-pressed={selected === part.key}
            title={part.hint}
            disabled={!onSelect || (part.value === 0 && selected !== part.key)}
            onClick={() => onSelect?.(selected === part.key ? null : part.key)}
          >
            <span className={`${styles.dot} ${styles[part.tone]}`} aria-hidden />
            <b>{count(part.value)}</b> {part.label}
          </button>
        ))}
      </div>
    </div>
  );
}

/** The same counts, only as a thin bar for a list. */
export function ThinBar({
  parts,
  label,
}: {
  parts: readonly { tone: CountPart<string>["tone"]; value: number; label: string }[];
  label: string;
}) {
  const sum = parts.reduce((all, part) => all + part.value, 0);
  const words = parts.filter((part) => part.value > 0).map((part) => `${count(part.value)} ${part.label}`);
  return (
    <span
      className={styles.thin}
      role="img"
      aria-label={`${label}: ${words.join(", ") || "nothing"}`}
      title={words.join(" · ")}
    >
      {parts.map((part) =>
        part.value > 0 ? (
          <span
            key={part.label}
            className={styles[part.tone]}
            style={{ flexGrow: Math.max(percent(part.value, sum), 2) }}
          />
        ) : null,
      )}
    </span>
  );
}
