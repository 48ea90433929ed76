import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { type ColumnAct, columnAct } from "./columnKeys";
import styles from "./Grid.module.css";
import { GridHeader } from "./GridHeader";
import {
  fixedColumns,
  type GridCell,
  type GridColumn,
  type GridSelection,
  type GridSort,
  moveCell,
  placeOf,
  rangeSelection,
} from "./grid-types";

const ROW_HEIGHT = 30;
const CHECK_WIDTH = 36;

export interface GridProps<R> {
  label: string;
  columns: readonly GridColumn<R>[];
  rowCount: number;
  /** The row at an index; undefined while it is on its way. */
  rowAt: (index: number) => R | undefined;
  /** Rows in sight, so that they can be fetched. */
  onRange?: (first: number, last: number) => void;
  sort?: GridSort | null;
  onSort?: (sort: GridSort | null) => void;
  selection?: GridSelection;
  onSelection?: (selection: GridSelection) => void;
  /** Enter or a double click. */
  onOpen?: (row: R, index: number) => void;
  /** Space, where rows are ticked in a cell of their own and not selected. */
  onToggle?: (row: R) => void;
  /** The active row changed, by key or mouse. */
  onActive?: (row: R | undefined, index: number) => void;
  /** Ctrl+C; `cell` is set when nothing is selected. */
  onCopy?: (rows: readonly number[], cell: GridCell | null) => void;
  onResize?: (key: string, width: number) => void;
  /** Place of `key` after a drag of its header. */
  onMove?: (key: string, before: string | null) => void;
  /** A mark at the row's beginning and a tint. */
  rowTone?: (row: R) => "danger" | "warning" | "muted" | undefined;
  empty?: ReactNode;
  /** Columns from the first that stay in place while the others scroll; one where it is not said. */
  frozen?: number;
  /** Change it to go back to the top. */
  resetKey?: string;
  footer?: ReactNode;
}

/** Rows by the million: only what is in sight exists. The first columns stay in place. */
export function Grid<R>(props: GridProps<R>) {
  const { columns, rowCount, rowAt, onRange, selection, onSelection, onOpen, onActive, onCopy, resetKey } =
    props;
  const scroll = useRef<HTMLDivElement>(null);
  const id = useId();
  const [active, setActive] = useState<GridCell>({ row: 0, column: 0 });
  const [focused, setFocused] = useState(false);
  const anchor = useRef(0);
  const check = onSelection ? CHECK_WIDTH : 0;
  // What keys asked for that the columns do not show yet: a key that is held down comes faster than they are drawn.
  const asked = useRef({ widths: new Map<string, number>(), moved: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: new columns are the answer
  useEffect(() => {
    asked.current = { widths: new Map(), moved: false };
  }, [columns]);

  const rows = useVirtualizer({
    count: rowCount,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
  });
  const fixed = fixedColumns(columns, props.frozen ?? 1, (rows.scrollRect?.width ?? 0) - check);
  const fixedWidth = columns.slice(0, fixed).reduce((sum, column) => sum + column.width, 0);
  const cells = useVirtualizer({
    horizontal: true,
    count: Math.max(0, columns.length - fixed),
    getScrollElement: () => scroll.current,
    estimateSize: (index) => columns[index + fixed]?.width ?? 120,
    scrollMargin: 0,
    overscan: 3,
  });
  // Widths and order are data of ours; the measurer must look again when they change.
  const widths = `${fixed} ${columns.map((column) => `${column.key}:${column.width}`).join()}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `widths` stands for the columns
  useEffect(() => cells.measure(), [widths, cells]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the key says when
  useEffect(() => {
    scroll.current?.scrollTo({ top: 0 });
    setActive((cell) => ({ ...cell, row: 0 }));
  }, [resetKey]);

  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rowCount > 0) onRange?.(first, last);
  }, [first, last, rowCount, onRange]);

  const total = fixedWidth + cells.getTotalSize() + check;
  const visible = cells.getVirtualItems();
  const lead = visible[0]?.start ?? 0;

  const goTo = useCallback(
    (cell: GridCell) => {
      setActive(cell);
      rows.scrollToIndex(cell.row, { align: "auto" });
      if (cell.column >= fixed) cells.scrollToIndex(cell.column - fixed, { align: "auto" });
      else scroll.current?.scrollTo({ left: 0 });
      onActive?.(rowAt(cell.row), cell.row);
    },
    [rows, cells, fixed, onActive, rowAt],
  );

  function onKeyDown(event: KeyboardEvent) {
    if (event.target instanceof HTMLElement && event.target.closest("input, button, a")) return;
    const act = columnAct(event, columns, active.column, asked.current.widths);
    if (act && change(act)) {
      event.preventDefault();
      return;
    }
    if (rowCount === 0) return;
    const ctrl = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 300) / ROW_HEIGHT) - 2);
    if (ctrl && event.key.toLowerCase() === "c") {
      const marked = [...(selection ?? [])].sort((a, b) => a - b);
      onCopy?.(marked.length > 0 ? marked : [active.row], marked.length > 0 ? null : active);
      event.preventDefault();
    } else if (ctrl && event.key.toLowerCase() === "a" && onSelection) {
      onSelection(rangeSelection(0, rowCount - 1));
      event.preventDefault();
    } else if (event.key === "Enter") {
      const row = rowAt(active.row);
      if (row !== undefined) onOpen?.(row, active.row);
      event.preventDefault();
    } else if (event.key === " " && (onSelection || props.onToggle)) {
      const row = rowAt(active.row);
      if (onSelection) toggle(active.row);
      else if (row !== undefined) props.onToggle?.(row);
      event.preventDefault();
    } else if (event.key === "Escape" && selection && selection.size > 0) {
      onSelection?.(new Set());
    } else {
      const next = moveCell(active, event.key, ctrl, rowCount, columns.length, page);
      if (!next) return;
      event.preventDefault();
      if (event.shiftKey && onSelection) {
        onSelection(rangeSelection(anchor.current, next.row));
      } else {
        anchor.current = next.row;
      }
      goTo(next);
    }
  }

  /** True where the grid can be changed so. */
  function change(act: ColumnAct): boolean {
    switch (act.act) {
      case "resize":
        asked.current.widths.set(act.key, act.width);
        props.onResize?.(act.key, act.width);
        return props.onResize !== undefined;
      case "move":
        if (!props.onMove) return false;
        if (asked.current.moved) return true;
        asked.current.moved = true;
        props.onMove(act.key, act.before);
        setActive({ ...active, column: act.to });
        return true;
      case "sort":
        props.onSort?.(act.sort);
        return props.onSort !== undefined;
    }
  }

  function toggle(row: number) {
    const next = new Set(selection);
    if (!next.delete(row)) next.add(row);
    anchor.current = row;
    onSelection?.(next);
  }

  function onRowClick(event: MouseEvent, row: number, column: number) {
    if (event.shiftKey && onSelection) onSelection(rangeSelection(anchor.current, row));
    else if ((event.ctrlKey || event.metaKey) && onSelection) toggle(row);
    else anchor.current = row;
    goTo({ row, column });
    // A cell is marked, the grid holds the focus: a row that scrolls away takes no focus with it.
    if (!(event.target instanceof HTMLElement && event.target.closest("input, button, a")))
      scroll.current?.focus({ preventScroll: true });
  }

  return (
    <div
      ref={scroll}
      className={styles.scroll}
      role="grid"
      aria-label={props.label}
      aria-rowcount={rowCount + 1}
      aria-colcount={columns.length}
      aria-multiselectable={onSelection ? true : undefined}
      aria-activedescendant={rowCount > 0 ? `${id}-${active.row}-${active.column}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <div className={styles.canvas} style={{ width: total, minWidth: "100%" }}>
        <GridHeader
          {...props}
          check={check}
          lead={lead}
          fixed={fixed}
          visible={visible.map((item) => item.index + fixed)}
        />
        {rowCount === 0 ? (
          // In sight, however wide the columns are together.
          <div className={styles.emptyPlace} style={{ width: rows.scrollRect?.width ?? "100%" }}>
            {props.empty}
          </div>
        ) : (
          <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
            {items.map((item) => {
              const row = rowAt(item.index);
              const tone = row === undefined ? undefined : props.rowTone?.(row);
              const isActive = item.index === active.row;
              const marked = selection?.has(item.index) ?? false;
              const cellAt = (at: number, column: GridColumn<R>) => (
                // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the grid, which holds the focus
                <div
                  key={column.key}
                  id={`${id}-${item.index}-${at}`}
                  role="gridcell"
                  tabIndex={-1}
                  aria-colindex={at + 1}
                  className={`${styles.cell} ${at < fixed ? styles.sticky : ""} ${column.align === "end" ? styles.end : ""} ${isActive && focused && at === active.column ? styles.activeCell : ""}`}
                  style={{ width: column.width, ...placeOf(columns, at, fixed, check) }}
                  onClick={(event) => onRowClick(event, item.index, at)}
                >
                  {row === undefined ? <span className={styles.pending} /> : column.cell(row)}
                </div>
              );
              return (
                <div
                  key={item.key}
                  role="row"
                  tabIndex={-1}
                  aria-rowindex={item.index + 2}
                  aria-selected={onSelection ? marked : undefined}
                  className={`${styles.row} ${isActive ? styles.activeRow : ""} ${marked ? styles.marked : ""} ${tone ? styles[`tone-${tone}`] : ""}`}
                  style={{ transform: `translateY(${item.start}px)`, height: ROW_HEIGHT }}
                  onDoubleClick={() => row !== undefined && onOpen?.(row, item.index)}
                >
                  {check > 0 ? (
                    <label className={styles.check} style={{ width: check }}>
                      <input
                        type="checkbox"
                        tabIndex={-1}
                        checked={marked}
                        aria-label={`Select row ${item.index + 1}`}
                        onChange={() => toggle(item.index)}
                      />
                    </label>
                  ) : null}
                  {columns.slice(0, fixed).map((column, at) => cellAt(at, column))}
                  <div style={{ width: lead, flex: "none" }} />
                  {visible.map((virtual) => {
                    const column = columns[virtual.index + fixed];
                    return column ? cellAt(virtual.index + fixed, column) : null;
                  })}
                </div>
              );
            })}
          </div>
        )}
        {props.footer}
      </div>
    </div>
  );
}
