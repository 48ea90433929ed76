import { Button } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import type { Problem } from "@/api";
import { sentence } from "@/design";
import styles from "./definitions.module.css";

/** A numbered part of the editor with its own problems beside the title. */
export function Part({
  number,
  title,
  summary,
  aside,
  children,
}: {
  number: number;
  title: string;
  summary?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.part} aria-label={title}>
      <header className={styles.partHead}>
        <span className={styles.number} aria-hidden>
          {number}
        </span>
        <h2>{title}</h2>
        <span className={styles.muted}>{summary}</span>
        <span className={styles.grow} />
        {aside}
      </header>
      <div className={styles.partBody}>{children}</div>
    </section>
  );
}

/** A line of the editor: what it says, how to remove it, and the problems that concern it. */
export function Line({
  label,
  problems,
  onRemove,
  children,
}: {
  label: string;
  problems: readonly Problem[];
  onRemove?: () => void;
  children: ReactNode;
}) {
  return (
    <div
      className={`${styles.line} ${problems.length > 0 ? styles.bad : ""}`}
      role="group"
      aria-label={label}
    >
      <div className={styles.lineRow}>
        {children}
        {onRemove ? (
          <Button
            size="small"
            appearance="subtle"
            icon={<DeleteRegular />}
            aria-label={`Remove ${label}`}
            title="Remove"
            onClick={onRemove}
          />
        ) : null}
      </div>
      <Problems problems={problems} />
    </div>
  );
}

export function Problems({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul className={styles.problems}>
      {problems.map((problem) => (
        <li key={`${problem.path}${problem.code}${problem.message}`}>
          {sentence(problem.message)}
          {problem.hint ? <span className={styles.muted}> {sentence(problem.hint)}</span> : null}
        </li>
      ))}
    </ul>
  );
}

export function AddButton({ children, onClick }: { children: ReactNode; onClick: () => void }) {
  return (
    <Button size="small" appearance="subtle" icon={<AddRegular />} onClick={onClick}>
      {children}
    </Button>
  );
}
