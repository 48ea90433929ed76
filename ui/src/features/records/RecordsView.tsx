import { Button } from "@fluentui/react-components";
import { AddRegular, ArrowClockwiseRegular, DatabaseRegular } from "@fluentui/react-icons";
import { type ReactNode, useMemo, useState } from "react";
import {
  type ApiError,
  type DataMode,
  type EntityDescription,
  keptSoFar,
  type RecordRow,
  type RecordsQuery,
  useIsDatabase,
  useKept,
} from "@/api";
import {
  Elapsed,
  Empty,
  Fault,
  Grid,
  type GridCell,
  type GridSelection,
  type GridSort,
  SearchField,
  Skeleton,
  Split,
  useCopy,
} from "@/design";
import { count } from "@/lib/numbers";
import { ColumnPicker } from "./ColumnPicker";
import { emptyLayout, isLayout, type Layout, moveColumn, shownColumns } from "./columns";
import { asText, type CopyForm, cellAsText } from "./copyRows";
import { ExportMenu } from "./ExportMenu";
import type { Written } from "./edit/useRecordEdit";
import { Facets } from "./Facets";
import { FilterBar } from "./FilterBar";
import { gridColumns } from "./gridColumns";
import { Inspector } from "./Inspector";
import { ModeSwitch } from "./ModeSwitch";
import { MoreMenu } from "./MoreMenu";
import { NewRecord } from "./NewRecord";
import { PullButton } from "./Pull";
import type { Crumb } from "./RecordFields";
import styles from "./records.module.css";
import { useRows } from "./useRows";
import { ValueMenu } from "./ValueMenu";

const COPY_LIMIT = 20_000;

/** The records of an entity: live from the service or cached from the store. */
export function RecordsView({
  connection,
  description,
  mode,
  onMode,
  cachedRecords,
  pulledAt,
  filter,
  onFilter,
  record,
  onRecord,
  access,
  onQuery,
  counter,
  onWritten,
  onStory,
}: {
  connection: string;
  description: EntityDescription;
  mode: DataMode;
  onMode: (mode: DataMode) => void;
  cachedRecords: number | null;
  pulledAt: string | null;
  filter: string;
  onFilter: (filter: string) => void;
  /** A record to open in the inspector. */
  record: string | null;
  onRecord: (id: string | null) => void;
  /** What the person's rights have to do with an empty list. */
  access?: ReactNode;
  /** Shows what the screen asks as code, or opens it as a query. */
  onQuery?: (query: RecordsQuery, as: "code" | "query") => void;
  /** How many rows a filter lets through, before a pull. */
  counter?: (filter: string) => ReactNode;
  /** After a record was changed, made or deleted by hand. */
  onWritten: (written: Written, refetch: () => void) => void;
  /** What runs did to a record. */
  onStory?: (entity: string, id: string, name: string) => void;
}) {
  const { schema } = description;
  const entity = schema.logical_name;
  const database = useIsDatabase(connection);
  const keptAs = `grid/${connection}/${entity}`;
  const [layout, setLayout] = useKept<Layout>(keptAs, isLayout, emptyLayout);
  const [sort, setSort] = useState<GridSort | null>(null);
  const [search, setSearch] = useState("");
  const [selection, setSelection] = useState<GridSelection>(new Set());
  const [trail, setTrail] = useState<Crumb[]>(record ? [{ entity, id: record, title: "" }] : []);
  const [making, setMaking] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  const [note, setNote] = useState("");
  const [, copyText] = useCopy();

  const columns = useMemo(() => shownColumns(layout, schema), [layout, schema]);
  const query = useMemo<RecordsQuery>(() => {
    const names = columns.map((column) => column.logical_name);
    return {
      connection,
      entity,
      mode,
      columns: names.includes(schema.primary_id) ? names : [...names, schema.primary_id],
      filter: filter === "" ? undefined : filter,
      search: mode === "cached" && search.trim() !== "" ? search.trim() : undefined,
      order: sort ? [{ column: sort.key, descending: sort.descending }] : undefined,
    };
  }, [connection, entity, mode, columns, filter, search, sort, schema.primary_id]);
  const rows = useRows(query);
  const loading = <Skeleton rows={16} label="Loading records" pausedUntil={rows.pausedUntil} />;
  const { settling } = rows;

  /** Changes the layout as it was set last: several changes may come before the screen is drawn. */
  const changeLayout = (make: (now: Layout, names: string[]) => Layout) => {
    const set = keptSoFar(keptAs);
    const now = isLayout(set) ? set : layout;
    const names = shownColumns(now, schema).map((column) => column.logical_name);
    setLayout(make(now, names));
  };
  const written = (what: Written) => {
    rows.refetch();
    onWritten(what, rows.refetch);
  };
  const open = (row: RecordRow) => {
    setMaking(false);
    setTrail([{ entity, id: row.id, title: "" }]);
    onRecord(row.id);
  };
  const shown = useMemo(
    () =>
      gridColumns(columns, layout, (otherEntity, id, title) =>
        setTrail([{ entity: otherEntity, id, title }]),
      ),
    [columns, layout],
  );

  async function copy(form: CopyForm, indices?: readonly number[], cell?: GridCell | null) {
    const wanted = indices ?? [...selection].sort((a, b) => a - b);
    try {
      const gathered = await rows.gather(wanted.slice(0, COPY_LIMIT));
      const only = cell ? columns[cell.column] : undefined;
      const [first] = gathered;
      copyText(only && first ? cellAsText(first, only, layout) : asText(form, gathered, columns, layout));
      setNote(
        only
          ? "Cell copied"
          : `${count(gathered.length)} rows copied${wanted.length > COPY_LIMIT ? `; only the first ${count(COPY_LIMIT)}` : ""}`,
      );
      setTimeout(() => setNote(""), 2500);
    } catch (error) {
      setFault(error as ApiError);
    }
  }

  const resetKey = JSON.stringify([query.mode, query.filter, query.search, query.order]);
  const filtered = filter !== "" || query.search !== undefined;
  return (
    <Split
      label="Record"
      initial={400}
      side={
        making ? (
          <NewRecord
            connection={connection}
            schema={schema}
            onClose={() => setMaking(false)}
            onWritten={(what) => {
              setMaking(false);
              if (what.id) setTrail([{ entity, id: what.id, title: "" }]);
              written(what);
            }}
          />
        ) : trail.length > 0 ? (
          <Inspector
            connection={connection}
            trail={trail}
            mode={mode}
            onStory={onStory}
            onTrail={setTrail}
            onWritten={written}
            onClose={() => {
              setTrail([]);
              onRecord(null);
            }}
          />
        ) : null
      }
    >
      <div className={styles.tools}>
        <div className={styles.asked}>
          <ModeSwitch mode={mode} onMode={onMode} pulledAt={pulledAt} cachedRecords={cachedRecords} />
          <FilterBar
            connection={connection}
            entity={entity}
            columns={schema.columns}
            filter={filter}
            onChange={onFilter}
          />
          {mode === "cached" ? (
            <SearchField
              value={search}
              onChange={setSearch}
              label="Search in these records"
              placeholder="Search words"
              style={{ width: 150 }}
            />
          ) : null}
          {mode === "cached" && cachedRecords !== null ? (
            <Facets
              connection={connection}
              entity={entity}
              columns={columns}
              filter={filter}
              search={search.trim()}
              onFilter={onFilter}
            />
          ) : null}
          <span className={styles.counts} role="status">
            {note || (selection.size > 0 ? `${count(selection.size)} selected · ` : "")}
            {note ? (
              ""
            ) : settling ? (
              <Elapsed label="Reading…" />
            ) : rows.total ? (
              `${rows.total.exact ? "" : "≥ "}${count(rows.total.value)} ${rows.total.value === 1 ? "row" : "rows"}`
            ) : (
              ""
            )}
          </span>
          {mode === "cached" && cachedRecords !== null && pulledAt === null ? (
            <span
              className={styles.partly}
              title="The pull has not come to its end. Pull again: it goes on from where it stopped."
            >
              Not all is pulled yet
            </span>
          ) : null}
        </div>
        {/* A group of its own, so that these stay where they are when counts and words come. */}
        <div className={styles.deeds}>
          <PullButton
            connection={connection}
            entity={entity}
            columns={columns.map((column) => column.logical_name)}
            filter={filter}
            counter={counter}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<AddRegular />}
            aria-label={`New ${schema.display_name || entity}`}
            title={`New ${schema.display_name || entity}`}
            onClick={() => setMaking(true)}
          />
          <ValueMenu layout={layout} onChange={setLayout} />
          <ColumnPicker
            all={schema.columns}
            shown={columns.map((column) => column.logical_name)}
            onChange={(names) => setLayout({ ...layout, columns: names })}
            frozen={layout.frozen ?? 1}
            onFrozen={(frozen) => setLayout({ ...layout, frozen })}
          />
          <ExportMenu query={query} formatted={layout.formatted} onError={setFault} />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowClockwiseRegular />}
            aria-label="Read again"
            title="Read again"
            onClick={rows.refetch}
          />
          <MoreMenu
            selected={selection.size}
            onQuery={onQuery && !database ? (as) => onQuery(query, as) : undefined}
            onCopy={(form) => void copy(form)}
          />
        </div>
      </div>
      {fault ? (
        <div style={{ padding: "0 16px 8px" }}>
          <Fault fault={fault} onDismiss={() => setFault(null)} />
        </div>
      ) : null}
      {rows.error ? (
        <div style={{ padding: "0 16px 8px" }}>
          <Fault
            fault={rows.error}
            onRetry={rows.refetch}
            actions={
              mode === "live" && cachedRecords !== null ? (
                <Button size="small" onClick={() => onMode("cached")}>
                  Show cached records
                </Button>
              ) : null
            }
          />
        </div>
      ) : null}
      <div className={styles.gridPlace}>
        {rows.pending && !settling ? (
          loading
        ) : (
          <Grid
            label={`${schema.display_collection_name || entity}, ${mode}`}
            columns={shown}
            rowCount={settling ? 0 : rows.rowCount}
            rowAt={rows.rowAt}
            onRange={rows.onRange}
            sort={sort}
            onSort={setSort}
            selection={selection}
            onSelection={setSelection}
            resetKey={resetKey}
            frozen={layout.frozen}
            onOpen={open}
            onActive={(row) => {
              // An open inspector stays and shows the row one moves to.
              if (row && trail.length > 0) open(row);
            }}
            onCopy={(indices, cell) => void copy("cells", indices, cell)}
            onResize={(key, width) =>
              changeLayout((now, names) => ({
                ...now,
                columns: names,
                widths: { ...now.widths, [key]: width },
              }))
            }
            onMove={(key, before) =>
              changeLayout((now, names) => ({ ...now, columns: moveColumn(names, key, before) }))
            }
            empty={
              settling ? (
                loading
              ) : rows.error ? null : filtered ? (
                <Empty
                  title="No record passes the filter"
                  actions={
                    <Button
                      onClick={() => {
                        onFilter("");
                        setSearch("");
                      }}
                    >
                      Remove the filter
                    </Button>
                  }
                />
              ) : mode === "cached" && cachedRecords === null ? (
                <Empty
                  icon={<DatabaseRegular />}
                  title={`Nothing of ${schema.display_collection_name || entity} is cached`}
                  actions={<Button onClick={() => onMode("live")}>Look live instead</Button>}
                >
                  Choose Pull to keep its records on this computer: encrypted, searchable, there without a
                  network.
                </Empty>
              ) : (
                <Empty title={`No ${schema.display_collection_name || entity}`}>
                  There is no record that you may read.
                  {access}
                </Empty>
              )
            }
          />
        )}
      </div>
    </Split>
  );
}
