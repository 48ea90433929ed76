import { Button, Checkbox, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import {
  type ApiError,
  call,
  change,
  type DefinitionView,
  isOver,
  type RunAllView,
  toApiError,
  useJobs,
  useRead,
} from "@/api";
import { Confirm, Empty, Fault, Mark, Name, Page, Skeleton } from "@/design";
import { count, counted } from "@/lib/numbers";
import { RunAllSteps } from "./RunAllSteps";
import styles from "./runs.module.css";

const runTitle = /^running \d+ syncs$/;
const lookTitle = /^previewing \d+ syncs$/;

/** Several syncs one after the other, in the order that their lookups ask for: chosen, looked at, agreed on once, watched. */
export function RunAll({
  belongs,
  onOpenRun,
  onOpenPlan,
}: {
  belongs: (definition: DefinitionView) => boolean;
  onOpenRun: (run: string) => void;
  onOpenPlan: (plan: string) => void;
}) {
  const list = useRead("definitions.list", {});
  const mine = (list.data ?? []).filter(belongs);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [error, setError] = useState<ApiError | null>(null);
  const [asking, setAsking] = useState(false);
  const all = useJobs();
  const runJob = all.find(({ title }) => runTitle.test(title));
  const lookJob = all.find(({ title }) => lookTitle.test(title));
  // What was looked at or run last is in sight, after a reload too.
  const [looked, setLooked] = useState<string | null>(null);
  const [begun, setBegun] = useState<string | null>(null);
  const shownJob = begun ?? (looked ? null : (runJob?.id ?? null));
  const job = all.find(({ id }) => id === (shownJob ?? looked)) ?? null;
  const going = job !== null && !isOver(job);
  const state = useRead(
    "syncs.all_state",
    { job: shownJob ?? looked ?? "" },
    {
      enabled: (shownJob ?? looked) !== null,
      keep: true,
      every: (known) => (going || (!job?.error && unsettled(known)) ? 500 : false),
    },
  );
  const names = mine.map(({ name }) => name).filter((name) => chosen.includes(name));
  const looking = lookJob !== undefined && looked === lookJob.id && !isOver(lookJob);
  const seen =
    looked !== null && begun === null && !looking && state.data && !unsettled(state.data) ? state.data : null;
  async function look() {
    setError(null);
    setBegun(null);
    try {
      setLooked((await change("syncs.look_all", { names })).job);
    } catch (fault) {
      setError(toApiError(fault));
    }
  }
  const view = state.data;
  return (
    <Page
      scroll
      title="Run several syncs"
      sub="In the order that their lookups ask for; agreed on once"
      actions={
        going && job ? (
          <Button size="small" onClick={() => void call("jobs.cancel", { job: job.id })}>
            Stop
          </Button>
        ) : null
      }
      notices={
        <>
          {list.error ? <Fault fault={list.error} onRetry={() => void list.refetch()} /> : null}
          {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
          {state.error && (shownJob ?? looked) ? <Fault fault={state.error} /> : null}
          {job?.error ? <Fault fault={job.error} /> : null}
        </>
      }
    >
      {list.isPending && !list.error ? <Skeleton label="Loading syncs" /> : null}
      {list.data && mine.length === 0 ? <Empty title="No syncs yet">Make some first.</Empty> : null}
      {mine.length > 0 ? (
        <fieldset className={styles.choose} disabled={going}>
          <legend>Which</legend>
          {mine.map(({ name, definition }) => (
            <Checkbox
              key={name}
              checked={chosen.includes(name)}
              onChange={(_, { checked }) => {
                setChosen(checked ? [...chosen, name] : chosen.filter((one) => one !== name));
                // What was looked at is not what is chosen now.
                setLooked(null);
              }}
              label={
                <>
                  <Name text={name} />{" "}
                  <span className={styles.muted}>
                    {definition.source.connection} · {definition.source.entity ?? definition.source.list} →{" "}
                    {definition.destination.connection} · {definition.destination.entity}
                  </span>
                </>
              }
            />
          ))}
          <p>
            <Button
              appearance={seen ? "secondary" : "primary"}
              disabled={names.length === 0 || going}
              onClick={() => void look()}
            >
              {looking ? "Looking…" : "Show the order and what would be written"}
            </Button>{" "}
            {seen ? (
              <Button
                appearance="primary"
                disabled={!seen.steps.some(({ state: one }) => one === "planned")}
                onClick={() => setAsking(true)}
              >
                Run all…
              </Button>
            ) : null}
          </p>
        </fieldset>
      ) : null}
      {view && view.steps.length > 0 ? (
        <>
          <RunAllSteps
            view={view}
            stage={going && job ? `${job.stage} ${count(job.done)}` : null}
            onOpenRun={onOpenRun}
            onOpenPlan={onOpenPlan}
          />
          <p role="status" className={styles.total}>
            {totalWords(view, shownJob !== null, going || unsettled(view))}
          </p>
        </>
      ) : null}
      {asking && seen ? (
        <Agree
          view={seen}
          onClose={() => setAsking(false)}
          onRun={async (at_most, beyond_limits) => {
            const started = await change("syncs.run_all", { names, at_most, beyond_limits });
            setBegun(started.job);
          }}
        />
      ) : null}
    </Page>
  );
}

/** The last word of a job may come a little later than its end. */
function unsettled(view: RunAllView | undefined): boolean {
  const open = ["waiting", "planning", "running"];
  return view === undefined || view.steps.some(({ state }) => open.includes(state));
}

function totalWords(view: RunAllView, run: boolean, going: boolean): string {
  if (!run && going) return "Looking at each of them…";
  if (!run)
    return `${counted(view.writes, "record")} would be written as things stand now; later steps depend on what earlier ones make.`;
  return going
    ? `${counted(view.writes, "record")} written so far`
    : `${counted(view.writes, "record")} written`;
}

/** The one question: where, how many at most in all. Production asks for the number to be typed. */
function Agree({
  view,
  onClose,
  onRun,
}: {
  view: RunAllView;
  onClose: () => void;
  onRun: (atMost: number, beyond: boolean | undefined) => Promise<void>;
}) {
  const production = view.production.length > 0;
  // What waits for the second pass is written again, at most once a record.
  const later = view.steps.some(({ state }) => state === "later");
  const usual = later ? view.writes * 2 : view.writes;
  const [typed, setTyped] = useState(production ? "" : String(usual));
  const [beyond, setBeyond] = useState(false);
  const number = Number(typed.replaceAll(/[\s.,’']/g, ""));
  const valid = typed.trim() !== "" && Number.isSafeInteger(number) && number > 0;
  const places = [...new Set(view.steps.map(({ destination }) => destination))];
  return (
    <Confirm
      open
      onClose={onClose}
      danger={production}
      title={`Run ${counted(view.steps.length, "step")}?`}
      action="Run all"
      disabled={!valid}
      toFault={toApiError}
      onConfirm={() => onRun(number, beyond || undefined)}
    >
      <p>
        About {counted(view.writes, "record")} in <b>{places.join(", ")}</b>
        {production ? (
          <>
            {" "}
            <Mark tone="danger">PRODUCTION</Mark>
          </>
        ) : null}
        . Each step is planned when its turn comes and runs without another question. A step that would go
        beyond the number is not run, nor is what comes after it.
      </p>
      <Field
        label="Records that all of them together may write, at most"
        hint={
          later
            ? `${count(view.writes)} as things stand now; the second pass writes the fields that had to wait`
            : undefined
        }
      >
        <Input inputMode="numeric" value={typed} onChange={(_, { value }) => setTyped(value)} />
      </Field>
      <Checkbox
        checked={beyond}
        onChange={(_, { checked }) => setBeyond(checked === true)}
        label="Go on although a sync's own limits or warnings would stop it"
      />
    </Confirm>
  );
}
