import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { useCallback, useEffect, useState } from "react";
import { call, type QueryFinding, type QueryLanguage, useRead } from "@/api";
import { CodeEditor } from "@/design";
import styles from "./query.module.css";

const kinds: Readonly<Record<string, string>> = {
  element: "type",
  attribute: "property",
  entity: "class",
  column: "variable",
  operator: "function",
  choice: "enum",
  alias: "namespace",
  word: "keyword",
  link: "interface",
};

/** The text of a query, checked against the environment as one types, with completion from its metadata. */
export function QueryEditor({
  connection,
  language,
  text,
  onText,
  onRun,
}: {
  connection: string;
  language: QueryLanguage;
  text: string;
  onText: (text: string) => void;
  onRun: () => void;
}) {
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), 250);
    return () => clearTimeout(timer);
  }, [text]);
  const empty = asked.trim() === "";
  const check = useRead(
    "queries.check",
    { connection, language, text: asked },
    { enabled: !empty, keep: true },
  );
  const complete = useCallback(
    async (context: CompletionContext): Promise<CompletionResult | null> => {
      const offers = await call("queries.complete", {
        connection,
        language,
        text: context.state.doc.toString(),
        offset: context.pos,
      });
      if (offers.items.length === 0 || context.aborted) return null;
      return {
        from: offers.from,
        to: offers.to,
        validFor: language === "odata" ? /^[\w.$]*$/ : /^[\w.<-]*$/,
        options: offers.items.map((item, index) => ({
          label: item.label,
          detail: item.detail,
          type: kinds[item.kind] ?? "text",
          // The order of the backend is the order of fit.
          boost: -Math.min(99, index),
          apply: (view, _completion, from, to) => {
            view.dispatch({
              changes: { from, to, insert: item.insert },
              selection: { anchor: from + item.insert.length - item.back },
              userEvent: "input.complete",
            });
          },
        })),
      };
    },
    [connection, language],
  );
  // Findings of a former text may lie behind the end of this one.
  const settled = asked === text && !check.isFetching;
  const findings: readonly QueryFinding[] = empty ? [] : (check.data?.findings ?? []);
  const errors = findings.filter(({ warning }) => !warning).length;
  return (
    <div className={styles.editor}>
      <div className={styles.editorText}>
        <CodeEditor
          key={language}
          label={language === "odata" ? "OData query" : "FetchXML query"}
          language={language === "odata" ? "text" : "xml"}
          value={text}
          onChange={onText}
          onRun={onRun}
          complete={complete}
          placeholder={
            language === "odata"
              ? "contacts?$select=fullname&$filter=statecode eq 0&$top=50"
              : "<fetch>…</fetch>"
          }
          problems={findings.map((finding) => ({
            from: finding.from,
            to: Math.max(finding.to, finding.from),
            severity: finding.warning ? ("warning" as const) : ("error" as const),
            message: `${finding.line}:${finding.column} ${finding.message}${finding.hint ? ` · ${finding.hint}` : ""}`,
            fixes: settled ? finding.fixes : [],
          }))}
        />
      </div>
      <Findings
        findings={findings}
        errors={errors}
        empty={empty}
        settled={settled}
        text={text}
        onText={onText}
      />
    </div>
  );
}

function Findings({
  findings,
  errors,
  empty,
  settled,
  text,
  onText,
}: {
  findings: readonly QueryFinding[];
  errors: number;
  empty: boolean;
  settled: boolean;
  text: string;
  onText: (text: string) => void;
}) {
  if (empty) return null;
  return (
    <div className={styles.findings} role="region" aria-label="Problems of the query">
      <span role="status" className={errors > 0 ? styles.bad : styles.muted}>
        {findings.length === 0
          ? "No problems"
          : [
              errors > 0 ? `${errors} ${errors === 1 ? "error" : "errors"}` : "",
              findings.length > errors ? `${findings.length - errors} to note` : "",
            ]
              .filter(Boolean)
              .join(", ")}
      </span>
      <ul className={styles.findingList}>
        {findings.slice(0, 20).map((finding) => (
          <li key={`${finding.from}/${finding.code}/${finding.message}`}>
            <code className={styles.muted}>
              {finding.line}:{finding.column}
            </code>{" "}
            <span>{finding.message}</span>{" "}
            {finding.fixes.length === 0 && finding.hint ? (
              <span className={styles.muted}>{finding.hint}</span>
            ) : null}
            {finding.fixes.slice(0, 3).map((fix) => (
              <button
                key={fix.label}
                type="button"
                className={styles.fix}
                disabled={!settled}
                onClick={() => onText(text.slice(0, fix.from) + fix.text + text.slice(fix.to))}
              >
                {fix.label}
              </button>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}
