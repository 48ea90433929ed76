import type { PlanSummary } from "@/api";
import { sentence } from "@/design";
import { counted } from "@/lib/numbers";
import styles from "./preview.module.css";

/** Where a plan comes from when it is not a sync's own, what would stop it, and whether it can be taken back. */
export function Origin({ plan, onOpenRun }: { plan: PlanSummary; onOpenRun: (run: string) => void }) {
  const { summary: counts, undo_of, replay_of, exceeded } = plan;
  const writes = counts.create + counts.update + counts.delete;
  const link = (run: string, words: string) => (
    <button type="button" className={styles.link} onClick={() => onOpenRun(run)}>
      {words}
    </button>
  );
  return (
    <>
      {undo_of ? (
        <p className={styles.muted}>
          This takes back {link(undo_of, "a run")}: what it changed is put back, what it made is deleted.
          {counts.skip + counts.invalid > 0
            ? ` ${counted(counts.skip + counts.invalid, "record")} stay as they are; the causes are listed.`
            : ""}
        </p>
      ) : null}
      {replay_of ? (
        <p className={styles.muted}>
          These are records of {link(replay_of, "a run")}, under today's definition.
        </p>
      ) : null}
      {exceeded.map((one) => (
        <p key={one.what + one.text} className={styles.note} role="alert">
          A run would be stopped before its first write: {one.text}. {sentence(one.remedy)}
        </p>
      ))}
      {plan.status === "ready" && writes > 0 && !plan.undoable ? (
        <p className={styles.note}>
          What it writes can't be undone: the destination does not tell what it held before.
        </p>
      ) : null}
    </>
  );
}
