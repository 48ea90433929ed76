import { useMemo } from "react";
import type { Column } from "@/api";
import { Time } from "@/design";
import { type Cell, cellOf, cellText, columnsPresent, type Raw } from "@/lib/record";
import styles from "./records.module.css";

/** A record of the grid, or one that a lookup led to. */
export interface Crumb {
  entity: string;
  id: string;
  title: string;
}

/** The columns of a record for reading; lookups lead on. */
export function Fields({
  raw,
  columns,
  formatted,
  all,
  search,
  onFollow,
}: {
  raw: Raw;
  columns: readonly Column[];
  formatted: boolean;
  all: boolean;
  search: string;
  onFollow: (crumb: Crumb) => void;
}) {
  const rows = useMemo(() => {
    const known = new Map(columns.map((column) => [column.logical_name, column]));
    const names =
      columns.length > 0
        ? columns.filter((column) => column.readable).map((column) => column.logical_name)
        : [];
    for (const name of columnsPresent(raw)) if (!known.has(name)) names.push(name);
    const wanted = search.toLowerCase();
    return names
      .map((name) => ({
        name,
        title: known.get(name)?.display_name || name,
        column: known.get(name),
        cell: cellOf(raw, name),
      }))
      .filter(({ cell }) => all || cell.state === "value" || cell.state === "empty")
      .filter(
        ({ name, title, cell }) =>
          wanted === "" ||
          name.includes(wanted) ||
          title.toLowerCase().includes(wanted) ||
          cellText(cell, true).toLowerCase().includes(wanted),
      )
      .sort((a, b) => a.title.localeCompare(b.title));
  }, [raw, columns, all, search]);
  if (rows.length === 0) return <p className={styles.muted}>No column matches.</p>;
  return (
    <dl className={styles.fields}>
      {rows.map(({ name, title, column, cell }) => (
        <div key={name}>
          <dt>
            <bdi dir="auto">{title}</bdi>
            <small>{name}</small>
          </dt>
          <dd dir="auto">
            <Value cell={cell} column={column} formatted={formatted} onFollow={onFollow} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({
  cell,
  column,
  formatted,
  onFollow,
}: {
  cell: Cell;
  column: Column | undefined;
  formatted: boolean;
  onFollow: (crumb: Crumb) => void;
}) {
  if (cell.state === "null") return <span className={styles.null}>no value</span>;
  if (cell.state === "empty") return <span className={styles.emptyText}>empty</span>;
  if (cell.state === "missing") return <span className={styles.missing} title="Not pulled" />;
  const { lookup } = cell;
  const text = cellText(cell, formatted);
  if (lookup)
    return (
      <button
        type="button"
        className={styles.lookup}
        onClick={() => onFollow({ entity: lookup.entity, id: lookup.id, title: cell.label ?? lookup.id })}
      >
        {text} <small>{lookup.entity}</small>
      </button>
    );
  if (formatted && column?.type === "datetime" && column.behavior === "userlocal")
    return <Time iso={cell.text} form="full" />;
  if (text.length > 2000) return <div className={styles.longText}>{text.slice(0, 20_000)}</div>;
  return (
    <>
      {text}
      {formatted && cell.label !== null && cell.label !== cell.text && column?.type !== "datetime" ? (
        <small> ({cell.text})</small>
      ) : null}
    </>
  );
}
