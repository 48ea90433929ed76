import { Checkbox, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { type ConnectionView, change, type PlanSummary, toApiError } from "@/api";
import { Confirm, Mark, sentence } from "@/design";
import { count, counted } from "@/lib/numbers";
import styles from "./preview.module.css";

interface Writes {
  create: number;
  update: number;
  delete: number;
}

/** What is written, in words; what is not done at all is not named. */
export function writesWords(counts: Writes): string {
  const words = [
    counts.create > 0 ? `${count(counts.create)} created` : "",
    counts.update > 0 ? `${count(counts.update)} updated` : "",
    counts.delete > 0 ? `${count(counts.delete)} deleted` : "",
  ].filter(Boolean);
  return words.join(", ") || "nothing written";
}

/** The last question before writing: what, where, as whom. On production the number must be typed. */
export function RunDialog({
  plan,
  changes,
  destination,
  source,
  onClose,
  onRun,
}: {
  plan: PlanSummary;
  changes: number;
  destination: ConnectionView;
  /** Of a two-way sync, where the source is written too. */
  source?: ConnectionView;
  onClose: () => void;
  onRun: (job: string) => void;
}) {
  const [typed, setTyped] = useState("");
  const [beyond, setBeyond] = useState(false);
  const never = plan.exceeded.some(({ what }) => what === "unfiltered");
  const production = [destination, source].some((one) => one?.kind === "production");
  const two = plan.two_way;
  const number = Number(typed.replaceAll(/[\s.,’']/g, ""));
  return (
    <Confirm
      open
      onClose={onClose}
      danger={production}
      title={`Run ${counted(changes, "change")}?`}
      action={`Run ${counted(changes, "change")}`}
      disabled={never || (plan.exceeded.length > 0 && !beyond) || (production && number !== changes)}
      toFault={toApiError}
      onConfirm={async () => {
        const started = await change("runs.start", {
          plan: plan.plan_id,
          expect: production ? number : changes,
          beyond_limits: beyond || undefined,
        });
        onRun(started.job);
      }}
    >
      <div className={styles.dialog}>
        <p>
          {writesWords(plan.summary)} in <b>{destination.name}</b>
          {production ? (
            <>
              {" "}
              <Mark tone="danger">PRODUCTION</Mark>
            </>
          ) : null}
          {plan.summary.excluded > 0 ? `, less ${counted(plan.summary.excluded, "row")} held back` : ""}
          {destination.identity?.user_name ? `, as ${destination.identity.user_name}` : ""}.
        </p>
        {two && source ? (
          <p>
            The other way: {writesWords(two.other_counts)} in <b>{source.name}</b>
            {two.other_counts.excluded > 0
              ? `, less ${counted(two.other_counts.excluded, "row")} held back`
              : ""}
            .
            {two.conflicts > 0
              ? ` ${counted(two.conflicts, "field")} wait for a decision and stay as they are.`
              : ""}
          </p>
        ) : null}
        {plan.summary.events > 0 ? (
          <p className={plan.summary.events_resent > 0 ? styles.note : undefined}>
            {plan.summary.events_resent > 0
              ? `${counted(plan.summary.events, "event")} will be sent, ${count(plan.summary.events_resent)} of them again on purpose.`
              : `${counted(plan.summary.events, "event")} will be sent.`}
          </p>
        ) : null}
        <p className={styles.muted}>
          What was shown is what is sent. A record that changed since is left alone and reported as drifted.
        </p>
        <p className={plan.undoable ? styles.muted : styles.note}>
          {plan.undoable
            ? `It can be undone afterwards, except what others change in between${plan.summary.events > 0 ? ", and its events" : ""}.`
            : "It can't be undone: the destination does not tell what it held before."}
        </p>
        {plan.exceeded.map((one) => (
          <p key={one.text} className={styles.note}>
            {sentence(one.text)} {sentence(one.remedy)}
          </p>
        ))}
        {never ? null : plan.exceeded.length > 0 ? (
          <Checkbox
            checked={beyond}
            onChange={(_, { checked }) => setBeyond(checked === true)}
            label="Run it all the same"
          />
        ) : null}
        {production ? (
          <Field label={`Type the number of records, ${count(changes)}, to go on`}>
            <Input inputMode="numeric" value={typed} onChange={(_, { value }) => setTyped(value)} />
          </Field>
        ) : null}
      </div>
    </Confirm>
  );
}
