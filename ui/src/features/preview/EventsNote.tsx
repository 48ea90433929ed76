import { Checkbox } from "@fluentui/react-components";
import { useState } from "react";
import { type ApiError, change, type PlanSummary, toApiError } from "@/api";
import { Fault } from "@/design";
import { count, counted } from "@/lib/numbers";
import styles from "./preview.module.css";

/** Events that were sent before: held back, or going again on purpose; the number is said either way. */
export function EventsNote({ plan, onAgain }: { plan: PlanSummary; onAgain: (job: string) => void }) {
  const { events_held_back: held, events_resent: resent } = plan.summary;
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  if (held === 0 && resent === 0) return null;
  async function again(resend: boolean) {
    setBusy(true);
    setFault(null);
    try {
      const { job } = await change("plans.start", { like: plan.plan_id, resend_events: resend });
      onAgain(job);
    } catch (error) {
      setFault(toApiError(error));
      setBusy(false);
    }
  }
  return (
    <div className={styles.events}>
      <span className={resent > 0 ? styles.note : styles.muted}>
        {resent > 0
          ? `${counted(resent, "event")} that ${resent === 1 ? "was" : "were"} sent before will be sent again.`
          : `${counted(held, "event")} ${held === 1 ? "was" : "were"} sent before and ${held === 1 ? "is" : "are"} held back.`}
      </span>
      <Checkbox
        checked={resent > 0}
        disabled={busy || plan.status !== "ready"}
        onChange={(_, { checked }) => void again(checked === true)}
        label={`Send ${count(Math.max(held, resent))} again on purpose (previews anew)`}
      />
      {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
    </div>
  );
}
