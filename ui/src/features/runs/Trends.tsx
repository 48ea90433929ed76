import type { RunView } from "@/api";
import { Name } from "@/design";
import { count, counted } from "@/lib/numbers";
import styles from "./runs.module.css";

/** Runs that a line shows. */
const SHOWN = 24;
const HEIGHT = 24;
const STEP = 7;

const written = (run: RunView) => run.created + run.updated + run.deleted;

/** A line for each sync: its latest runs, oldest first, as high as what they wrote, failures in red. */
export function Trends({ runs, onOpen }: { runs: readonly RunView[]; onOpen: (run: string) => void }) {
  const lines = new Map<string, RunView[]>();
  for (const run of runs) {
    const known = lines.get(run.definition);
    if (known) known.push(run);
    else lines.set(run.definition, [run]);
  }
  const several = [...lines].filter(([, of]) => of.length > 1);
  if (several.length === 0) return null;
  return (
    <ul className={styles.trends} aria-label="Trends">
      {several.map(([definition, of]) => {
        const latest = of.slice(0, SHOWN).reverse();
        const most = Math.max(1, ...latest.map((run) => written(run) + run.failed + run.drifted));
        const failed = latest.filter((run) => run.failed + run.drifted > 0 || run.error).length;
        const last = latest[latest.length - 1];
        return (
          <li key={definition}>
            <Name text={definition} className={styles.trendName} />
            <svg
              width={latest.length * STEP}
              height={HEIGHT}
              role="img"
              aria-label={`The latest ${latest.length} runs of ${definition}: ${counted(failed, "run")} with failures, at most ${count(most)} rows`}
            >
              {latest.map((run, at) => {
                const [good, bad] = [written(run), run.failed + run.drifted].map(
                  (value) => (value / most) * HEIGHT,
                ) as [number, number];
                return (
                  <g key={run.run_id} transform={`translate(${at * STEP} 0)`}>
                    <title>{`${run.started_at}: ${count(written(run))} written, ${count(run.failed)} failed`}</title>
                    <rect
                      className={run.error ? styles.bad : styles.quiet}
                      y={HEIGHT - 1}
                      width={STEP - 2}
                      height={1}
                    />
                    <rect className={styles.good} y={HEIGHT - good} width={STEP - 2} height={good} />
                    <rect className={styles.bad} y={HEIGHT - good - bad} width={STEP - 2} height={bad} />
                  </g>
                );
              })}
            </svg>
            {last ? (
              <button type="button" className={styles.open} onClick={() => onOpen(last.run_id)}>
                last: {count(written(last))} written
                {last.failed > 0 ? `, ${count(last.failed)} failed` : ""}
              </button>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}
