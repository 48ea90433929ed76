import { Button } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { type ApiError, call, type QueryCount, type QueryLanguage, toApiError } from "@/api";
import { Fault } from "@/design";
import { count } from "@/lib/numbers";
import styles from "./query.module.css";

/** How many rows a query has, exact beyond the service's limits where that is possible, else said to be a snapshot. */
export function RowCount({
  connection,
  language = "fetchxml",
  text,
  cached = false,
}: {
  connection: string;
  language?: QueryLanguage;
  text: string;
  /** Counts in the cache. */
  cached?: boolean;
}) {
  const [found, setFound] = useState<QueryCount | null>(null);
  const [fault, setFault] = useState<ApiError | null>(null);
  const [run, setRun] = useState<string | null>(null);
  const latest = useRef("");
  // Another query has another number.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text says which query it is
  useEffect(() => {
    setFound(null);
    setFault(null);
    setRun(null);
    latest.current = "";
  }, [connection, language, text, cached]);
  async function ask() {
    const id = crypto.randomUUID();
    latest.current = id;
    setRun(id);
    setFault(null);
    try {
      const result = await call("queries.count", {
        connection,
        language,
        text,
        run: id,
        cached: cached || undefined,
      });
      if (latest.current === id) setFound(result);
    } catch (error) {
      if (latest.current === id) setFault(toApiError(error));
    } finally {
      if (latest.current === id) setRun(null);
    }
  }
  return (
    <div className={styles.count} role="status">
      {found ? (
        <span title={found.sentence}>
          <strong>
            {found.by === "at_least" ? "≥ " : found.exact ? "" : "about "}
            {count(found.value)}
          </strong>{" "}
          {found.value === 1 ? "row" : "rows"} <span className={styles.muted}>{found.sentence}</span>
        </span>
      ) : null}
      {run ? (
        <Button
          size="small"
          onClick={() => {
            void call("queries.cancel", { run }).catch(() => undefined);
            latest.current = "";
            setRun(null);
          }}
        >
          Stop counting
        </Button>
      ) : (
        <Button size="small" onClick={() => void ask()} disabled={text.trim() === ""}>
          {found ? "Count again" : "Count all rows"}
        </Button>
      )}
      {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
    </div>
  );
}
