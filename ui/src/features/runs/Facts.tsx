import type { AuditRowView, Value } from "@/api";
import { CopyField, Mark, Name, Time } from "@/design";
import { afterMethod, prettyJson } from "@/lib/prettyJson";
import { plainText } from "@/lib/record";
import { tones } from "./outcome";
import styles from "./runs.module.css";

function shown(value: Value | undefined): string {
  return value === undefined || value === null ? "–" : plainText(value);
}

/** What each field held before, and what it was given. */
export function ChangeTable({ changes, after }: { changes: AuditRowView["changes"]; after: string }) {
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">{after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((one) => (
          <tr key={one.field}>
            <td>
              <Name text={one.field} />
            </td>
            <td className={styles.lines}>
              <Name text={shown(one.from)} />
            </td>
            <td className={styles.lines}>
              <Name text={shown(one.to)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** All that is known of a record in a run. */
export function Facts({ row }: { row: AuditRowView }) {
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
      {row.changes.length > 0 ? <ChangeTable changes={row.changes} after="Sent" /> : null}
      {row.code ? <CopyField label="Code" value={row.code} /> : null}
      {row.request_id ? <CopyField label="Request id" value={row.request_id} /> : null}
      <CopyField label="Source id" value={row.source_id} />
      {row.source_version ? <CopyField label="Version at the source" value={row.source_version} /> : null}
      {row.destination_id ? <CopyField label="Id at the destination" value={row.destination_id} /> : null}
      {row.destination_version ? (
        <CopyField label="Version after the write" value={row.destination_version} />
      ) : null}
      {row.request ? (
        <details>
          <summary>{row.sent_at ? "Request as it was sent" : "Request"}</summary>
          <p>
            <Mark tone="brand">{row.request.method}</Mark> <code>{afterMethod(row.request)}</code>
          </p>
          <pre className={styles.lines}>{prettyJson(row.request.body)}</pre>
        </details>
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
