import { Button } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import { type ReactNode, useId } from "react";
import type { Problem } from "@/api";
import { sentence } from "@/design";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { fixOf } from "./fixes";
import { problemsAt, problemWords } from "./problems";
import { type SectionId, sections, summaryOf } from "./sections";

/** A part of the editor: its title, what it says in short, and its lines. */
export function Part({ id, aside, children }: { id: SectionId; aside?: ReactNode; children: ReactNode }) {
  const { editor, guided } = useParts();
  const heading = useId();
  const index = sections.findIndex((section) => section.id === id);
  const section = sections[index];
  const summary = summaryOf(editor.definition, id);
  return (
    <section className={styles.part} aria-labelledby={heading} data-part={id}>
      <header className={styles.partHead}>
        <span className={styles.number} aria-hidden>
          {index + 1}
        </span>
        <h2 id={heading}>{section?.title}</h2>
        <span className={styles.partSummary} title={summary}>
          {guided ? null : summary}
        </span>
        {aside}
      </header>
      {guided ? <p className={styles.help}>{section?.help}</p> : null}
      <div className={styles.partBody}>{children}</div>
    </section>
  );
}

/** A line of the editor: what it says, how to remove it, and the problems that concern it. */
export function Line({
  label,
  path,
  problems,
  onRemove,
  extra,
  children,
}: {
  label: string;
  /** Its place in the definition, so that problems lead here and the preview shows what is being changed. */
  path?: string;
  problems: readonly Problem[];
  onRemove?: () => void;
  /** Below the line: what is opened with it. */
  extra?: ReactNode;
  children: ReactNode;
}) {
  const { editor } = useParts();
  const warnings = path === undefined ? [] : problemsAt(editor.warnings, path);
  return (
    <div
      className={`${styles.line} ${problems.length > 0 ? styles.bad : ""}`}
      role="group"
      aria-label={label}
      data-path={path}
    >
      <div className={styles.lineRow}>
        {children}
        {onRemove ? (
          <Button
            size="small"
            appearance="subtle"
            className={styles.lineEnd}
            icon={<DeleteRegular />}
            aria-label={`Remove ${label}`}
            title="Remove"
            onClick={onRemove}
          />
        ) : null}
      </div>
      {extra}
      <Problems problems={problems} />
      <Problems problems={warnings} warning />
    </div>
  );
}

/** Problems where they are, each with what mends it where a button can. */
export function Problems({ problems, warning }: { problems: readonly Problem[]; warning?: boolean }) {
  const { editor } = useParts();
  if (problems.length === 0) return null;
  return (
    <ul className={`${styles.problems} ${warning ? styles.softProblems : ""}`}>
      {problems.map((problem) => {
        const fix = fixOf(problem);
        return (
          <li key={`${problem.path}${problem.code}${problem.message}`}>
            {problemWords(problem, editor.definition)}
            {problem.hint ? <span className={styles.muted}> {sentence(problem.hint)}</span> : null}
            {fix ? (
              <button type="button" className={styles.fix} onClick={() => editor.edit(fix.apply)}>
                {fix.label}
              </button>
            ) : null}
          </li>
        );
      })}
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
