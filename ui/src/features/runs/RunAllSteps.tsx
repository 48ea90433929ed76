import type { RunAllStep, RunAllView, StepState } from "@/api";
import { Fault, Mark, Name } from "@/design";
import { count } from "@/lib/numbers";
import styles from "./runs.module.css";

const words: Record<
  StepState,
  { word: string; tone: "success" | "warning" | "danger" | "neutral" | "brand" }
> = {
  waiting: { word: "waiting", tone: "neutral" },
  later: { word: "after the others", tone: "neutral" },
  planning: { word: "previewing", tone: "brand" },
  planned: { word: "previewed", tone: "brand" },
  running: { word: "running", tone: "brand" },
  succeeded: { word: "succeeded", tone: "success" },
  partial: { word: "done with failures", tone: "warning" },
  failed: { word: "not done", tone: "danger" },
  cancelled: { word: "stopped", tone: "neutral" },
  not_reached: { word: "not reached", tone: "warning" },
};

/** The steps in their order: why each comes there, how far it is, what it writes or wrote. */
export function RunAllSteps({
  view,
  stage,
  onOpenRun,
  onOpenPlan,
}: {
  view: RunAllView;
  /** What the step that is under way does now. */
  stage: string | null;
  onOpenRun: (run: string) => void;
  onOpenPlan: (plan: string) => void;
}) {
  return (
    <table className={styles.table} aria-label="Steps in their order">
      <thead>
        <tr>
          <th scope="col" className={styles.number}>
            Step
          </th>
          <th scope="col">Sync</th>
          <th scope="col">Why here</th>
          <th scope="col">State</th>
          {["Created", "Updated", "Deleted", "Unchanged", "Failed"].map((title) => (
            <th key={title} scope="col" className={styles.number}>
              {title}
            </th>
          ))}
          <td />
        </tr>
      </thead>
      <tbody>
        {view.steps.map((step, at) => (
          <tr key={`${step.name}/${step.pass}`}>
            <td className={styles.number}>{at + 1}</td>
            <td>
              <Name text={step.name} />
              {step.pass > 1 ? <span className={styles.muted}> second pass</span> : null}
            </td>
            <td dir="auto">{whyHere(step)}</td>
            <td>
              <Mark tone={words[step.state].tone}>{words[step.state].word}</Mark>
              {stage && (step.state === "planning" || step.state === "running") ? (
                <span className={styles.muted}> {stage}</span>
              ) : null}
              {step.error ? <Fault fault={step.error} /> : null}
            </td>
            {[step.created, step.updated, step.deleted, step.unchanged, step.failed].map((number, column) => (
              <td key={column} className={styles.number}>
                {count(number)}
              </td>
            ))}
            <td className={styles.way}>
              <Way step={step} onOpenRun={onOpenRun} onOpenPlan={onOpenPlan} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Why a step comes where it does. */
export function whyHere(step: RunAllStep): string {
  const after = step.after.map(
    ({ name, fields }) => `its ${fields.join(", ")} may point at what “${name}” writes`,
  );
  if (step.pass > 1)
    return `sends the fields that waited: ${after.join("; ") || "they point at its own records"}`;
  const without =
    step.left_out.length > 0
      ? [`goes without ${step.left_out.join(", ")} until the second pass, because they point in a circle`]
      : [];
  return [...after, ...without].join("; ") || "it waits for none of the others";
}

function Way({
  step,
  onOpenRun,
  onOpenPlan,
}: {
  step: RunAllStep;
  onOpenRun: (run: string) => void;
  onOpenPlan: (plan: string) => void;
}) {
  const { run, plan } = step;
  if (run)
    return (
      <button type="button" className={styles.open} onClick={() => onOpenRun(run)}>
        its run
      </button>
    );
  if (plan)
    return (
      <button type="button" className={styles.open} onClick={() => onOpenPlan(plan)}>
        its preview
      </button>
    );
  return null;
}
