import {
  Button,
  Popover,
  PopoverSurface,
  PopoverTrigger,
  ProgressBar,
  Tooltip,
} from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import {
  type Budget,
  type ConnectionView,
  call,
  isOver,
  type JobView,
  useJobs,
  useLink,
  useRead,
} from "@/api";
import { Fault, Name, Time } from "@/design";
import { callWords, pauseWords } from "@/lib/costs";
import { compact, count, counted, duration } from "@/lib/numbers";
import { age } from "@/lib/time";
import { show, useOverlays } from "./actions";
import { endNotice } from "./jobEnds";
import { PullParts } from "./PullParts";
import styles from "./shell.module.css";
import { Notices } from "./toasts";

/** Work under way, what is left of the service's limits, the network, and how old the data is. */
export function StatusBar({ current }: { current: ConnectionView | null }) {
  const jobs = useJobs().filter((job) => job.kind !== "sign_in");
  const running = jobs.filter((job) => !isOver(job));
  const first = running[0];
  const link = useLink();
  const { jobs: open } = useOverlays();
  return (
    <footer className={styles.status} data-tour="status">
      <Popover
        open={open}
        onOpenChange={(_, data) => show({ jobs: data.open })}
        positioning="above-start"
        trapFocus
      >
        <PopoverTrigger disableButtonEnhancement>
          <button type="button" className={styles.statusButton} aria-label="Show all work">
            {first ? (
              <span className={styles.jobLine}>{progressWords(first)}</span>
            ) : jobs[0]?.state === "failed" ? (
              "The latest work failed"
            ) : (
              "No work under way"
            )}
            {running.length > 1 ? ` · ${running.length - 1} more` : ""}
          </button>
        </PopoverTrigger>
        <PopoverSurface className={styles.jobs} aria-label="Work">
          <div className={styles.jobHead}>
            <h2>Work</h2>
            <span className={styles.grow} />
            <Button
              size="small"
              appearance="subtle"
              icon={<DismissRegular />}
              aria-label="Close the list of work"
              onClick={() => show({ jobs: false })}
            />
          </div>
          {jobs.length === 0 ? (
            <p className={styles.quiet}>Pulls, exports, previews and runs show here.</p>
          ) : null}
          {jobs.slice(0, 20).map((job) => (
            <Job key={job.id} job={job} />
          ))}
        </PopoverSurface>
      </Popover>
      {first ? (
        <>
          <ProgressBar
            className={styles.miniBar}
            value={first.total ? first.done / first.total : undefined}
            aria-label={first.title}
          />
          <Button
            size="small"
            appearance="transparent"
            icon={<DismissRegular />}
            aria-label={`Stop ${first.title}`}
            title="Stop"
            onClick={() => void call("jobs.cancel", { job: first.id })}
          />
        </>
      ) : null}
      <Notices />
      {link ? null : (
        <span role="alert" className={styles.linkDown}>
          Syncline itself does not answer; trying again
        </span>
      )}
      {current && current.system === "dataverse" ? (
        <span className={styles.serviceState}>
          <ServiceState connection={current} working={running.length > 0} />
        </span>
      ) : null}
    </footer>
  );
}

/** How often the meter is read, in milliseconds: work under way moves it. */
const meterAtWork = 2_000;
const meterAtRest = 10_000;

function ServiceState({ connection, working }: { connection: ConnectionView; working: boolean }) {
  const every = working ? meterAtWork : meterAtRest;
  const budget = useRead("connections.budget", { connection: connection.name }, { every: () => every });
  const cached = useRead("cache.list", {});
  const mine = (cached.data ?? []).filter(
    (entity) => entity.connection === connection.name && entity.pulled_at !== null,
  );
  const newest = mine
    .map((entity) => entity.pulled_at ?? "")
    .sort()
    .at(-1);
  return (
    <>
      {budget.data ? <Meter budget={budget.data} /> : null}
      <span title={newest ? `Newest pull: ${newest}` : "Nothing was pulled yet"}>
        {newest
          ? `offline data: ${age(newest)} · ${compact(mine.reduce((sum, entity) => sum + entity.records, 0))} records`
          : "no offline data"}
      </span>
    </>
  );
}

/** What is left of the service's limits for this user, with what it means. */
function Meter({ budget }: { budget: Budget }) {
  const left =
    budget.remaining === null && budget.remaining_seconds === null ? "" : ` · ${leftWords(budget)} left`;
  const meaning = (
    <>
      <p>
        Syncline sent {counted(budget.sent, "request")} since it started. The service was{" "}
        {budget.throttled === 0 ? "never" : `${counted(budget.throttled, "time")}`} busy enough to ask it to
        wait.
      </p>
      {left === "" ? (
        <p>The service did not say how much is left; it does with the next answer.</p>
      ) : (
        <p>
          Within any five minutes a user may send 6,000 requests, and their execution may take 20 minutes in
          all. The numbers are what one of the service's servers says is left of that.
        </p>
      )}
      {budget.recommended === null ? null : (
        <p>The service recommends {counted(budget.recommended, "request")} at once.</p>
      )}
    </>
  );
  return (
    <Tooltip content={{ children: meaning, className: styles.meaning }} relationship="description">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the explanation must be reachable by keyboard */}
      <span tabIndex={0} data-meter>
        API {count(budget.sent)}
        {left}
        {budget.paused_until ? (
          <b className={styles.pausedWords}>
            {" · "}
            {pauseWords(budget.paused_until)}
          </b>
        ) : null}
      </span>
    </Tooltip>
  );
}

function leftWords({ remaining, remaining_seconds: seconds }: Budget): string {
  const parts: string[] = [];
  if (remaining !== null) parts.push(count(remaining));
  if (seconds !== null) parts.push(duration(seconds));
  return parts.join(" and ");
}

/** `pulling contact 412,000 of 1.0 M · 98 k/s · 6 s left · request 12 of about 40`. */
export function progressWords(job: JobView): string {
  const counts = job.done > 0 || job.total !== null;
  const parts = [
    counts
      ? `${job.title} ${count(job.done)}${job.total === null ? "" : ` of ${compact(job.total)}`}`
      : job.title,
  ];
  if (!counts && job.stage) parts.push(job.stage);
  if (job.rate !== null && job.rate > 0) parts.push(`${compact(job.rate)}/s`);
  if (job.seconds_left !== null) parts.push(`${duration(job.seconds_left)} left`);
  if (job.calls) parts.push(callWords(job.calls));
  if (job.state === "cancelling") parts.push("stopping…");
  return parts.join(" · ");
}

function Job({ job }: { job: JobView }) {
  const over = isOver(job);
  return (
    <article className={styles.job}>
      <div className={styles.jobHead}>
        <Name text={over ? (endNotice(job)?.title ?? job.title) : progressWords(job)} />
        <span className={styles.grow} />
        <Time iso={job.started_at} />
        {over ? null : (
          <Button size="small" onClick={() => void call("jobs.cancel", { job: job.id })}>
            Stop
          </Button>
        )}
      </div>
      {over ? null : (
        <ProgressBar value={job.total ? job.done / job.total : undefined} aria-label={job.title} />
      )}
      <PullParts job={job} />
      {!over && job.calls ? <p className={styles.quiet}>{callWords(job.calls)}</p> : null}
      {job.error ? <Fault fault={job.error} /> : null}
    </article>
  );
}
