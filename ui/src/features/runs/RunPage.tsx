import { Button, ProgressBar } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import {
  type ApiError,
  call,
  isOver,
  type JobView,
  type RunReport,
  type RunRow,
  useJobs,
  usePages,
  useRead,
} from "@/api";
import {
  CountBar,
  Empty,
  Fault,
  Grid,
  type GridColumn,
  KnownRecord,
  Mark,
  Name,
  Page,
  SearchField,
  Skeleton,
  Split,
  Time,
} from "@/design";
import { callWords } from "@/lib/costs";
import { compact, count, counted, duration } from "@/lib/numbers";
import { BothWays } from "./BothWays";
import { OutcomePanel, type StoryOf } from "./OutcomePanel";
import { RunMark, tones } from "./outcome";
import { Prediction } from "./Prediction";
import { RequestsPanel } from "./RequestsPanel";
import { RunActions } from "./RunActions";
import { remedyOf } from "./remedies";
import styles from "./runs.module.css";
import { Timeline } from "./Timeline";

type Outcome = "created" | "updated" | "upserted" | "deleted" | "drifted" | "failed" | "unknown";

/** One run: how far it is or how it ended, failures by cause, and what became of each row. */
export function RunPage({
  run,
  onOpenPlan,
  onOpenRun,
  onPlanned,
  onOpenDefinition,
  onStory,
}: {
  run: string;
  onOpenRun: (run: string) => void;
  /** A job makes a plan out of this run. */
  onPlanned: (job: string) => void;
  onOpenPlan: (plan: string) => void;
  onOpenDefinition: (name: string) => void;
  onStory: (of: StoryOf) => void;
}) {
  const jobs = useJobs();
  const working = jobs.some((candidate) => candidate.kind === "run" && !isOver(candidate));
  // The other way of a two-way sync may begin after this one is over.
  const moves = (known: RunReport) =>
    known.status === "running" ||
    (known.pair != null &&
      (working || [known.pair.other, ...known.pair.after].some((other) => other?.status === "running")));
  const report = useRead("runs.get", { run }, { every: (known) => (known && moves(known) ? 1000 : false) });
  const { data } = report;
  const running = data?.status === "running";
  const job = jobs.find(
    (candidate) =>
      candidate.kind === "run" &&
      !isOver(candidate) &&
      running &&
      data !== undefined &&
      runsPlan(candidate.result, data.plan_id),
  );
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [otherwise, setOtherwise] = useState(false);
  const [search, setSearch] = useState("");
  const [opened, setOpened] = useState<RunRow | null>(null);
  const [requests, setRequests] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  // A destination that upserts does not tell made from changed; its rows say so, and so do the counts.
  const upserts = useRead("runs.rows", { run, outcome: "upserted", limit: 1 });
  const upserted = upserts.data?.total ?? 0;
  const rows = usePages(
    "runs.rows",
    {
      run,
      outcome: outcome ?? undefined,
      otherwise: otherwise || undefined,
      search: search.trim() || undefined,
    },
    { every: running ? 2000 : false },
  );
  const columns = useMemo(runColumns, []);
  const connections = useRead("connections.list", {});
  const production = connections.data?.some(
    ({ name, kind }) => name === data?.destination && kind === "production",
  );

  if (report.error && !data)
    return (
      <div style={{ padding: 16 }}>
        <Fault fault={report.error} onRetry={() => void report.refetch()} />
      </div>
    );
  if (!data) return <Skeleton rows={14} label="Loading the run" />;
  return (
    <Page
      title={<Name text={data.definition} />}
      sub={
        <>
          <RunMark status={data.status} />
          <Time iso={data.started_at} />
          <span>
            · {data.source} → {data.destination}
            {data.by ? ` · by ${data.by}` : ""}
            {running ? "" : ` · ${duration(data.seconds)}`}
            {!running && data.calls > 0 ? ` · ${counted(data.calls, "request")}` : ""}
          </span>
          {production ? <Mark tone="danger">PRODUCTION</Mark> : null}
        </>
      }
      actions={
        <>
          {job ? (
            <Button size="small" onClick={() => void call("jobs.cancel", { job: job.id })}>
              Stop
            </Button>
          ) : null}
          <RunActions
            data={data}
            chosen={opened?.source_id ?? null}
            onPlanned={onPlanned}
            onError={setError}
          />
          <Button size="small" onClick={() => onOpenPlan(data.plan_id)}>
            What was previewed
          </Button>
          <Button size="small" onClick={() => onOpenDefinition(data.definition)}>
            Edit the definition
          </Button>
        </>
      }
      notices={
        <>
          {running ? <Progress job={job} /> : null}
          {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
          <BothWays data={data} onOpenRun={onOpenRun} onOpenPlan={onOpenPlan} />
          <Standing data={data} onOpenRun={onOpenRun} />
          {data.error ? <Fault fault={data.error} /> : null}
          <CountBar<Outcome | "unchanged" | "skipped">
            label="Outcomes"
            total={data.read}
            selected={outcome}
            onSelect={(next) => setOutcome(next === "unchanged" || next === "skipped" ? null : next)}
            parts={[
              ...(upserted > 0
                ? [
                    {
                      key: "upserted" as const,
                      label: "upserted",
                      value: upserted,
                      tone: "create" as const,
                      hint: `Planned: ${count(data.created)} to create, ${count(data.updated)} to update; the destination does not tell which it did`,
                    },
                  ]
                : [
                    {
                      key: "created" as const,
                      label: "created",
                      value: data.created,
                      tone: "create" as const,
                    },
                    {
                      key: "updated" as const,
                      label: "updated",
                      value: data.updated,
                      tone: "update" as const,
                    },
                  ]),
              {
                key: "drifted",
                label: "drifted",
                value: data.drifted,
                tone: "warn",
                hint: "Changed since the preview; held back",
              },
              ...(data.deleted > 0
                ? [
                    {
                      key: "deleted" as const,
                      label: "deleted",
                      value: data.deleted,
                      tone: "delete" as const,
                    },
                  ]
                : []),
              { key: "failed", label: "failed", value: data.failed, tone: "bad" },
              {
                key: "unchanged",
                label: "unchanged",
                value: data.unchanged,
                tone: "same",
                hint: "The same already; nothing was sent",
              },
              {
                key: "skipped",
                label: "skipped",
                value: data.skipped,
                tone: "skip",
                hint: "Left out by a rule, by hand, or as invalid",
              },
            ]}
          />
          {data.prediction ? (
            <Prediction prediction={data.prediction} selected={otherwise} onSelect={setOtherwise} />
          ) : null}
          {data.held_back > 0 ? (
            <p className={styles.muted}>
              {counted(data.held_back, "row")} held back by hand, among the skipped
            </p>
          ) : null}
          {data.events > 0 ? <p className={styles.muted}>{counted(data.events, "event")} sent</p> : null}
          <Timeline run={run} running={running} />
          {data.causes.length > 0 ? (
            <ul className={styles.causes}>
              {data.causes.map((cause) => (
                <li key={`${cause.code}/${cause.field}`}>
                  <b>{count(cause.rows)}</b> × <code>{cause.code}</code>
                  {cause.rows > 1 ? <span className={styles.muted}>such as</span> : null}
                  <Name text={cause.example} />
                  {remedyOf(cause.code) ? (
                    <span className={styles.remedy}>{remedyOf(cause.code)}</span>
                  ) : null}
                </li>
              ))}
            </ul>
          ) : null}
          {rows.error ? <Fault fault={rows.error} onRetry={rows.refetch} /> : null}
        </>
      }
      toolbar={
        <>
          <SearchField value={search} onChange={setSearch} label="Find a row" style={{ width: 240 }} />
          <span className={styles.muted} role="status">
            {counted(rows.total, "row")} sent
          </span>
          <Button size="small" aria-pressed={requests} onClick={() => setRequests(!requests)}>
            Requests
          </Button>
        </>
      }
    >
      <Split
        label="Outcome"
        side={
          requests ? (
            <RequestsPanel run={run} running={running} onClose={() => setRequests(false)} />
          ) : opened ? (
            <OutcomePanel
              run={run}
              connection={data.source}
              source={opened.source_id}
              title={opened.title}
              onOpenRun={onOpenRun}
              onStory={onStory}
              onClose={() => setOpened(null)}
            />
          ) : null
        }
      >
        <div className={styles.grid}>
          <Grid<RunRow>
            label="Outcomes of the run"
            columns={columns}
            rowCount={rows.total}
            rowAt={rows.rowAt}
            onRange={rows.onRange}
            onOpen={setOpened}
            onActive={(row) => row && setOpened((old) => (old ? row : old))}
            rowTone={(row) =>
              row.outcome === "failed" ? "danger" : row.outcome === "drifted" ? "warning" : undefined
            }
            resetKey={`${outcome}/${otherwise}/${search}`}
            empty={
              <Empty
                title={
                  running
                    ? "Outcomes come in here"
                    : outcome || otherwise || search
                      ? "No such row"
                      : "Nothing had to be sent"
                }
              >
                {running || outcome || otherwise || search
                  ? null
                  : "Every record was the same already or was left out."}
              </Empty>
            }
          />
        </div>
      </Split>
    </Page>
  );
}

/** Whether a job under way told that it runs this plan: alone, both ways of a pair, or as a step of several. */
function runsPlan(told: unknown, plan: string): boolean {
  if (typeof told !== "object" || told === null) return false;
  const plans = "plans" in told && Array.isArray(told.plans) ? told.plans : [];
  const steps = "steps" in told && Array.isArray(told.steps) ? told.steps : [];
  return plans.includes(plan) || steps.some((step: { plan?: unknown } | null) => step?.plan === plan);
}

function Progress({ job }: { job: JobView | undefined }) {
  if (!job) return <ProgressBar aria-label="The run is under way" />;
  return (
    <div role="status">
      <ProgressBar aria-label="The run" value={job.total ? job.done / job.total : undefined} />
      <p className={styles.muted}>
        {job.stage} {count(job.done)}
        {job.total ? ` of ${count(job.total)}` : ""}
        {job.rate ? ` · ${compact(job.rate)}/s` : ""}
        {job.seconds_left === null ? "" : ` · ${duration(job.seconds_left)} left`}
        {job.calls ? ` · ${callWords(job.calls)}` : ""}
      </p>
    </div>
  );
}

function runColumns(): GridColumn<RunRow>[] {
  return [
    {
      key: "title",
      title: "Record",
      width: 320,
      cell: (row) => <KnownRecord row={row} />,
      text: (row) => row.title || row.source_id,
    },
    { key: "planned", title: "Planned", width: 100, cell: (row) => row.action, text: (row) => row.action },
    {
      key: "outcome",
      title: "Outcome",
      width: 110,
      cell: (row) => <Mark tone={tones[row.outcome] ?? "neutral"}>{row.outcome}</Mark>,
      text: (row) => row.outcome,
    },
    {
      key: "message",
      title: "Message",
      width: 420,
      cell: (row) => (row.message ? <Name text={row.message} /> : null),
      text: (row) => row.message ?? "",
    },
    {
      key: "code",
      title: "Code",
      width: 140,
      cell: (row) => (row.code ? <code>{row.code}</code> : null),
      text: (row) => row.code ?? "",
    },
    { key: "at", title: "When", width: 140, cell: (row) => <Time iso={row.at} />, text: (row) => row.at },
  ];
}

/** What a run left to do, and its ties to other runs. */
function Standing({ data, onOpenRun }: { data: RunReport; onOpenRun: (run: string) => void }) {
  const other = (run: string, before: string) => (
    <p className={styles.muted}>
      {before}{" "}
      <button type="button" className={styles.open} onClick={() => onOpenRun(run)}>
        another run
      </button>
      .
    </p>
  );
  return (
    <>
      {data.status !== "running" && data.not_reached > 0 ? (
        <p role="status">
          {counted(data.not_reached, "record")} of {count(data.due)} were not sent.
          {data.resumable ? " Go on sends them; nothing goes twice." : ""}
        </p>
      ) : null}
      {data.undone_by ? other(data.undone_by, "It was taken back by") : null}
      {data.undo_of ? other(data.undo_of, "It took back") : null}
      {data.replay_of ? other(data.replay_of, "It sent records again of") : null}
    </>
  );
}
