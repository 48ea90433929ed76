import type { Column, ColumnStatistics, ValueCount } from "@/api";
import { type GridColumn, Name } from "@/design";
import { count, percent } from "@/lib/numbers";
import styles from "./entities.module.css";

/** `61 %`; below one percent and above 99 not rounded to nothing or all. */
export function share(part: number, whole: number): string {
  const value = percent(part, whole);
  if (value > 0 && value < 1) return "< 1 %";
  if (value > 99 && value < 100) return "> 99 %";
  return `${Math.round(value)} %`;
}

function valueWords(value: ValueCount): string {
  return value.label ?? value.value;
}

function topWords(found: ColumnStatistics | undefined): string {
  if (!found) return "";
  if (found.note) return found.note;
  const filled = found.sampled ? sum(found.top) : (found.filled ?? 0);
  return found.top
    .map((value) => `${valueWords(value)} ${found.sampled ? count(value.count) : share(value.count, filled)}`)
    .join(" · ");
}

function sum(values: readonly ValueCount[]): number {
  return values.reduce((all, value) => all + value.count, 0);
}

/** How full, how many different, which most often: for the counts of an entity. */
export function statisticsColumns(byColumn: ReadonlyMap<string, ColumnStatistics>): GridColumn<Column>[] {
  const of = (column: Column) => byColumn.get(column.logical_name);
  return [
    {
      key: "filled",
      title: "Filled",
      hint: "Records with a value",
      width: 150,
      sortable: true,
      cell: (column) => <FillBar found={of(column)} />,
      text: (column) => {
        const found = of(column);
        return found?.filled == null ? "" : share(found.filled, found.rows);
      },
    },
    {
      key: "distinct",
      title: "Different values",
      width: 130,
      align: "end",
      sortable: true,
      cell: (column) => {
        const found = of(column);
        if (found?.distinct == null) return <span className={styles.muted}>–</span>;
        return `${found.sampled ? "≥ " : ""}${count(found.distinct)}`;
      },
      text: (column) => String(of(column)?.distinct ?? ""),
    },
    {
      key: "top",
      title: "Most frequent",
      hint: "The five most frequent values; of dates the years",
      width: 320,
      cell: (column) => <Name text={topWords(of(column))} className={of(column)?.note ? styles.muted : ""} />,
      text: (column) => topWords(of(column)),
    },
  ];
}

function FillBar({ found }: { found: ColumnStatistics | undefined }) {
  if (found?.filled == null) return <span className={styles.muted}>–</span>;
  const words = share(found.filled, found.rows);
  return (
    <span
      className={styles.fill}
      title={`${count(found.filled)} of ${count(found.rows)} records have a value`}
    >
      <span className={styles.fillTrack} aria-hidden>
        <span style={{ inlineSize: `${percent(found.filled, found.rows)}%` }} />
      </span>
      {words}
    </span>
  );
}
