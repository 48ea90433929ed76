import { useMemo } from "react";
import { CodeEditor } from "@/design";
import { locate } from "./model";
import type { Editor } from "./useEditor";

/** The definition as text, with each problem where it is. */
export function JsonSide({ editor }: { editor: Editor }) {
  const marks = useMemo(
    () =>
      [
        ...editor.problems.map((problem) => ({ problem, severity: "error" as const })),
        ...editor.warnings.map((problem) => ({ problem, severity: "warning" as const })),
      ].map(({ problem, severity }) => ({
        ...locate(editor.json, problem.path),
        severity,
        message: problem.hint ? `${problem.message} – ${problem.hint}` : problem.message,
      })),
    [editor.json, editor.problems, editor.warnings],
  );
  return (
    <CodeEditor
      label="The definition as JSON"
      language="json"
      value={editor.json}
      onChange={editor.editJson}
      problems={marks}
    />
  );
}
