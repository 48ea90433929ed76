import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { type ConnectionView, change, type PlanSummary, toApiError } from "@/api";
import { Confirm, Mark } from "@/design";
import { count, counted } from "@/lib/numbers";
import styles from "./preview.module.css";

/** The last question before writing: what, where, as whom. On production the number must be typed. */
export function RunDialog({
  plan,
  changes,
  destination,
  onClose,
  onRun,
}: {
  plan: PlanSummary;
  changes: number;
  destination: ConnectionView;
  onClose: () => void;
  onRun: (job: string) => void;
}) {
  const [typed, setTyped] = useState("");
  const production = destination.kind === "production";
  const number = Number(typed.replaceAll(/[\s.,’']/g, ""));
  return (
    <Confirm
      open
      onClose={onClose}
      danger={production}
      title={`Run ${counted(changes, "change")}?`}
      action={`Run ${counted(changes, "change")}`}
      disabled={production && number !== changes}
      toFault={toApiError}
      onConfirm={async () => {
        const started = await change("runs.start", {
          plan: plan.plan_id,
          expect: production ? number : changes,
        });
        onRun(started.job);
      }}
    >
      <div className={styles.dialog}>
        <p>
          {count(plan.summary.create)} created and {count(plan.summary.update)} updated in{" "}
          <b>{destination.name}</b>
          {production ? (
            <>
              {" "}
              <Mark tone="danger">PRODUCTION</Mark>
            </>
          ) : null}
          {plan.summary.excluded > 0 ? `, less ${counted(plan.summary.excluded, "row")} held back` : ""}
          {destination.identity?.user_name ? `, as ${destination.identity.user_name}` : ""}.
        </p>
        {plan.summary.events_resent > 0 ? (
          <p className={styles.note}>
            {counted(plan.summary.events_resent, "event")} that went before will be sent again.
          </p>
        ) : null}
        <p className={styles.muted}>
          What was shown is what is sent. A record that changed since is left alone and reported as drifted.
        </p>
        {production ? (
          <Field label={`Type the number of records, ${count(changes)}, to go on`}>
            <Input inputMode="numeric" value={typed} onChange={(_, { value }) => setTyped(value)} />
          </Field>
        ) : null}
      </div>
    </Confirm>
  );
}
