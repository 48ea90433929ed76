import { Button, Checkbox, Field, Input, ProgressBar, Select } from "@fluentui/react-components";
import { ArrowSyncRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import {
  type ApiError,
  type CompareKind,
  type CompareReport,
  type CompareRow,
  type ConnectionView,
  call,
  change,
  jobEnd,
  toApiError,
  useJob,
  useRead,
} from "@/api";
import { CountBar, Empty, Fault, Grid, type GridColumn, Mark, Name, Page } from "@/design";
import { host } from "@/host";
import { count, counted } from "@/lib/numbers";
import { plainText } from "@/lib/record";
import { ColumnsField } from "./ColumnsField";
import styles from "./compare.module.css";
import { namesIn } from "./names";

type Kind = CompareKind | "same";

const words: Record<CompareKind, { word: string; tone: "brand" | "success" | "warning" | "danger" }> = {
  different: { word: "different", tone: "brand" },
  only_left: { word: "only left", tone: "success" },
  only_right: { word: "only right", tone: "warning" },
  ambiguous: { word: "no single match", tone: "danger" },
};

function isReport(value: unknown): value is CompareReport {
  return typeof value === "object" && value !== null && "only_left" in value && "rows" in value;
}

/** The same table in two environments, side by side. Nothing is written to either. */
export function CompareView({
  connections,
  current,
}: {
  connections: readonly ConnectionView[];
  current: string | null;
}) {
  const readable = connections.filter(({ system }) => system === "dataverse");
  const [left, setLeft] = useState(current ?? readable[0]?.name ?? "");
  const [right, setRight] = useState(readable.find(({ name }) => name !== left)?.name ?? left);
  const [entity, setEntity] = useState("contact");
  const [columns, setColumns] = useState("");
  const [key, setKey] = useState("");
  const [toFile, setToFile] = useState(false);
  const [busy, setBusy] = useState(false);
  const [job, setJob] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [report, setReport] = useState<CompareReport | null>(null);
  const [kind, setKind] = useState<CompareKind | null>(null);
  const entities = useRead("entities.list", { connection: left }, { enabled: left !== "" });
  const known = entities.data?.entities.some(({ logical_name }) => logical_name === entity) ?? false;
  const described = useRead("entities.describe", { connection: left, entity }, { enabled: known });
  const offered = useMemo(
    () => (known ? (described.data?.schema.columns ?? []) : []).filter(({ readable }) => readable),
    [known, described.data],
  );
  const rows = useMemo(
    () => (report?.rows ?? []).filter((row) => kind === null || row.kind === kind),
    [report, kind],
  );
  const gridColumns = useMemo(compareColumns, []);

  async function compare() {
    setError(null);
    try {
      const path = toFile
        ? await host.saveDialog({
            title: "Write what differs",
            defaultName: `${entity} differences.jsonl`,
            extensions: ["jsonl"],
          })
        : null;
      if (toFile && !path) return;
      setBusy(true);
      // What is on show would pass for the answer to the new question.
      setReport(null);
      const { job } = await change("compare.start", {
        left,
        right,
        entity,
        columns: namesIn(columns),
        key: namesIn(key),
        path: path ?? undefined,
      });
      setJob(job);
      const ended = await jobEnd(job, () => call("jobs.get", { job }));
      if (ended.error) throw ended.error;
      if (isReport(ended.result)) setReport(ended.result);
      setKind(null);
    } catch (fault) {
      setError(toApiError(fault));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Page
      title="Compare"
      sub="The same table in two environments; nothing is written to either"
      notices={error ? <Fault fault={error} onDismiss={() => setError(null)} /> : undefined}
    >
      <div className={styles.grid}>
        <div className={styles.form}>
          <Connections label="Left" value={left} onChange={setLeft} connections={readable} />
          <Connections label="Right" value={right} onChange={setRight} connections={readable} />
          <Field label="Table" hint="By its logical name">
            <Input list="compare-tables" value={entity} onChange={(_, { value }) => setEntity(value)} />
          </Field>
          <datalist id="compare-tables">
            {entities.data?.entities.map((one) => (
              <option key={one.logical_name} value={one.logical_name}>
                {one.display_name}
              </option>
            ))}
          </datalist>
          <ColumnsField
            label="Columns"
            hint="Empty: all that can be written in both"
            placeholder="lastname, emailaddress1"
            value={columns}
            onChange={setColumns}
            columns={offered}
          />
          <ColumnsField
            label="Same by"
            hint="Empty: the primary key"
            placeholder="emailaddress1"
            value={key}
            onChange={setKey}
            columns={offered}
            keys={described.data?.schema.keys}
          />
          <div className={styles.act}>
            <Checkbox
              checked={toFile}
              onChange={(_, { checked }) => setToFile(checked === true)}
              label="Write all to a file"
            />
            <Button
              appearance="primary"
              icon={<ArrowSyncRegular />}
              disabled={busy || left === "" || right === "" || entity.trim() === ""}
              onClick={() => void compare()}
            >
              Compare
            </Button>
          </div>
        </div>
        {busy ? <Progress job={job} /> : null}
        {report ? (
          <div className={styles.bar}>
            <CountBar<Kind>
              label="Rows"
              total={report.left_rows + report.only_right}
              selected={kind}
              onSelect={(next) => setKind(next === "same" ? null : next)}
              parts={[
                { key: "same", label: "same", value: report.same, tone: "same" },
                { key: "different", label: "different", value: report.different, tone: "update" },
                {
                  key: "only_left",
                  label: `only in ${report.left}`,
                  value: report.only_left,
                  tone: "create",
                },
                {
                  key: "only_right",
                  label: `only in ${report.right}`,
                  value: report.only_right,
                  tone: "warn",
                },
                { key: "ambiguous", label: "no single match", value: report.ambiguous, tone: "bad" },
              ]}
            />
            <p className={styles.muted}>
              {counted(report.columns.length, "column")} compared, rows matched by {report.key.join(", ")}
              {report.rows.length < report.different + report.only_left + report.only_right + report.ambiguous
                ? `; the first ${count(report.rows.length)} rows are shown`
                : ""}
              {report.path ? `; all are in ${report.path}` : ""}
            </p>
          </div>
        ) : null}
        <div className={styles.rows}>
          {report ? (
            <Grid<CompareRow>
              label="Rows that are not the same"
              columns={gridColumns}
              rowCount={rows.length}
              rowAt={(at) => rows[at]}
              resetKey={`${kind}/${report.left}/${report.right}/${report.entity}`}
              empty={<Empty title="No difference here" />}
            />
          ) : busy ? null : (
            <Empty icon={<ArrowSyncRegular />} title="What differs between two environments">
              Each row of one is looked up in the other by its key. Rows that are the same are only counted.
            </Empty>
          )}
        </div>
      </div>
    </Page>
  );
}

/** How far it is, and the way to stop it. */
function Progress({ job: id }: { job: string }) {
  const job = useJob(id);
  return (
    <div className={styles.bar} role="status">
      <ProgressBar
        aria-label="The tables are compared"
        value={job?.total ? job.done / job.total : undefined}
      />
      {job ? (
        <p className={styles.muted}>
          {job.stage} {count(job.done)}
          {job.total === null ? "" : ` of ${count(job.total)}`}{" "}
          <Button size="small" onClick={() => void call("jobs.cancel", { job: id })}>
            Stop
          </Button>
        </p>
      ) : null}
    </div>
  );
}

function Connections({
  label,
  value,
  onChange,
  connections,
}: {
  label: string;
  value: string;
  onChange: (name: string) => void;
  connections: readonly ConnectionView[];
}) {
  return (
    <Field label={label}>
      <Select value={value} onChange={(_, data) => onChange(data.value)}>
        {connections.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
    </Field>
  );
}

function changesText(row: CompareRow): string {
  return row.changes
    .map(({ field, from, to }) => `${field}: ${plainText(from) || "–"} | ${plainText(to) || "–"}`)
    .join("; ");
}

function compareColumns(): GridColumn<CompareRow>[] {
  return [
    {
      key: "title",
      title: "Row",
      width: 240,
      cell: (row) => <Name text={row.title} />,
      text: (row) => row.title,
    },
    {
      key: "kind",
      title: "What",
      width: 130,
      cell: (row) => <Mark tone={words[row.kind].tone}>{words[row.kind].word}</Mark>,
      text: (row) => words[row.kind].word,
    },
    {
      key: "changes",
      title: "Left | right",
      width: 560,
      cell: (row) => <Name text={changesText(row)} />,
      text: changesText,
    },
    { key: "id", title: "Id", width: 290, cell: (row) => <code>{row.id}</code>, text: (row) => row.id },
  ];
}
