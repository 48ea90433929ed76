import { CheckmarkCircleRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { ApiError } from "@/api";
import { Fault, sentence } from "@/design";
import { counted } from "@/lib/numbers";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import frameStyles from "./frame.module.css";
import listStyles from "./list.module.css";
import { problemWords } from "./problems";
import type { Editor } from "./useEditor";
import { useNarrow } from "./useNarrow";

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
      className={listStyles.titleInput}
      data-own-undo
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
  const words = {
    saved: "Saved",
    waiting: "Editing…",
    saving: "Saving…",
    failed: "Not saved",
    unsaved: "Not saved yet",
  };
  return (
    <span className={listStyles.saved} role="status">
      {words[editor.saveState]}
    </span>
  );
}

/** Whether it can be run; said aloud when it changes. */
export function Status({ editor }: { editor: Editor }) {
  const problems = editor.problems.length;
  return (
    <span role="status" className={problems > 0 ? listStyles.unsound : listStyles.sound}>
      {problems > 0 ? (
        counted(problems, "problem")
      ) : editor.check ? (
        <>
          <CheckmarkCircleRegular aria-hidden /> no problems
        </>
      ) : null}
    </span>
  );
}

interface Reading {
  error: ApiError | null;
  refetch: () => Promise<unknown>;
}

/** What a person must know about the whole: faults, what waits to be saved, all problems at once. */
export function EditorNotices({
  error,
  onDismiss,
  onRetry,
  reads,
}: {
  error: ApiError | null;
  onDismiss: () => void;
  onRetry: () => void;
  reads: readonly Reading[];
}) {
  const { editor, guided } = useParts();
  const short = useNarrow();
  const { problems, warnings } = editor;
  return (
    <>
      {error ? <Fault fault={error} onRetry={onRetry} onDismiss={onDismiss} /> : null}
      {editor.saveError && editor.saveState === "failed" ? (
        <Fault fault={editor.saveError} onRetry={() => void editor.save()} />
      ) : null}
      {editor.checkError ? <Fault fault={editor.checkError} /> : null}
      {reads.map((read, index) =>
        read.error ? <Fault key={index} fault={read.error} onRetry={() => void read.refetch()} /> : null,
      )}
      {editor.elsewhere ? (
        <p className={frameStyles.waiting} role="alert">
          It was changed in another place while you changed it here.{" "}
          <button type="button" className={styles.link} onClick={() => editor.settle("theirs")}>
            Take the other one
          </button>{" "}
          <button type="button" className={styles.link} onClick={() => editor.settle("mine")}>
            Keep mine
          </button>
        </p>
      ) : null}
      {editor.live && editor.saveState === "unsaved" ? (
        <p className={frameStyles.waiting} role="status">
          It runs by its schedule, so changes wait until you save them.
          {editor.recovered ? " These are of an earlier sitting." : ""}{" "}
          <button type="button" className={styles.link} onClick={editor.revert}>
            Take the saved one again
          </button>
        </p>
      ) : editor.recovered ? (
        <p className={frameStyles.waiting} role="status">
          Text of an earlier sitting that was not saved is here again.{" "}
          <button type="button" className={styles.link} onClick={editor.revert}>
            Take the saved one again
          </button>
        </p>
      ) : null}
      {problems.length > 0 ? (
        <ProblemList
          title={`${counted(problems.length, "problem")}: it can't be previewed or run yet`}
          items={problems}
          folded={guided || short}
        />
      ) : null}
      {problems.length === 0 && warnings.length > 0 ? (
        <ProblemList title={`Worth a look: ${warnings.length}`} items={warnings} warning folded />
      ) : null}
    </>
  );
}

/** All problems at once; each leads to its place. */
function ProblemList({
  title,
  items,
  warning,
  folded,
}: {
  title: string;
  items: Editor["problems"];
  warning?: boolean;
  folded?: boolean;
}) {
  const { reveal, editor } = useParts();
  return (
    <details className={`${frameStyles.allProblems} ${warning ? frameStyles.warnings : ""}`} open={!folded}>
      <summary>
        <b>{title}</b>
      </summary>
      <ul>
        {items.map((problem) => (
          <li key={`${problem.path}${problem.code}${problem.message}`}>
            <button type="button" className={styles.link} onClick={() => reveal(problem.path)}>
              {problem.path || "whole definition"}
            </button>{" "}
            {problemWords(problem, editor.definition)}{" "}
            {problem.hint ? <span className={styles.muted}>{sentence(problem.hint)}</span> : null}
          </li>
        ))}
      </ul>
    </details>
  );
}
