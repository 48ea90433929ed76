import { call, jobEnd } from "@/api";
import { nav } from "./nav";

/** Goes to the plan that a job makes; when it fails its notice says why. */
export async function openPlan(job: string): Promise<void> {
  const { result } = await jobEnd(job, () => call("jobs.get", { job }));
  const plan = typeof result === "object" && result !== null && "plan_id" in result ? result.plan_id : null;
  if (typeof plan === "string") nav.go({ at: "plan", plan });
}
