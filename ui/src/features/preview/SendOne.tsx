import { Button } from "@fluentui/react-components";
import { SendRegular } from "@fluentui/react-icons";
import { useState } from "react";
import {
  type ConnectionView,
  call,
  change,
  jobEnd,
  type PlanRowDetail,
  type RunReport,
  toApiError,
  useRead,
} from "@/api";
import { Confirm, CopyField, Exchange, Mark, Name } from "@/design";
import styles from "./preview.module.css";

function isReport(value: unknown): value is RunReport {
  return typeof value === "object" && value !== null && "run_id" in value && "failures" in value;
}

/** Sends one row by itself, to see the service's true answer. */
export function SendOne({
  plan,
  detail,
  destination,
}: {
  plan: string;
  detail: PlanRowDetail;
  destination: ConnectionView | undefined;
}) {
  const [asking, setAsking] = useState(false);
  const [report, setReport] = useState<RunReport | null>(null);
  const { row } = detail;
  const writes = row.action === "create" || row.action === "update";
  async function send() {
    const { job } = await change("plans.send_one", { plan, ordinal: row.ordinal, expect: 1 });
    const ended = await jobEnd(job, () => call("jobs.get", { job }));
    if (ended.error) throw ended.error;
    if (isReport(ended.result)) setReport(ended.result);
  }
  const failure = report?.failures[0];
  const seen = useRead(
    "runs.requests",
    { run: report?.run_id ?? "", limit: 20 },
    { enabled: report !== null, keep: true },
  );
  // The lookups before are of no interest here: what wrote is.
  const wrote = seen.data?.requests.find(({ method }) => method !== "GET");
  return (
    <>
      {writes && !row.excluded && destination ? (
        <p>
          <Button size="small" icon={<SendRegular />} onClick={() => setAsking(true)}>
            Send this one…
          </Button>
        </p>
      ) : null}
      {report ? (
        <section className={styles.answer} aria-label="The service's answer">
          <p>
            <Mark tone={failure ? "danger" : report.created + report.updated > 0 ? "success" : "neutral"}>
              {failure
                ? "refused"
                : report.created > 0
                  ? "created"
                  : report.updated > 0
                    ? "updated"
                    : "nothing had to be sent"}
            </Mark>{" "}
            {failure ? <Name text={failure.message} /> : "It is held back from the rest of the plan now."}
          </p>
          {failure ? <CopyField label="Code" value={failure.code} /> : null}
          {failure?.request_id ? <CopyField label="Request id" value={failure.request_id} /> : null}
          <CopyField label="Run" value={report.run_id} />
          {wrote ? <Exchange one={wrote} open /> : null}
        </section>
      ) : null}
      {asking && destination ? (
        <Confirm
          open
          onClose={() => setAsking(false)}
          danger={destination.kind === "production"}
          title="Send this one record?"
          action="Send 1 record"
          toFault={toApiError}
          onConfirm={send}
        >
          <div className={styles.dialog}>
            <p>
              <Name text={row.title} /> is read and mapped anew and written to <b>{destination.name}</b>
              {destination.kind === "production" ? (
                <>
                  {" "}
                  <Mark tone="danger">PRODUCTION</Mark>
                </>
              ) : null}
              {destination.identity?.user_name ? `, as ${destination.identity.user_name}` : ""}.
            </p>
            <p className={styles.muted}>
              The answer of the service is shown here; the other rows stay as they are.
            </p>
          </div>
        </Confirm>
      ) : null}
    </>
  );
}
