import { Button } from "@fluentui/react-components";
import { HistoryRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type AuditRowView, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Page, Skeleton, Time } from "@/design";
import { counted } from "@/lib/numbers";
import { Facts } from "./Facts";
import { tones } from "./outcome";
import styles from "./runs.module.css";

const STEP = 50;

/** Everything that runs did to one record, at whichever end it stands: when, what, before and after, and what the service said. */
export function Story({
  connection,
  entity,
  record,
  name,
  onOpenRun,
  onOpenRecord,
}: {
  connection: string;
  entity: string;
  record: string;
  /** What it is called, where that is known. */
  name: string | null;
  onOpenRun: (run: string) => void;
  onOpenRecord: () => void;
}) {
  const [limit, setLimit] = useState(STEP);
  const story = useRead("audit.rows", { connection, entity, record, limit }, { keep: true });
  const rows = story.data?.rows ?? [];
  const total = story.data?.total ?? 0;
  const title = rows.find((row) => row.title && row.title !== row.source_id)?.title ?? name ?? record;
  return (
    <Page
      scroll
      title={<Name text={title} />}
      sub={
        <>
          <code>{entity}</code> <code>{record}</code>
          {story.data ? <span> · in {counted(total, "run")}</span> : null}
        </>
      }
      actions={
        <Button size="small" onClick={onOpenRecord}>
          Open the record
        </Button>
      }
      notices={story.error ? <Fault fault={story.error} onRetry={() => void story.refetch()} /> : undefined}
    >
      {!story.data && !story.error ? <Skeleton rows={10} label="Loading the record's story" /> : null}
      {story.data && rows.length === 0 ? (
        <Empty icon={<HistoryRegular />} title="No run has met this record">
          Runs that read it or wrote it in {connection} are listed here, with what it held before and after.
        </Empty>
      ) : null}
      <ol className={styles.chapters} aria-label="Runs that met this record">
        {rows.map((row, at) => (
          <li key={`${row.run_id}/${row.ordinal}`}>
            <Chapter row={row} open={at === 0} onOpenRun={onOpenRun} />
          </li>
        ))}
      </ol>
      {rows.length < total ? (
        <p>
          <Button size="small" onClick={() => setLimit(Math.min(limit + STEP, 1000))}>
            Show more of {counted(total, "run")}
          </Button>
        </p>
      ) : null}
    </Page>
  );
}

function Chapter({
  row,
  open,
  onOpenRun,
}: {
  row: AuditRowView;
  open: boolean;
  onOpenRun: (run: string) => void;
}) {
  return (
    <details open={open}>
      <summary>
        <Time iso={row.answered_at ?? row.started_at} form="full" />{" "}
        <Mark tone={tones[row.outcome] ?? "neutral"}>{row.outcome}</Mark> <Name text={row.definition} />
        <span className={styles.muted}>
          {" "}
          · {row.source} · {row.source_entity} → {row.destination} · {row.destination_entity}
          {row.code ? ` · ${row.code}` : ""}
        </span>
      </summary>
      <div className={styles.chapter}>
        <p>
          <button type="button" className={styles.open} onClick={() => onOpenRun(row.run_id)}>
            Open the run of <Time iso={row.started_at} form="full" />
          </button>
        </p>
        <div className={styles.facts}>
          <Facts row={row} />
        </div>
      </div>
    </details>
  );
}
