import { lazy, Suspense } from "react";
import styles from "./CodeEditor.module.css";
import type { CodeEditorProps } from "./CodeEditorInner";

const Inner = lazy(() => import("./CodeEditorInner"));

/** A text editor for JSON and XML; loaded when first needed. */
export function CodeEditor(props: CodeEditorProps) {
  return (
    <div
      className={`${styles.frame} ${props.readOnly ? styles.readOnly : ""}`}
      style={{ height: props.height ?? "100%" }}
    >
      <Suspense fallback={<pre className={styles.plain}>{props.value}</pre>}>
        <Inner {...props} />
      </Suspense>
    </div>
  );
}

export type { CodeEditorProps, CodeProblem } from "./CodeEditorInner";
