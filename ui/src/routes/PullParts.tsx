import { CheckmarkRegular, DismissRegular } from "@fluentui/react-icons";
import { isRecord, isStringList, type JobView } from "@/api";
import { Name } from "@/design";
import { compact, count } from "@/lib/numbers";
import styles from "./shell.module.css";

/** Of a pull of several: what is there, what failed, what is under way, what waits. */
export function PullParts({ job }: { job: JobView }) {
  const { result } = job;
  if (job.kind !== "pull" || !isRecord(result) || !Array.isArray(result.pulls)) return null;
  const done = result.pulls.filter(isRecord);
  const failures = Array.isArray(result.failures) ? result.failures.filter(isRecord) : [];
  const doing = typeof result.doing === "string" ? result.doing : null;
  const waiting = isStringList(result.waiting) ? result.waiting : [];
  return (
    <ul className={styles.parts} aria-label={`Parts of ${job.title}`}>
      {done.map((pull) => (
        <li key={String(pull.pull)}>
          <CheckmarkRegular aria-label="done" /> <Name text={String(pull.list ?? pull.entity)} strong />{" "}
          {count(Number(pull.read))} read, {count(Number(pull.new))} new, {count(Number(pull.changed))}{" "}
          changed, {count(Number(pull.deleted))} gone
        </li>
      ))}
      {failures.map((failure) => (
        <li key={String(failure.what)}>
          <DismissRegular aria-label="failed" /> <Name text={String(failure.what)} strong />{" "}
          {isRecord(failure.error) ? String(failure.error.message) : ""}
        </li>
      ))}
      {doing === null || job.finished_at !== null ? null : (
        <li>
          <Name text={doing} strong /> {job.stage}: {count(job.done)}
          {job.total === null ? "" : ` of ${compact(job.total)}`}
        </li>
      )}
      {waiting.map((name) => (
        <li key={name} className={styles.quiet}>
          {name} {job.finished_at === null ? "waits" : "was not begun"}
        </li>
      ))}
    </ul>
  );
}
