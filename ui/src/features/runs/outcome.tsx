import type { RunView } from "@/api";
import { Mark, ThinBar, Time } from "@/design";
import styles from "./runs.module.css";

const words: Record<string, { word: string; tone: "success" | "warning" | "danger" | "neutral" | "brand" }> =
  {
    running: { word: "running", tone: "brand" },
    succeeded: { word: "succeeded", tone: "success" },
    partial: { word: "done with failures", tone: "warning" },
    failed: { word: "failed", tone: "danger" },
    cancelled: { word: "cancelled", tone: "neutral" },
    interrupted: { word: "interrupted", tone: "warning" },
  };

/** How an outcome of a record looks. */
export const tones: Record<string, "success" | "brand" | "warning" | "danger" | "neutral"> = {
  created: "success",
  updated: "brand",
  upserted: "success",
  deleted: "brand",
  drifted: "warning",
  failed: "danger",
  invalid: "danger",
  unknown: "warning",
  sending: "warning",
  "not reached": "warning",
};

/** How a run ended, in a word. */
export function RunMark({ status }: { status: string }) {
  const { word, tone } = words[status] ?? { word: status, tone: "neutral" as const };
  return <Mark tone={tone}>{word}</Mark>;
}

export function RunBar({ run }: { run: RunView }) {
  return (
    <ThinBar
      label="Outcome"
      parts={[
        { tone: "create", value: run.created, label: "created" },
        { tone: "update", value: run.updated, label: "updated" },
        { tone: "delete", value: run.deleted, label: "deleted" },
        { tone: "same", value: run.unchanged, label: "unchanged" },
        { tone: "skip", value: run.skipped, label: "skipped" },
        { tone: "warn", value: run.drifted, label: "drifted" },
        { tone: "bad", value: run.failed, label: "failed" },
      ]}
    />
  );
}

/** A run in one cell of a list. */
export function RunCell({ run }: { run: RunView | null }) {
  if (!run) return <span className={styles.muted}>never</span>;
  return (
    <span className={styles.cell}>
      <RunMark status={run.status} /> <Time iso={run.started_at} />
    </span>
  );
}
