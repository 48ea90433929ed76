import { Button, Spinner } from "@fluentui/react-components";
import { CopyRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import {
  type ApiError,
  change,
  type LayoutColumn,
  type QueryColumn,
  type QueryPage,
  toApiError,
  useExportForms,
  usePausedUntil,
} from "@/api";
import {
  Elapsed,
  Empty,
  Fault,
  FileMenu,
  Grid,
  type GridColumn,
  type GridSelection,
  SearchField,
  Skeleton,
  Time,
  useCopy,
} from "@/design";
import { count } from "@/lib/numbers";
import { cellOf, cellText, columnsPresent, plainText, type Raw } from "@/lib/record";
import styles from "./query.module.css";
import type { Run } from "./useRun";

/** The columns to show: those of the query, in a view's order, then what the rows have beside them. */
export function resultColumns(pages: readonly QueryPage[], layout: readonly LayoutColumn[]): QueryColumn[] {
  const [first] = pages;
  if (!first) return [];
  const present = new Set<string>();
  for (const page of pages)
    for (const row of page.rows)
      for (const key of Object.keys(row))
        if (!key.includes("@") && (!first.all_columns || (row[key] !== null && row[key] !== "")))
          present.add(key);
  const known = first.columns.filter(({ key }) => !first.all_columns || present.has(key));
  const seen = new Set(known.map(({ key }) => key));
  const others = [...present]
    .filter((key) => !seen.has(key) && key !== first.primary_id)
    .map((key): QueryColumn => ({ key, title: key, hint: key, type: null }));
  const all = [...known, ...others];
  const place = (column: QueryColumn) => {
    const at = layout.findIndex(({ name }) => column.key === name || column.key === `_${name}_value`);
    return at < 0 ? layout.length : at;
  };
  return layout.length === 0 ? all : all.sort((a, b) => place(a) - place(b));
}

function textOf(row: Raw, key: string): string {
  const cell = cellOf(row, key);
  if (cell.state !== "value") return "";
  const { value } = cell;
  // An expanded row: its columns, one behind the other.
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return columnsPresent(value as Raw)
      .map((name) => cellText(cellOf(value as Raw, name), true))
      .filter(Boolean)
      .join(" · ");
  return Array.isArray(value) ? `${count(value.length)} rows` : cellText(cell, true) || plainText(value);
}

/** A cell as a spreadsheet takes it: on one line. */
const cellLine = (text: string) => text.replace(/[\t\r\n]+/g, " ");

const numeric = new Set(["integer", "bigint", "decimal", "double", "money"]);

export function Results({
  connection,
  run,
  layout,
  name,
  onOpen,
}: {
  connection: string;
  run: Run;
  layout: readonly LayoutColumn[];
  /** What the query is called, for a file. */
  name: string;
  onOpen: (entity: string, id: string) => void;
}) {
  const pausedUntil = usePausedUntil(connection, run.running && !run.asked.cached);
  const [selection, setSelection] = useState<GridSelection>(new Set());
  const [widths, setWidths] = useState<Record<string, number>>({});
  const [find, setFind] = useState("");
  const [fault, setFault] = useState<ApiError | null>(null);
  const [, copy] = useCopy();
  const exports = useExportForms({ labels: true });
  const all = useMemo(() => run.pages.flatMap((page) => page.rows as Raw[]), [run.pages]);
  const columns = useMemo<GridColumn<Raw>[]>(
    () =>
      resultColumns(run.pages, layout).map((column) => {
        const wanted = layout.find(({ name }) => column.key === name || column.key === `_${name}_value`);
        return {
          key: column.key,
          title: column.title,
          hint: `${column.title}\n${column.hint}`,
          width: widths[column.key] ?? wanted?.width ?? 170,
          align: column.type && numeric.has(column.type) ? "end" : "start",
          cell: (row) => {
            const text = textOf(row, column.key);
            const cell = cellOf(row, column.key);
            if (text === "")
              return <span className={styles.none}>{cell.state === "empty" ? "empty" : "–"}</span>;
            const title = cell.state === "value" ? `${text}\n${cell.text.slice(0, 600)}` : text;
            return (
              <bdi dir="auto" className={styles.cell} title={title}>
                {text.length > 300 ? `${text.slice(0, 300)}…` : text}
              </bdi>
            );
          },
          text: (row) => textOf(row, column.key),
        };
      }),
    [run.pages, layout, widths],
  );
  const wanted = find.trim().toLocaleLowerCase();
  const rows = useMemo(
    () =>
      wanted === ""
        ? all
        : all.filter((row) =>
            columns.some((column) => column.text(row).toLocaleLowerCase().includes(wanted)),
          ),
    [all, wanted, columns],
  );
  const cells = (indices: readonly number[], shown: readonly GridColumn<Raw>[]) =>
    indices
      .flatMap((index) => (rows[index] ? [rows[index]] : []))
      .map((row) => shown.map((column) => cellLine(column.text(row))).join("\t"));
  const head = run.pages[0];
  const last = run.pages.at(-1);
  if (run.error && all.length === 0)
    return (
      <div className={styles.resultFault}>
        <Fault fault={run.error} />
      </div>
    );
  if (!head)
    return run.running ? (
      <>
        <div className={styles.resultBar}>
          <Elapsed label="Running…" />
        </div>
        <Skeleton rows={8} label="Running the query" pausedUntil={pausedUntil} />
      </>
    ) : (
      <Empty title={run.cancelled ? "Stopped" : "Not run yet"}>
        Run the query with the button above or Ctrl+Enter. Rows come page by page as you scroll.
      </Empty>
    );
  return (
    <div className={styles.results}>
      <div className={styles.resultBar} role="status">
        <span>
          {wanted === "" ? "" : `${count(rows.length)} of `}
          {count(all.length)}
          {last?.next ? "+" : ""} {all.length === 1 ? "row" : "rows"}
        </span>
        <span className={styles.muted}>
          {(run.millis / 1000).toFixed(2)} s · {count(run.pages.length)}{" "}
          {head.as_of ? (
            <>
              {run.pages.length === 1 ? "page" : "pages"} of the cache as of{" "}
              <Time iso={head.as_of} form="ago" />
            </>
          ) : run.pages.length === 1 ? (
            "request"
          ) : (
            "requests"
          )}
        </span>
        {run.running ? <Spinner size="extra-tiny" label={<Elapsed label="Reading" />} /> : null}
        {run.cancelled ? <span>Stopped</span> : null}
        {last?.next && !run.running ? (
          <Button size="small" appearance="subtle" onClick={run.more}>
            Next page
          </Button>
        ) : null}
        <span className={styles.resultTools}>
          <SearchField
            value={find}
            onChange={(text) => {
              setFind(text);
              setSelection(new Set());
            }}
            label="Find in the rows that were read"
            placeholder="Find in these rows"
            style={{ width: 170 }}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<CopyRegular />}
            title={selection.size > 0 ? "The selected rows" : "All rows that were read"}
            onClick={() => {
              const chosen = [...selection].sort((a, b) => a - b);
              const indices = chosen.length > 0 ? chosen : rows.map((_, index) => index);
              copy(
                [columns.map(({ title }) => cellLine(title)).join("\t"), ...cells(indices, columns)].join(
                  "\n",
                ),
              );
            }}
          >
            Copy with headers
          </Button>
          <FileMenu
            {...exports}
            name={name}
            title="Export the result"
            hint="Write all rows of the query to a file"
            onWrite={({ format, delimiter, byte_order_mark, formatted }, path) =>
              change("queries.export", {
                connection,
                ...run.asked,
                cached: run.asked.cached || undefined,
                format,
                path,
                delimiter,
                byte_order_mark,
                formatted: formatted ?? false,
              })
            }
            onError={(error) => setFault(toApiError(error))}
          />
        </span>
      </div>
      {run.error ? <Fault fault={run.error} /> : null}
      {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
      <div className={styles.resultGrid}>
        <Grid<Raw>
          label="Result of the query"
          columns={columns}
          rowCount={rows.length}
          rowAt={(index) => rows[index]}
          onRange={(_, end) => {
            if (wanted === "" && end >= rows.length - 20) run.more();
          }}
          selection={selection}
          onSelection={setSelection}
          resetKey={`${head.millis}/${head.entity ?? ""}/${wanted}`}
          onOpen={(row) => {
            const id = head.primary_id ? row[head.primary_id] : null;
            if (head.entity && typeof id === "string") onOpen(head.entity, id);
          }}
          onCopy={(indices, cell) => {
            const only = cell ? columns[cell.column] : undefined;
            const shown = only ? [only] : columns;
            copy(cells(indices, shown).join("\n"));
          }}
          onResize={(key, width) => setWidths((old) => ({ ...old, [key]: width }))}
          empty={
            wanted === "" ? (
              <Empty title="No rows">Nothing fits the query.</Empty>
            ) : (
              <Empty title={`No row that was read has “${find.trim()}”`}>
                {last?.next ? "There are more pages at its source." : null}
              </Empty>
            )
          }
        />
      </div>
    </div>
  );
}
