import { Button, ProgressBar } from "@fluentui/react-components";
import { useState } from "react";
import { type ApiError, call, change, type EntityStatistics, isOver, toApiError, useJobs } from "@/api";
import { Fault, Time } from "@/design";
import { count, counted } from "@/lib/numbers";
import styles from "./entities.module.css";

/** Has the columns of an entity counted, shows how far that is, and says what the last count is worth. */
export function CountColumns({
  connection,
  entity,
  cachedRecords,
  statistics,
}: {
  connection: string;
  entity: string;
  cachedRecords: number | null;
  statistics: EntityStatistics | null;
}) {
  const [error, setError] = useState<ApiError | null>(null);
  const title = `counting the columns of ${entity}`;
  const mine = useJobs().filter(
    (job) => job.kind === "statistics" && job.connection === connection && job.title === title,
  );
  const running = mine.find((job) => !isOver(job));
  const failed = mine[0]?.state === "failed" ? mine[0].error : null;

  async function start(mode: "live" | "cached") {
    setError(null);
    try {
      await change("statistics.start", { connection, entity, mode });
    } catch (fault) {
      setError(toApiError(fault));
    }
  }

  const fault = error ?? (running ? null : failed);
  return (
    <div className={styles.counting}>
      {running ? (
        <>
          <span role="status">
            {running.state === "cancelling" ? "stopping…" : `${running.stage || "counting"} `}
            {count(running.done)} of {running.total === null ? "…" : counted(running.total, "column")}
          </span>
          <ProgressBar
            className={styles.countingBar}
            aria-label="Columns counted"
            value={running.total ? running.done / running.total : undefined}
          />
          <Button
            size="small"
            disabled={running.state === "cancelling"}
            onClick={() => void call("jobs.cancel", { job: running.id })}
          >
            Stop counting
          </Button>
        </>
      ) : (
        <>
          <Button
            size="small"
            onClick={() => void start("live")}
            title="Aggregate queries, answered by the service"
          >
            Count values live
          </Button>
          <Button
            size="small"
            disabled={cachedRecords === null}
            title={
              cachedRecords === null
                ? "Nothing is cached: pull the entity first"
                : `Count the ${counted(cachedRecords, "cached record")}, without a network`
            }
            onClick={() => void start("cached")}
          >
            Count values in the cache
          </Button>
          {statistics ? (
            <Worth statistics={statistics} />
          ) : (
            <span className={styles.muted}>How full each column is, and with what.</span>
          )}
        </>
      )}
      {fault ? <Fault fault={fault} onDismiss={error ? () => setError(null) : undefined} /> : null}
    </div>
  );
}

/** Where and when it was counted, and how exact it is. */
function Worth({ statistics }: { statistics: EntityStatistics }) {
  const { mode, as_of, records, sampled, stopped, columns } = statistics;
  const looked = Math.max(0, ...columns.map(({ rows }) => rows));
  return (
    <span className={styles.muted} role="status">
      {sampled
        ? `A sample of ${counted(looked, "record")} out of ${count(records)} or more, since the service aggregates at most 50,000`
        : counted(records, "record")}
      {mode === "live" ? ", live " : ", in the cache, pulled "}
      <Time iso={as_of} form="ago" />
      {stopped ? ` · stopped after ${counted(columns.length, "column")}` : ""}
      {!sampled && columns.some((column) => column.sampled)
        ? " · different values are counted over a part of the records"
        : ""}
    </span>
  );
}
