import { Dropdown, Field, Option } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import {
  type ApiError,
  type ChangeKind,
  type ChangeRow,
  type ChangesQuery,
  type Column,
  change,
  type PullView,
  toApiError,
  usePages,
  useRead,
} from "@/api";
import {
  CountBar,
  Empty,
  Fault,
  FileMenu,
  Grid,
  type GridColumn,
  Mark,
  Name,
  SearchField,
  Skeleton,
  Split,
} from "@/design";
import { counted } from "@/lib/numbers";
import { ChangePanel } from "./ChangePanel";
import styles from "./changes.module.css";
import { pullLine, rowLine } from "./words";

const forms = [
  { label: "CSV, a line a column…", extension: "csv", format: "csv" },
  { label: "JSON lines, a line a record…", extension: "jsonl", format: "jsonl" },
] as const;

const tones: Record<ChangeKind, "success" | "brand" | "danger"> = {
  added: "success",
  changed: "brand",
  deleted: "danger",
};

const gridColumns: GridColumn<ChangeRow>[] = [
  {
    key: "title",
    title: "Record",
    width: 240,
    cell: (row) => <Name text={row.title || row.id} />,
    text: (row) => row.title || row.id,
  },
  {
    key: "kind",
    title: "What",
    width: 110,
    cell: (row) => <Mark tone={tones[row.kind]}>{row.kind}</Mark>,
    text: (row) => row.kind,
  },
  {
    key: "fields",
    title: "Before → after",
    width: 620,
    cell: (row) => (
      <bdi className={styles.summary} title={rowLine(row)}>
        {rowLine(row)}
      </bdi>
    ),
    text: rowLine,
  },
];

/** What the pulls of an entity changed: of one pull, or from the end of one to another. */
export function ChangesView({
  connection,
  entity,
  columns,
  onRecord,
}: {
  connection: string;
  entity: string;
  columns: readonly Column[];
  onRecord: (id: string) => void;
}) {
  const pulls = useRead("pulls.list", { connection, entity });
  if (pulls.error) return <Fault fault={pulls.error} onRetry={() => void pulls.refetch()} />;
  if (!pulls.data) return <Skeleton rows={12} label="Loading the pulls" />;
  const done = pulls.data.filter((pull) => pull.status === "done");
  const latest = done[0];
  if (!latest)
    return (
      <Empty title="Nothing was pulled yet">
        Pull these records; each later pull then shows here what it changed, record by record.
      </Empty>
    );
  return (
    <Changes
      key={latest.pull}
      entity={entity}
      pulls={done}
      latest={latest}
      columns={columns}
      onRecord={onRecord}
    />
  );
}

function Changes({
  entity,
  pulls,
  latest,
  columns,
  onRecord,
}: {
  entity: string;
  pulls: readonly PullView[];
  latest: PullView;
  columns: readonly Column[];
  onRecord: (id: string) => void;
}) {
  const [pull, setPull] = useState(latest.pull);
  const [since, setSince] = useState<string | null>(null);
  const [kind, setKind] = useState<ChangeKind | null>(null);
  const [column, setColumn] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  const [opened, setOpened] = useState<ChangeRow | null>(null);
  const [fault, setFault] = useState<ApiError | null>(null);
  const at = pulls.findIndex((one) => one.pull === pull);
  const shown = pulls[at] ?? latest;
  const earlier = pulls.slice(at + 1);
  const query = useMemo<ChangesQuery>(
    () => ({
      pull,
      since: since ?? undefined,
      kind: kind ?? undefined,
      column: column ?? undefined,
      search: search.trim() === "" ? undefined : search.trim(),
    }),
    [pull, since, kind, column, search],
  );
  const rows = usePages("pulls.changes", query);
  const head = useRead("pulls.changes", { pull, since: since ?? undefined, limit: 1 }, { keep: true });
  const named = (name: string) =>
    columns.find(({ logical_name }) => logical_name === name)?.display_name ?? name;
  const counts = head.data;

  const filtered = kind !== null || column !== null || search.trim() !== "";
  return (
    <Split
      label="Change"
      side={
        opened ? (
          <ChangePanel
            row={opened}
            named={named}
            onClose={() => setOpened(null)}
            onRecord={opened.kind === "deleted" ? undefined : () => onRecord(opened.id)}
          />
        ) : null
      }
    >
      <div className={styles.tools}>
        <Field label="Changes of the pull" className={styles.choice}>
          <Dropdown
            size="small"
            value={pullLine(shown)}
            selectedOptions={[pull]}
            onOptionSelect={(_, { optionValue }) => {
              if (!optionValue) return;
              setPull(optionValue);
              setSince(null);
              setOpened(null);
            }}
          >
            {pulls.map((one) => (
              <Option key={one.pull} value={one.pull} text={pullLine(one)}>
                {pullLine(one)}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field label="Compared with" className={styles.choice}>
          <Dropdown
            size="small"
            disabled={earlier.length === 0}
            value={
              since === null
                ? "what was cached before it"
                : `the end of ${pullLine(pulls.find((one) => one.pull === since) ?? latest)}`
            }
            selectedOptions={[since ?? ""]}
            onOptionSelect={(_, { optionValue }) => {
              setSince(optionValue || null);
              setOpened(null);
            }}
          >
            <Option value="" text="what was cached before it">
              what was cached before it
            </Option>
            {earlier.map((one) => (
              <Option key={one.pull} value={one.pull} text={pullLine(one)}>
                the end of {pullLine(one)}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field label="Column" className={styles.column}>
          <Dropdown
            size="small"
            style={{ minWidth: 0 }}
            clearable
            placeholder="Any"
            disabled={(counts?.columns.length ?? 0) === 0}
            value={column === null ? "" : named(column)}
            selectedOptions={column === null ? [] : [column]}
            onOptionSelect={(_, { optionValue }) => setColumn(optionValue ?? null)}
          >
            {(counts?.columns ?? []).map((one) => (
              <Option key={one.column} value={one.column} text={named(one.column)}>
                {named(one.column)} <span className={styles.muted}>{counted(one.records, "record")}</span>
              </Option>
            ))}
          </Dropdown>
        </Field>
        <SearchField
          value={search}
          onChange={setSearch}
          label="Find a changed record"
          style={{ width: 180 }}
        />
        <FileMenu
          forms={forms}
          name={`${entity}-changes`}
          title={`Export what changed in ${entity}`}
          hint="Write these changes to a file"
          disabled={rows.total === 0}
          onWrite={({ format }, path) => change("pulls.export", { query, format, path })}
          onError={(error) => setFault(toApiError(error))}
        />
        <span className={styles.muted} role="status">
          {rows.pending ? "" : counted(rows.total, "record")}
        </span>
      </div>
      {counts ? (
        <div className={styles.bar}>
          <CountBar<ChangeKind>
            label="What became of records"
            selected={kind}
            onSelect={setKind}
            parts={[
              { key: "added", label: "added", value: counts.added, tone: "create" },
              { key: "changed", label: "changed", value: counts.changed, tone: "update" },
              {
                key: "deleted",
                label: "deleted",
                value: counts.deleted,
                tone: "bad",
                hint: "Gone at the service; what was known last is kept here",
              },
            ]}
          />
        </div>
      ) : null}
      <ul className={styles.notes}>
        {shown.notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
        {counts?.cut ? <li>More changed than is kept one by one; the rest was only counted.</li> : null}
      </ul>
      {(fault ?? rows.error) ? (
        <Fault
          fault={(fault ?? rows.error) as ApiError}
          onRetry={fault ? undefined : rows.refetch}
          onDismiss={fault ? () => setFault(null) : undefined}
        />
      ) : null}
      <div className={styles.grid}>
        {rows.pending ? (
          <Skeleton rows={12} label="Loading changes" />
        ) : (
          <Grid<ChangeRow>
            label="What changed"
            columns={gridColumns}
            rowCount={rows.total}
            rowAt={rows.rowAt}
            onRange={rows.onRange}
            onOpen={setOpened}
            onActive={(row) => row && setOpened((old) => (old ? row : old))}
            rowTone={(row) => (row.kind === "deleted" ? "muted" : undefined)}
            resetKey={JSON.stringify(query)}
            empty={
              <Empty title={filtered ? "No such change" : "Nothing changed"}>
                {shown.first && since === null
                  ? "This was the first pull; there was nothing to compare it with."
                  : null}
              </Empty>
            }
          />
        )}
      </div>
    </Split>
  );
}
