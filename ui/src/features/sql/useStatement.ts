import { useCallback, useRef, useState } from "react";
import { type ApiError, call, type SqlTable } from "@/api";

/** A statement that ran or is running. */
export interface Statement {
  table: SqlTable | null;
  error: ApiError | null;
  running: boolean;
  /** What was run last. */
  text: string;
  run: (text: string) => void;
  stop: () => void;
}

/** Most rows that are shown; exports have no limit. */
export const MOST_ROWS = 10_000;
const LONGEST_MS = 120_000;

/** Runs one SELECT at a time; a new one stops the one before. */
export function useStatement(connection: string): Statement {
  const [table, setTable] = useState<SqlTable | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [text, setText] = useState("");
  const [running, setRunning] = useState<string | null>(null);
  const current = useRef<string | null>(null);

  const stop = useCallback(() => {
    const run = current.current;
    if (run) void call("cache.sql_stop", { run }).catch(() => undefined);
  }, []);

  const run = useCallback(
    (statement: string) => {
      if (statement.trim() === "") return;
      stop();
      const id = crypto.randomUUID();
      current.current = id;
      setRunning(id);
      setError(null);
      setText(statement);
      call("cache.sql", { connection, statement, run: id, limit: MOST_ROWS, timeout_ms: LONGEST_MS })
        .then(
          (found) => {
            if (current.current === id) setTable(found);
          },
          (fault: ApiError) => {
            if (current.current !== id) return;
            setTable(null);
            setError(fault);
          },
        )
        .finally(() => {
          if (current.current !== id) return;
          current.current = null;
          setRunning(null);
        });
    },
    [connection, stop],
  );
  return { table, error, running: running !== null, text, run, stop };
}
