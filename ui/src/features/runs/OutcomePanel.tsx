import { type AuditRowView, useRead, type Value } from "@/api";
import { CopyField, Fault, Mark, Name, Panel, Skeleton, Time } from "@/design";
import { plainText } from "@/lib/record";
import { tones } from "./outcome";
import styles from "./runs.module.css";

/** One record of a run with everything that is known of it, and its story over all runs. */
export function OutcomePanel({
  run,
  source,
  title,
  onOpenRun,
  onClose,
}: {
  run: string;
  source: string;
  title: string;
  onOpenRun: (run: string) => void;
  onClose: () => void;
}) {
  const story = useRead("audit.rows", { record: source, limit: 200 }, { keep: true });
  const rows = story.data?.rows.filter((row) => row.source_id === source) ?? [];
  const own = rows.find((row) => row.run_id === run);
  return (
    <Panel title={<Name text={title || source} />} onClose={onClose}>
      <div className={styles.facts}>
        {story.error ? <Fault fault={story.error} onRetry={() => void story.refetch()} /> : null}
        {!story.data && !story.error ? <Skeleton rows={8} label="Loading the record's story" /> : null}
        {story.data && !own ? (
          <p className={styles.muted}>Its details are there when the run has ended.</p>
        ) : null}
        {own ? <Facts row={own} /> : null}
        {rows.length > 0 ? (
          <section aria-label="Story over all runs">
            <h3 className={styles.subtitle}>Over all runs</h3>
            <ol className={styles.story}>
              {rows.map((row) => (
                <li key={`${row.run_id}/${row.ordinal}`} aria-current={row.run_id === run || undefined}>
                  <button type="button" className={styles.open} onClick={() => onOpenRun(row.run_id)}>
                    <Time iso={row.started_at} />
                  </button>{" "}
                  <Mark tone={tones[row.outcome] ?? "neutral"}>{row.outcome}</Mark>{" "}
                  <Name text={row.definition} />
                  {row.message ? (
                    <span className={styles.muted}>
                      {" "}
                      <Name text={row.message} />
                    </span>
                  ) : null}
                </li>
              ))}
            </ol>
          </section>
        ) : null}
      </div>
    </Panel>
  );
}

function shown(value: Value | undefined): string {
  return value === undefined || value === null ? "–" : plainText(value);
}

function Facts({ row }: { row: AuditRowView }) {
  return (
    <>
      <p>
        Planned: {row.action} · came: <Mark tone={tones[row.outcome] ?? "neutral"}>{row.outcome}</Mark>
        {row.answered_at ? (
          <>
            {" "}
            · <Time iso={row.answered_at} form="full" />
          </>
        ) : null}
      </p>
      {row.message ? (
        <p dir="auto" className={styles.message}>
          {row.message}
        </p>
      ) : (
        <p className={styles.muted}>{row.reason}</p>
      )}
      {row.changes.length > 0 ? (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">Sent</th>
            </tr>
          </thead>
          <tbody>
            {row.changes.map((one) => (
              <tr key={one.field}>
                <td>
                  <Name text={one.field} />
                </td>
                <td>
                  <Name text={shown(one.from)} />
                </td>
                <td>
                  <Name text={shown(one.to)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {row.code ? <CopyField label="Code" value={row.code} /> : null}
      {row.request_id ? <CopyField label="Request id" value={row.request_id} /> : null}
      <CopyField label="Source id" value={row.source_id} />
      {row.source_version ? <CopyField label="Version at the source" value={row.source_version} /> : null}
      {row.destination_id ? <CopyField label="Id at the destination" value={row.destination_id} /> : null}
      {row.destination_version ? (
        <CopyField label="Version after the write" value={row.destination_version} />
      ) : null}
      {row.request_hash ? <CopyField label="SHA-256 of the request" value={row.request_hash} /> : null}
      {row.sent_at ? (
        <p className={styles.muted}>
          sent <Time iso={row.sent_at} form="full" />
        </p>
      ) : null}
    </>
  );
}
