import { CheckmarkCircleRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { sentence } from "@/design";
import { counted } from "@/lib/numbers";
import styles from "./definitions.module.css";
import type { Editor } from "./useEditor";

/** The definition's name; a new one is taken when the field is left. */
export function NameField({ editor }: { editor: Editor }) {
  const [name, setName] = useState(editor.definition.name);
  const commit = () => {
    if (name.trim() !== "" && name.trim() !== editor.definition.name)
      editor.edit((old) => ({ ...old, name: name.trim() }));
    else setName(editor.definition.name);
  };
  return (
    <input
      className={styles.titleInput}
      dir="auto"
      aria-label="Name of the definition"
      value={name}
      onChange={(event) => setName(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

export function SaveState({ editor }: { editor: Editor }) {
  const words = { saved: "Saved", waiting: "Editing…", saving: "Saving…", failed: "Not saved" };
  return (
    <span className={styles.saved} role="status">
      {words[editor.saveState]}
    </span>
  );
}

export function Status({ editor }: { editor: Editor }) {
  if (!editor.check) return null;
  if (editor.problems.length > 0)
    return (
      <span style={{ color: "var(--colorStatusDangerForeground1)" }}>
        {counted(editor.problems.length, "problem")}
      </span>
    );
  return (
    <span
      style={{
        display: "inline-flex",
        gap: 4,
        alignItems: "center",
        color: "var(--colorStatusSuccessForeground1)",
      }}
    >
      <CheckmarkCircleRegular aria-hidden /> no problems
    </span>
  );
}

/** All problems at once, each with its path and what to do. */
export function ProblemList({
  title,
  items,
  warning,
}: {
  title: string;
  items: Editor["problems"];
  warning?: boolean;
}) {
  return (
    <div className={`${styles.allProblems} ${warning ? styles.warnings : ""}`} role="status">
      <b>{title}</b>
      <ul>
        {items.map((problem) => (
          <li key={`${problem.path}${problem.code}${problem.message}`}>
            {problem.path ? <code>{problem.path}</code> : null} {sentence(problem.message)}{" "}
            {problem.hint ? <span className={styles.muted}>{sentence(problem.hint)}</span> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}
