import { type ConnectionView, call, isOver, jobEnd, jobs } from "@/api";
import { PlanView } from "@/features/preview";
import { actOn } from "./actions";
import { nav } from "./nav";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Goes to the run of a plan as soon as there is one. */
async function openRunOf(plan: string, job: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const runs = await call("runs.list", {});
    const run = runs.find(({ plan_id }) => plan_id === plan);
    if (run) {
      nav.go({ at: "run", run: run.run_id });
      return;
    }
    const known = jobs.get(job);
    // Ended without a run: its notice says why.
    if (known && isOver(known) && known.state !== "done") return;
    await pause(150);
  }
}

/** Goes to the plan that a job makes, unless the person has gone elsewhere. */
async function openPlanOf(from: string, job: string): Promise<void> {
  const { result } = await jobEnd(job, () => call("jobs.get", { job }));
  const plan = typeof result === "object" && result !== null && "plan_id" in result ? result.plan_id : null;
  const { place } = nav.get();
  if (typeof plan === "string" && place.at === "plan" && place.plan === from)
    nav.rename(place, { at: "plan", plan });
}

export function PlanRoute({ plan, connections }: { plan: string; connections: readonly ConnectionView[] }) {
  return (
    <PlanView
      key={plan}
      plan={plan}
      connections={connections}
      onRun={(job) => void openRunOf(plan, job).catch(() => undefined)}
      onOpenRun={(run) => nav.go({ at: "run", run })}
      onOpenDefinition={(name) => nav.go({ at: "sync", name })}
      onConflicts={(definition) => nav.go({ at: "conflicts", definition })}
      onPairs={(definition) => nav.go({ at: "links", definition })}
      onAgain={(job) => void openPlanOf(plan, job).catch(() => undefined)}
      onUnlock={(connection) => void actOn("unlock", connection)}
    />
  );
}
