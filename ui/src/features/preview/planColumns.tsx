import type { Action, PlanRow } from "@/api";
import type { GridColumn } from "@/design";
import { KnownRecord, Mark, Name } from "@/design";
import { plainText } from "@/lib/record";
import styles from "./preview.module.css";

/** How an action looks. */
export const actionTones: Record<Action, "success" | "brand" | "neutral" | "warning" | "danger"> = {
  create: "success",
  update: "brand",
  delete: "danger",
  unchanged: "neutral",
  skip: "warning",
  invalid: "danger",
};

/** True when a run sends something for it. */
export function writes(action: Action): boolean {
  return action === "create" || action === "update" || action === "delete";
}

/** Columns of a preview's rows, all in sight in a window of 1280 pixels. Unticked rows are not sent. */
export function planColumns(onExclude: (row: PlanRow, excluded: boolean) => void): GridColumn<PlanRow>[] {
  return [
    {
      key: "title",
      title: "Record",
      sortable: true,
      width: 280,
      cell: (row) => (
        <>
          {writes(row.action) ? (
            <input
              type="checkbox"
              tabIndex={-1}
              className={styles.tick}
              checked={!row.excluded}
              aria-label={`Send ${row.title}`}
              title={row.excluded ? "Held back; tick to send it" : "Untick to hold it back"}
              onClick={(event) => event.stopPropagation()}
              onChange={(event) => onExclude(row, !event.target.checked)}
            />
          ) : (
            <span className={styles.tick} />
          )}
          <KnownRecord row={row} className={row.excluded ? styles.out : undefined} />
        </>
      ),
      text: (row) => row.title || row.source_id,
    },
    {
      key: "action",
      title: "Action",
      sortable: true,
      width: 100,
      cell: (row) => <Mark tone={actionTones[row.action]}>{row.excluded ? "held back" : row.action}</Mark>,
      text: (row) => row.action,
    },
    {
      key: "identifiers",
      title: "Identified by",
      width: 180,
      cell: (row) => <Name text={identifiersOf(row)} />,
      text: identifiersOf,
    },
    { key: "changes", title: "Changes", width: 330, cell: (row) => <Changes row={row} />, text: changesText },
    { key: "why", title: "Why", width: 330, cell: (row) => <Name text={whyText(row)} />, text: whyText },
  ];
}

function identifiersOf(row: PlanRow): string {
  return Object.values(row.identifiers).map(plainText).join(" · ");
}

function whyText(row: PlanRow): string {
  // An issue that decided over the row is the reason, too.
  return [...new Set([row.reason, ...row.issues.map(({ message }) => message)])].filter(Boolean).join("; ");
}

/** The events that go with a row; what is left out sends none. */
function eventsOf(row: PlanRow): PlanRow["events"] {
  return row.action === "skip" || row.action === "invalid" ? [] : row.events;
}

export function changesText(row: PlanRow): string {
  const changes = row.changes.map(({ field, from, to }) =>
    row.action === "create"
      ? `${field}: ${plainText(to)}`
      : row.action === "delete"
        ? `${field}: ${plainText(from)}`
        : `${field}: ${plainText(from) || "–"} → ${plainText(to) || "–"}`,
  );
  return [...eventsOf(row).map((event) => `event ${eventText(event)}`), ...changes].join("; ");
}

/** `order, 2026-03-04T12:00:00Z`. */
function eventText({ name, timestamp }: PlanRow["events"][number]): string {
  return timestamp === "" ? name : `${name}, ${timestamp}`;
}

function Changes({ row }: { row: PlanRow }) {
  const events = eventsOf(row);
  if (row.changes.length === 0 && events.length === 0) return null;
  return (
    <span className={styles.changes} title={changesText(row)}>
      {events.slice(0, 2).map((event) => (
        <span key={`${event.name} ${event.timestamp}`}>
          <span className={styles.muted}>event </span>
          <bdi dir="auto">{eventText(event)}</bdi>
        </span>
      ))}
      {row.changes.slice(0, 4).map((change) => (
        <span key={change.field}>
          <span className={styles.muted}>{change.field} </span>
          {row.action === "update" ? (
            <>
              <del dir="auto">{short(change.from)}</del> → <ins dir="auto">{short(change.to)}</ins>
            </>
          ) : row.action === "delete" ? (
            <del dir="auto">{short(change.from)}</del>
          ) : (
            <bdi dir="auto">{short(change.to)}</bdi>
          )}
        </span>
      ))}
      {row.changes.length > 4 ? <span className={styles.muted}>+{row.changes.length - 4}</span> : null}
    </span>
  );
}

function short(value: unknown): string {
  const text = plainText(value);
  if (text === "") return "–";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
