import { Button } from "@fluentui/react-components";
import type { PredictionView } from "@/api";
import { count, counted } from "@/lib/numbers";
import styles from "./runs.module.css";

/** 98.4 %, or a dash where nothing was sent. Never rounded up to 100 %. */
export function scoreText(prediction: PredictionView | null): string {
  const score = prediction?.score;
  if (score === null || score === undefined) return "–";
  return `${(Math.floor(score * 1000) / 10).toFixed(score === 1 ? 0 : 1)} %`;
}

/** What was predicted against what came out, and the way to the rows that came out otherwise. */
export function Prediction({
  prediction,
  selected,
  onSelect,
}: {
  prediction: PredictionView;
  selected: boolean;
  onSelect: (otherwise: boolean) => void;
}) {
  if (prediction.score === null)
    return prediction.not_reached > 0 ? (
      <p className={styles.muted}>{counted(prediction.not_reached, "row")} not reached</p>
    ) : null;
  const apart = prediction.groups.filter((group) => !group.as_predicted);
  return (
    <div className={styles.prediction} role="group" aria-label="Prediction">
      <span>
        <b>{scoreText(prediction)}</b> came out as predicted ({count(prediction.as_predicted)} of{" "}
        {count(prediction.as_predicted + prediction.otherwise)})
      </span>
      {apart.map((group) => (
        <span key={`${group.action}/${group.outcome}`} className={styles.muted}>
          {count(group.rows)} predicted as {group.action}, but {group.outcome}
        </span>
      ))}
      {prediction.not_reached > 0 ? (
        <span className={styles.muted}>{count(prediction.not_reached)} not reached</span>
      ) : null}
      {prediction.otherwise > 0 ? (
        <Button
          size="small"
          appearance={selected ? "primary" : "secondary"}
          aria-pressed={selected}
          onClick={() => onSelect(!selected)}
        >
          Show {count(prediction.otherwise)} that came out otherwise
        </Button>
      ) : null}
    </div>
  );
}
