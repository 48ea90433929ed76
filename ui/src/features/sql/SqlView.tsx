import {
  Button,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import {
  CopyRegular,
  DatabaseRegular,
  HistoryRegular,
  PlayRegular,
  StopRegular,
} from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { type ApiError, change, isStringList, toApiError, useExportForms, useKept, useRead } from "@/api";
import {
  CodeEditor,
  Elapsed,
  Empty,
  elapsedText,
  Fault,
  FileMenu,
  Grid,
  type GridCell,
  type GridSelection,
  type GridSort,
  Page,
  Skeleton,
  useCopy,
} from "@/design";
import { toTsv } from "@/lib/copy";
import { count, counted } from "@/lib/numbers";
import { resultColumns, type SqlRow, sorted } from "./resultColumns";
import styles from "./sql.module.css";
import { TableList } from "./TableList";
import { MOST_ROWS, useStatement } from "./useStatement";

const KEPT = 50;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** SQL over what was pulled of a connection: read-only, without a network. */
export function SqlView({ connection }: { connection: string }) {
  const tables = useRead("cache.sql_tables", { connection });
  const [text, setText, ready] = useKept<string>(`sql/${connection}/text`, isText, "");
  const [history, setHistory] = useKept<string[]>(`sql/${connection}/history`, isStringList, []);
  const statement = useStatement(connection);
  const [sort, setSort] = useState<GridSort | null>(null);
  const [widths, setWidths] = useState<Readonly<Record<string, number>>>({});
  const [selection, setSelection] = useState<GridSelection>(new Set());
  const [fault, setFault] = useState<ApiError | null>(null);
  const [note, setNote] = useState("");
  const [, copyText] = useCopy();
  const exports = useExportForms({ labels: false });
  const known = tables.data ?? [];
  const names = useMemo(
    () =>
      Object.fromEntries(
        (tables.data ?? []).map((table) => [table.name, table.columns.map(({ name }) => name)]),
      ),
    [tables.data],
  );
  const { table } = statement;
  const columns = useMemo(() => (table ? resultColumns(table, widths) : []), [table, widths]);
  const rows = useMemo<readonly SqlRow[]>(() => {
    if (!table) return [];
    const at = sort ? columns.findIndex(({ key }) => key === sort.key) : -1;
    return sort && at >= 0 ? sorted(table.rows, at, sort.descending) : table.rows;
  }, [table, sort, columns]);

  function run(asked: string) {
    if (asked.trim() === "" || known.length === 0) return;
    setSort(null);
    setSelection(new Set());
    setFault(null);
    setHistory([asked, ...history.filter((other) => other !== asked)].slice(0, KEPT));
    statement.run(asked);
  }

  function copy(headers: boolean, indices: readonly number[], cell?: GridCell | null) {
    const only = cell ? columns[cell.column] : undefined;
    const shown = only ? [only] : columns;
    const cells = indices.flatMap((index) => {
      const row = rows[index];
      return row ? [shown.map((column) => column.text(row))] : [];
    });
    copyText(toTsv(headers ? [shown.map(({ title }) => title), ...cells] : cells));
    setNote(only ? "Cell copied" : `${counted(cells.length, "row")} copied`);
    setTimeout(() => setNote(""), 2500);
  }

  if (tables.isPending || !ready) return <Skeleton label="Loading the tables" />;
  const said = fault ?? statement.error;
  return (
    <Page
      title="SQL"
      sub="Over what was pulled to this computer: read-only, no network needed"
      notices={
        tables.error ? <Fault fault={tables.error} onRetry={() => void tables.refetch()} /> : undefined
      }
    >
      {known.length === 0 ? (
        <Empty icon={<DatabaseRegular />} title="Nothing of this connection was pulled yet">
          Open an entity and choose Pull: it becomes a table here, with its labels and names beside codes and
          ids.
        </Empty>
      ) : (
        <div className={styles.place}>
          <TableList
            tables={known}
            onInsert={(name) =>
              setText(text === "" || /\s$/.test(text) ? `${text}${name}` : `${text} ${name}`)
            }
            onPreview={(name) => {
              const asked = `SELECT * FROM ${name} LIMIT 100`;
              setText(asked);
              run(asked);
            }}
          />
          <div className={styles.work}>
            <div className={styles.editor}>
              <CodeEditor
                label="SQL statement"
                language="sql"
                value={text}
                onChange={setText}
                tables={names}
                onRun={run}
                placeholder={`SELECT statuscode_label, count(*) FROM ${known[0]?.name ?? "contact"} GROUP BY 1`}
              />
            </div>
            <div className={styles.tools}>
              {statement.running ? (
                <Button size="small" icon={<StopRegular />} onClick={statement.stop}>
                  Stop
                </Button>
              ) : (
                <Button
                  size="small"
                  appearance="primary"
                  icon={<PlayRegular />}
                  title="Run (Ctrl+Enter)"
                  disabled={text.trim() === ""}
                  onClick={() => run(text)}
                >
                  Run
                </Button>
              )}
              <Menu positioning={{ autoSize: true }}>
                <MenuTrigger disableButtonEnhancement>
                  <MenuButton
                    size="small"
                    appearance="subtle"
                    icon={<HistoryRegular />}
                    disabled={history.length === 0}
                  >
                    History
                  </MenuButton>
                </MenuTrigger>
                <MenuPopover className={styles.history}>
                  <MenuList>
                    {history.map((one) => (
                      <MenuItem key={one} onClick={() => setText(one)} title={one}>
                        <code className={styles.former}>{one}</code>
                      </MenuItem>
                    ))}
                  </MenuList>
                </MenuPopover>
              </Menu>
              <FileMenu
                {...exports}
                name="query"
                title="Export the result"
                hint="Write all rows of the result to a file"
                disabled={!table}
                onWrite={({ format, delimiter, byte_order_mark }, path) =>
                  change("cache.sql_export", {
                    connection,
                    statement: statement.text,
                    format,
                    path,
                    delimiter,
                    byte_order_mark,
                  })
                }
                onError={(error) => setFault(toApiError(error))}
              />
              <Button
                size="small"
                appearance="subtle"
                icon={<CopyRegular />}
                disabled={rows.length === 0}
                title="Copy the selected rows, or all of them, with their headers"
                onClick={() =>
                  copy(
                    true,
                    selection.size > 0 ? [...selection].sort((a, b) => a - b) : rows.map((_, at) => at),
                  )
                }
              >
                Copy with headers
              </Button>
              <span className={styles.said} role="status">
                {note ||
                  (statement.running ? (
                    <Elapsed label="Running…" />
                  ) : table ? (
                    `${table.cut ? `first ${count(MOST_ROWS)} rows; export writes all` : counted(rows.length, "row")} · ${elapsedText(table.millis)}`
                  ) : (
                    ""
                  ))}
              </span>
            </div>
            {said ? (
              <div className={styles.fault}>
                <Fault fault={said} onDismiss={fault ? () => setFault(null) : undefined} />
              </div>
            ) : null}
            <div className={styles.grid}>
              {table ? (
                <Grid
                  label="Result"
                  columns={columns}
                  rowCount={rows.length}
                  rowAt={(index) => rows[index]}
                  sort={sort}
                  onSort={setSort}
                  selection={selection}
                  onSelection={setSelection}
                  onCopy={(indices, cell) => copy(false, indices, cell)}
                  onResize={(key, width) => setWidths({ ...widths, [key]: width })}
                  resetKey={statement.text}
                  empty={<Empty title="No row" />}
                />
              ) : said || statement.running ? null : (
                <Empty icon={<DatabaseRegular />} title="Ask the cache">
                  Each pulled entity is a table. Choose one at the left for its first rows, or write a SELECT
                  and press Ctrl+Enter.
                </Empty>
              )}
            </div>
          </div>
        </div>
      )}
    </Page>
  );
}
