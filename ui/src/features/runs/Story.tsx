import { Button } from "@fluentui/react-components";
import { HistoryRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, type AuditRowView, type HandEditView, toApiError, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Page, Skeleton, Time } from "@/design";
import { counted } from "@/lib/numbers";
import { AuditMenu } from "./AuditMenu";
import { ChangeTable, Facts } from "./Facts";
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
  const [fault, setFault] = useState<ApiError | null>(null);
  const story = useRead("audit.rows", { connection, entity, record, limit }, { keep: true });
  const edits = useRead("edits.list", { connection, entity, record, limit: 1000 }, { keep: true });
  const rows = story.data?.rows ?? [];
  const byHand = edits.data?.rows ?? [];
  const total = story.data?.total ?? 0;
  const title = rows.find((row) => row.title && row.title !== row.source_id)?.title ?? name ?? record;
  const chapters = chaptersOf(rows, byHand, rows.length < total);
  return (
    <Page
      scroll
      title={<Name text={title} />}
      sub={
        <>
          <code>{entity}</code> <code>{record}</code>
          {story.data ? <span> · in {counted(total, "run")}</span> : null}
          {byHand.length > 0 ? <span> · {counted(byHand.length, "edit")} by hand</span> : null}
        </>
      }
      actions={
        <>
          <AuditMenu
            query={{ connection, entity, record }}
            name={`${title}-story`}
            hint="Everything that runs did to this record, and every edit by hand"
            onError={(error) => setFault(toApiError(error))}
          />
          <Button size="small" onClick={onOpenRecord}>
            Open the record
          </Button>
        </>
      }
      notices={
        <>
          {story.error ? <Fault fault={story.error} onRetry={() => void story.refetch()} /> : null}
          {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
        </>
      }
    >
      {!story.data && !story.error ? <Skeleton rows={10} label="Loading the record's story" /> : null}
      {edits.error ? <Fault fault={edits.error} onRetry={() => void edits.refetch()} /> : null}
      {story.data && edits.data && chapters.length === 0 ? (
        <Empty icon={<HistoryRegular />} title="No run has met this record">
          Runs that read it or wrote it in {connection}, and edits by hand, are listed here, with what it held
          before and after.
        </Empty>
      ) : null}
      <ol className={styles.chapters} aria-label="What happened to this record">
        {chapters.map((one, at) => (
          <li key={one.key}>
            {one.row ? (
              <Chapter row={one.row} open={at === 0} onOpenRun={onOpenRun} />
            ) : (
              <ByHand edit={one.edit} open={at === 0} />
            )}
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

type Told =
  | { key: string; at: string; row: AuditRowView; edit?: undefined }
  | { key: string; at: string; row?: undefined; edit: HandEditView };

/** Runs and edits by hand, the latest first. While runs are still to come, edits that are older than those shown wait for them. */
function chaptersOf(rows: readonly AuditRowView[], edits: readonly HandEditView[], more: boolean): Told[] {
  const runs: Told[] = rows.map((row) => ({
    key: `${row.run_id}/${row.ordinal}`,
    at: row.answered_at ?? row.started_at,
    row,
  }));
  const last = runs.at(-1)?.at;
  const hands: Told[] = edits
    .filter(({ at }) => !more || last === undefined || Date.parse(at) >= Date.parse(last))
    .map((edit, index) => ({ key: `hand/${edits.length - index}`, at: edit.at, edit }));
  return [...runs, ...hands].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

const done: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  upsert: "upserted",
  delete: "deleted",
};

function ByHand({ edit, open }: { edit: HandEditView; open: boolean }) {
  const word = done[edit.operation] ?? edit.operation;
  return (
    <details open={open}>
      <summary>
        <Time iso={edit.at} form="full" /> <Mark tone={tones[word] ?? "neutral"}>{word}</Mark> by hand
        {edit.by ? (
          <span className={styles.muted}>
            {" "}
            · as <Name text={edit.by} />
          </span>
        ) : null}
      </summary>
      <div className={styles.chapter}>
        <div className={styles.facts}>
          {edit.changes.length > 0 ? (
            <ChangeTable changes={edit.changes} after="After" />
          ) : (
            <p className={styles.muted}>
              {edit.before_known ? "No value changed." : "What it held before or after could not be read."}
            </p>
          )}
        </div>
      </div>
    </details>
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
