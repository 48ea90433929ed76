import { Switch } from "@fluentui/react-components";
import { PlayRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, type RunView, toApiError, useRead } from "@/api";
import { Empty, Fault, Name, Page, SearchField, Segmented, Skeleton, Time } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { count, counted, duration } from "@/lib/numbers";
import { shortLocal } from "@/lib/time";
import { AuditMenu } from "./AuditMenu";
import { AuditSearch } from "./AuditSearch";
import type { StoryOf } from "./OutcomePanel";
import { RunBar, RunMark } from "./outcome";
import { scoreText } from "./Prediction";
import styles from "./runs.module.css";
import { Trends } from "./Trends";

/** What ran, newest first, or the records of all of it. */
export function RunsList({
  connection,
  belongs,
  onOpen,
  onStory,
}: {
  /** Name of the connection that is in front. */
  connection: string | undefined;
  belongs: (run: RunView) => boolean;
  onOpen: (run: string) => void;
  onStory: (of: StoryOf) => void;
}) {
  const list = useRead("runs.list", {});
  const [search, setSearch] = useState("");
  const [everyone, setEveryone] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  const [look, setLook] = useState<"runs" | "records">("runs");
  const all = list.data ?? [];
  const mine = all.filter(belongs);
  const shown = fuzzyFilter(
    search,
    everyone ? all : mine,
    (run) => `${run.definition} ${run.record ?? ""} ${run.source} ${run.destination} ${run.status}`,
  );
  const looks = (
    <Segmented
      label="Runs or their records"
      value={look}
      onChange={(next) => setLook(next === "records" ? "records" : "runs")}
      options={[
        { value: "runs", label: "Runs" },
        { value: "records", label: "Records" },
      ]}
    />
  );
  if (look === "records")
    return (
      <Page title="Runs" sub="Every record of every run" actions={looks}>
        <AuditSearch connection={connection} onStory={onStory} />
      </Page>
    );
  return (
    <Page
      scroll
      title="Runs"
      actions={all.length > 0 ? looks : undefined}
      toolbar={
        all.length > 0 ? (
          <>
            <SearchField value={search} onChange={setSearch} label="Find a run" style={{ width: 260 }} />
            <AuditMenu
              query={{}}
              connections={[...new Set(shown.flatMap((run) => [run.source, run.destination]))].sort()}
              name="audit"
              hint="Every record of every run at one connection with what was planned, sent and answered, and edits by hand"
              onError={(error) => setFault(toApiError(error))}
            />
            {mine.length < all.length ? (
              <Switch
                checked={everyone}
                onChange={(_, { checked }) => setEveryone(checked)}
                label="Of all clients"
              />
            ) : null}
          </>
        ) : undefined
      }
      notices={
        <>
          {list.error ? <Fault fault={list.error} onRetry={() => void list.refetch()} /> : null}
          {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
        </>
      }
    >
      {list.isPending && !list.error ? <Skeleton label="Loading runs" /> : null}
      {list.data && shown.length === 0 ? (
        <Empty icon={<PlayRegular />} title={search ? `No run matches “${search}”` : "Nothing was run yet"}>
          {search ? null : "Open a sync, preview it, and run what the preview shows."}
        </Empty>
      ) : null}
      {list.data && !search ? <Trends runs={shown} onOpen={onOpen} /> : null}
      {shown.length > 0 ? <RunTable runs={shown} onOpen={onOpen} /> : null}
    </Page>
  );
}

/** A run by itself that had nothing to write stands for all such runs in a row. */
export function Checks({ run }: { run: RunView }) {
  if (run.checks === 0) return null;
  if (run.checks === 1 || !run.checks_since) return <span className={styles.muted}> nothing to write</span>;
  return (
    <span className={styles.muted}>
      {` checked ${counted(run.checks, "time")} since `}
      <Time iso={run.checks_since} />, nothing to write
    </span>
  );
}

export function RunTable({ runs, onOpen }: { runs: readonly RunView[]; onOpen: (run: string) => void }) {
  return (
    <table className={styles.table} aria-label="Runs">
      <thead>
        <tr>
          <th scope="col">Started</th>
          <th scope="col">Sync</th>
          <th scope="col" className={styles.by} title="The user under whom the destination was written">
            By
          </th>
          <th scope="col">Outcome</th>
          <th scope="col" className={styles.rows} style={{ width: "18%" }}>
            Rows
          </th>
          <th scope="col" className={styles.number}>
            Read
          </th>
          <th scope="col" className={styles.number}>
            Written
          </th>
          <th
            scope="col"
            className={styles.number}
            title="Refused, without an answer, or held back because they changed since the preview"
          >
            Failed
          </th>
          <th scope="col" className={styles.number} title="Rows that came out as the preview had predicted">
            As predicted
          </th>
          <th scope="col" className={styles.number}>
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.run_id}>
            <td>
              <button
                type="button"
                className={styles.open}
                onClick={() => onOpen(run.run_id)}
                aria-label={`Open the run of ${run.definition} of ${shortLocal(run.started_at)}`}
              >
                <Time iso={run.started_at} />
              </button>
            </td>
            <td>
              <Name text={run.definition} />
              {run.record ? (
                <>
                  {" "}
                  <Name text={run.record} className={styles.muted} />
                </>
              ) : null}
              <div>
                <code className={styles.hash} title={`Definition ${run.definition_hash}`}>
                  {run.definition_hash.slice(0, 8)}
                </code>
              </div>
            </td>
            <td className={styles.by}>
              {run.by ? <Name text={run.by} /> : <span className={styles.muted}>–</span>}
            </td>
            <td>
              <RunMark status={run.status} />
              <Checks run={run} />
              {run.undo_of ? <span className={styles.muted}> undo</span> : null}
              {run.replay_of ? <span className={styles.muted}> replay</span> : null}
              {run.undone_by ? <span className={styles.muted}> taken back</span> : null}
            </td>
            <td className={styles.rows}>
              <RunBar run={run} />
            </td>
            <td className={styles.number}>{count(run.read)}</td>
            <td className={styles.number}>{count(run.created + run.updated + run.deleted)}</td>
            <td className={styles.number}>{count(run.failed + run.drifted)}</td>
            <td className={styles.number}>{scoreText(run.prediction)}</td>
            <td className={styles.number}>{duration(run.seconds)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
