import { ArrowDownRegular, ArrowUpRegular } from "@fluentui/react-icons";
import { type DragEvent, type PointerEvent, useState } from "react";
import { widthWithin } from "./columnKeys";
import type { GridProps } from "./Grid";
import styles from "./Grid.module.css";
import { type GridColumn, placeOf } from "./grid-types";

type HeaderProps<R> = GridProps<R> & {
  check: number;
  lead: number;
  fixed: number;
  visible: readonly number[];
};

/** Column heads: click sorts, drag moves, the edge resizes. */
export function GridHeader<R>(props: HeaderProps<R>) {
  const { columns, check, lead, fixed, visible, rowCount, selection, onSelection } = props;
  const [over, setOver] = useState<string | null>(null);
  const some = (selection?.size ?? 0) > 0;
  const all = some && selection?.size === rowCount;
  const head = (at: number, column: GridColumn<R>) => (
    <Head key={column.key} {...props} column={column} at={at} over={over === column.key} setOver={setOver} />
  );
  return (
    <div role="row" aria-rowindex={1} tabIndex={-1} className={styles.header}>
      {check > 0 ? (
        <label className={styles.check} style={{ width: check }}>
          <input
            type="checkbox"
            aria-label="Select all rows"
            checked={all}
            ref={(input) => {
              if (input) input.indeterminate = some && !all;
            }}
            onChange={() =>
              onSelection?.(some ? new Set() : new Set(Array.from({ length: rowCount }, (_, index) => index)))
            }
          />
        </label>
      ) : null}
      {columns.slice(0, fixed).map((column, at) => head(at, column))}
      <div style={{ width: lead, flex: "none" }} />
      {visible.map((at) => {
        const column = columns[at];
        return column ? head(at, column) : null;
      })}
    </div>
  );
}

function Head<R>({
  columns,
  column,
  at,
  check,
  fixed,
  sort,
  onSort,
  onResize,
  onMove,
  over,
  setOver,
}: HeaderProps<R> & {
  column: GridColumn<R>;
  at: number;
  over: boolean;
  setOver: (key: string | null) => void;
}) {
  const sorted = sort?.key === column.key ? (sort.descending ? "descending" : "ascending") : undefined;
  const sortable = Boolean(onSort && column.sortable);
  function nextSort() {
    if (!sorted) onSort?.({ key: column.key, descending: false });
    else if (sorted === "ascending") onSort?.({ key: column.key, descending: true });
    else onSort?.(null);
  }
  function startResize(event: PointerEvent<HTMLSpanElement>) {
    event.preventDefault();
    event.stopPropagation();
    const handle = event.currentTarget;
    const start = event.clientX;
    const width = column.width;
    const direction = getComputedStyle(handle).direction === "rtl" ? -1 : 1;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) =>
      onResize?.(column.key, widthWithin(width + (moved.clientX - start) * direction));
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  }
  // What can't be sorted by is no button that is switched off.
  const Head = sortable ? "button" : "span";
  const drag = onMove
    ? {
        draggable: true,
        onDragStart: (event: DragEvent) => event.dataTransfer.setData("text/x-column", column.key),
        onDragOver: (event: DragEvent) => {
          event.preventDefault();
          setOver(column.key);
        },
        onDragLeave: () => setOver(null),
        onDrop: (event: DragEvent) => {
          event.preventDefault();
          setOver(null);
          const from = event.dataTransfer.getData("text/x-column");
          if (from && from !== column.key) onMove(from, column.key);
        },
      }
    : {};
  return (
    <div
      role="columnheader"
      tabIndex={-1}
      aria-colindex={at + 1}
      aria-sort={sorted}
      className={`${styles.head} ${at < fixed ? styles.sticky : ""} ${over ? styles.dropHere : ""}`}
      style={{ width: column.width, ...placeOf(columns, at, fixed, check) }}
      {...drag}
    >
      <Head
        className={`${styles.headButton} ${column.align === "end" ? styles.end : ""}`}
        title={column.hint ?? column.title}
        {...(sortable ? { type: "button", tabIndex: -1, onClick: nextSort } : {})}
      >
        {column.glyph ? <span className={styles.glyph}>{column.glyph}</span> : null}
        <bdi dir="auto" className={styles.headText}>
          {column.title}
        </bdi>
        {sorted === "ascending" ? <ArrowUpRegular aria-label="sorted, smallest first" /> : null}
        {sorted === "descending" ? <ArrowDownRegular aria-label="sorted, largest first" /> : null}
      </Head>
      {onResize ? <span className={styles.resize} onPointerDown={startResize} aria-hidden /> : null}
    </div>
  );
}
