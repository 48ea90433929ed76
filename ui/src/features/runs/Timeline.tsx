import { useRead } from "@/api";
import { compact, count, duration } from "@/lib/numbers";
import styles from "./runs.module.css";

const WIDTH = 600;
const HEIGHT = 48;
/** A short run has few stretches; their bars keep the width of bars. */
const LEAST_STRETCHES = 24;

/** The most rows in a second, of stretches that may be shorter; of less than a second in all, their mean. */
export function fastest(rows: readonly number[], seconds: number): number {
  const long = Math.min(rows.length, Math.max(1, Math.ceil(1 / seconds)));
  let sum = 0;
  let most = 0;
  rows.forEach((value, at) => {
    sum += value - (rows[at - long] ?? 0);
    most = Math.max(most, sum);
  });
  return most / (long * seconds);
}

/** Answers over time: how many rows a second were written, and how many failed. */
export function Timeline({ run, running }: { run: string; running: boolean }) {
  const { data } = useRead(
    "runs.timeline",
    { run, points: 60 },
    { every: () => (running ? 1000 : false), keep: true },
  );
  if (!data || data.points.length < 2) return null;
  const all = data.points.map((point) => point.written + point.failed + point.drifted);
  const most = Math.max(1, ...all);
  const total = all.reduce((sum, value) => sum + value, 0);
  const rate = compact(fastest(all, data.seconds));
  const bar = WIDTH / Math.max(data.points.length, LEAST_STRETCHES);
  const words = `Answers over time: ${count(total)} in ${data.points.length} stretches of ${data.seconds.toFixed(1)} s, at most ${rate} a second`;
  return (
    <figure className={styles.timeline}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words}>
        {data.points.map((point, at) => {
          const height = (value: number) => (value / most) * HEIGHT;
          const [good, drifted, bad] = [height(point.written), height(point.drifted), height(point.failed)];
          return (
            <g key={point.at} transform={`translate(${at * bar} 0)`}>
              <rect className={styles.good} y={HEIGHT - good} width={Math.max(bar - 1, 0.5)} height={good} />
              <rect
                className={styles.drifted}
                y={HEIGHT - good - drifted}
                width={Math.max(bar - 1, 0.5)}
                height={drifted}
              />
              <rect
                className={styles.bad}
                y={HEIGHT - good - drifted - bad}
                width={Math.max(bar - 1, 0.5)}
                height={bad}
              />
            </g>
          );
        })}
      </svg>
      <figcaption className={styles.muted}>
        {duration(data.points.length * data.seconds)}, at most {rate}/s
        {data.points.some((point) => point.failed > 0) ? " · failures in red" : ""}
      </figcaption>
    </figure>
  );
}
