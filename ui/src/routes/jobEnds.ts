import { type JobView, jobs, type Settings } from "@/api";
import { host } from "@/host";
import { count, counted, duration } from "@/lib/numbers";
import { show } from "./actions";
import { nav } from "./nav";
import { type Notice, notify } from "./toasts";

function field(result: unknown, name: string): unknown {
  return typeof result === "object" && result !== null
    ? (result as Record<string, unknown>)[name]
    : undefined;
}

const number = (value: unknown): number => (typeof value === "number" ? value : 0);

/** What is said when a job ends; null for what its own screen says. */
export function endNotice(job: JobView): Notice | null {
  if (job.kind === "sign_in") return null;
  const name = job.title.charAt(0).toUpperCase() + job.title.slice(1);
  if (isSeveral(job.result) && job.kind === "run") return severalNotice(name, job.result);
  if (job.state === "cancelled" && job.kind === "run" && typeof field(job.result, "run_id") === "string")
    return runNotice(`${name}: stopped`, job.result);
  if (job.state === "cancelled")
    return {
      tone: "info",
      title: `${name}: stopped`,
      text: job.kind === "pull" ? "What was pulled stays; pull again to go on." : undefined,
    };
  if (job.state === "failed")
    return {
      tone: "error",
      title: `${name}: not finished`,
      text: job.error?.message,
      fault: job.error ?? undefined,
      action: { words: "Show", run: () => show({ jobs: true }) },
    };
  const { result } = job;
  switch (job.kind) {
    case "pull": {
      const notes = field(result, "notes");
      const pulls = field(result, "pulls");
      if (Array.isArray(pulls)) {
        const read = pulls.reduce((sum: number, one) => sum + number(field(one, "read")), 0);
        const failures = field(result, "failures");
        const failed = Array.isArray(failures) ? failures.length : 0;
        return {
          tone: failed > 0 ? "error" : "success",
          title: `${name}: ${counted(read, "record")} in ${duration(job.seconds)}`,
          text:
            failed > 0
              ? `${counted(failed, "pull")} of ${count(pulls.length + failed)} not finished`
              : undefined,
        };
      }
      return {
        tone: "success",
        title: `${name}: ${counted(number(field(result, "read")), "record")} in ${duration(job.seconds)}`,
        text: `${count(number(field(result, "new")))} new, ${count(number(field(result, "changed")))} changed, ${count(number(field(result, "deleted")))} gone${Array.isArray(notes) && typeof notes[0] === "string" ? `. ${notes[0]}` : ""}`,
      };
    }
    case "export":
      // Comparing writes a file only where one was asked for.
      if (isCompared(result)) return comparedNotice(name, result);
      if (job.title.startsWith("signing off "))
        return { tone: "success", title: `${name}: done`, text: String(field(result, "path") ?? "") };
      return {
        tone: "success",
        title: `${counted(number(field(result, "records")), "record")} written`,
        text: String(field(result, "path") ?? ""),
      };
    case "preview": {
      const plan = field(result, "plan_id");
      return {
        tone: "success",
        title: `${name}: ready`,
        action:
          typeof plan === "string"
            ? { words: "Show the preview", run: () => nav.go({ at: "plan", plan }) }
            : undefined,
      };
    }
    case "statistics": {
      const columns = field(result, "columns");
      return {
        tone: "success",
        title: `${name}: ${counted(Array.isArray(columns) ? columns.length : 0, "column")}`,
        text: field(result, "sampled") === true ? "Over a sample of the records" : undefined,
      };
    }
    case "run":
      return runNotice(name, result);
  }
}

const isSeveral = (result: unknown): result is { steps: unknown[] } => Array.isArray(field(result, "steps"));

/** How several syncs ended: what all of them wrote, and where they did not go on. */
function severalNotice(name: string, result: { steps: unknown[] }): Notice {
  const bad = result.steps.filter((step) => field(step, "state") !== "succeeded");
  const first = bad[0];
  return {
    tone: bad.length > 0 ? "warning" : "success",
    title: `${name}: ${counted(number(field(result, "writes")), "record")} written`,
    text: first
      ? `${counted(bad.length, "step")} of ${count(result.steps.length)} did not go well, first ${String(field(first, "name"))}`
      : undefined,
    action: { words: "Show the steps", run: () => nav.go({ at: "run-all" }) },
  };
}

const isCompared = (result: unknown) => typeof field(result, "only_left") === "number";

/** How two environments differ. */
function comparedNotice(name: string, result: unknown): Notice {
  const parts = [
    `${count(number(field(result, "same")))} the same`,
    `${count(number(field(result, "different")))} different`,
    `${count(number(field(result, "only_left")) + number(field(result, "only_right")))} in one only`,
  ];
  return { tone: "success", title: `${name}: done`, text: parts.join(", ") };
}

/** What a run wrote and what it left; where it ended before its end, that it can go on. */
function runNotice(name: string, result: unknown): Notice {
  const run = field(result, "run_id");
  // Of a two-way sync both ways are told, and what followed.
  const both = field(result, "two_way");
  const after = field(both, "again");
  const all = [result, field(both, "back"), ...(Array.isArray(after) ? after : [])];
  const of = (key: string) => all.reduce((sum: number, one) => sum + number(field(one, key)), 0);
  const failed = of("failed") + of("drifted");
  const left = of("not_reached");
  const written = of("created") + of("updated") + of("deleted");
  const on = field(result, "resumable") === true ? "; it can go on from its page" : "";
  return {
    tone: failed + left > 0 ? "warning" : "success",
    title: `${name}: ${count(written)} written, ${count(of("failed"))} failed`,
    text:
      [
        of("drifted") > 0 ? `${counted(of("drifted"), "record")} held back: changed since the preview` : "",
        left > 0 ? `${counted(left, "record")} not sent${on}` : "",
      ]
        .filter(Boolean)
        .join("; ") || undefined,
    action:
      typeof run === "string" ? { words: "Show the run", run: () => nav.go({ at: "run", run }) } : undefined,
  };
}

/** Says the end of jobs, in the window and, for long ones out of focus, through the system. */
export function followJobEnds(settings: () => Settings | undefined): () => void {
  return jobs.onEnd((job) => {
    // Jobs that ended before this window was opened are history.
    if (job.finished_at && Date.now() - Date.parse(job.finished_at) > 60_000) return;
    const notice = endNotice(job);
    if (!notice) return;
    // The screen that waits for it shows the end itself.
    const { place } = nav.get();
    const inSight =
      (job.kind === "preview" &&
        (place.at === "sync" || place.at === "plan" || place.at === "run") &&
        job.state === "done") ||
      (job.kind === "preview" && place.at === "sync" && job.title === `previewing ${place.name}`) ||
      (job.kind === "run" && place.at === "run") ||
      (place.at === "run-all" && isSeveral(job.result)) ||
      (place.at === "compare" &&
        job.kind === "export" &&
        (isCompared(job.result) || job.title.startsWith("comparing ")));
    if (!inSight) notify(notice);
    if (settings()?.notifications && job.seconds > 3)
      void host.notify(notice.title, notice.text ?? "").catch(() => undefined);
  });
}
