import type { RunReport, RunView } from "@/api";
import { counted } from "@/lib/numbers";
import { RunMark } from "./outcome";
import styles from "./runs.module.css";

/** The rest of a two-way sync: the run of the other way, and those that followed. */
export function BothWays({
  data,
  onOpenRun,
  onOpenPlan,
}: {
  data: RunReport;
  onOpenRun: (run: string) => void;
  onOpenPlan: (plan: string) => void;
}) {
  const { pair } = data;
  if (!pair) return null;
  const here = { run: data, to: data.destination };
  const there = { run: pair.other, to: data.source };
  const ways = pair.returns ? [there, here] : [here, there];
  return (
    <nav className={styles.ways} aria-label="Both ways">
      {ways.map(({ run, to }, index) => {
        const title = `${index === 0 ? "To" : "Back to"} ${to}`;
        if (!run)
          return (
            <button
              key={title}
              type="button"
              className={styles.way}
              title="What was previewed of it"
              onClick={() => onOpenPlan(pair.other_plan)}
            >
              <b>{title}</b>
              <span className={styles.muted}>
                {pair.other_writes > 0
                  ? `${counted(pair.other_writes, "change")} not run`
                  : "nothing to write"}
              </span>
            </button>
          );
        return (
          <Way key={title} title={title} run={run} current={run.run_id === data.run_id} onOpen={onOpenRun} />
        );
      })}
      {pair.after.map((run) => (
        <Way
          key={run.run_id}
          title={`Afterwards, to ${run.destination}`}
          run={run}
          current={run.run_id === data.run_id}
          onOpen={onOpenRun}
        />
      ))}
      {pair.first ? <Way title="It followed" run={pair.first} current={false} onOpen={onOpenRun} /> : null}
    </nav>
  );
}

function Way({
  title,
  run,
  current,
  onOpen,
}: {
  title: string;
  run: RunView;
  current: boolean;
  onOpen: (run: string) => void;
}) {
  return (
    <button
      type="button"
      className={styles.way}
      aria-current={current ? "page" : undefined}
      onClick={() => (current ? undefined : onOpen(run.run_id))}
    >
      <b>{title}</b>
      <RunMark status={run.status} />
      <span className={styles.muted}>{came(run)}</span>
    </button>
  );
}

/** What became of a run's rows, without what is nought. */
function came(run: RunView): string {
  const parts = [
    ["created", run.created],
    ["updated", run.updated],
    ["deleted", run.deleted],
    ["drifted", run.drifted],
    ["failed", run.failed],
  ] as const;
  const told = parts.filter(([, number]) => number > 0).map(([word, number]) => `${number} ${word}`);
  return told.length > 0 ? told.join(" · ") : "nothing written";
}
