import { Button, Checkbox, Field, Input, Radio, RadioGroup } from "@fluentui/react-components";
import { SignatureRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { change, type PlanSummary, toApiError } from "@/api";
import { Confirm, Time } from "@/design";
import { host } from "@/host";
import styles from "./preview.module.css";

const forms = [
  { value: "html", label: "A page (HTML): opens in any browser, prints well" },
  { value: "xlsx", label: "A workbook (Excel): with every row that has a problem" },
  { value: "json", label: "JSON: every row, for scripts" },
] as const;

/** Writes the preview as a document and signs it: from then on it runs as it is, or not at all. */
export function SignOffButton({ plan, user }: { plan: PlanSummary; user: string }) {
  const [asking, setAsking] = useState(false);
  const [form, setForm] = useState<string>("html");
  const [by, setBy] = useState(user);
  const [masked, setMasked] = useState(false);
  async function write() {
    const path = await host.saveDialog({
      title: "Sign off and export",
      defaultName: `${plan.definition} preview.${form}`.replaceAll(/[\\/:*?"<>|]/g, " "),
      extensions: [form],
    });
    if (path) await change("plans.sign_off", { plan: plan.plan_id, path, by, masked });
  }
  return (
    <>
      <Button
        size="small"
        icon={<SignatureRegular />}
        disabled={plan.status === "incomplete" || plan.status === "planning"}
        onClick={() => setAsking(true)}
      >
        Sign off and export…
      </Button>
      {asking ? (
        <Confirm
          open
          onClose={() => setAsking(false)}
          title="Sign off and export"
          action="Choose a file and sign"
          disabled={by.trim() === ""}
          toFault={toApiError}
          onConfirm={write}
        >
          <div className={styles.dialog}>
            <Field label="Document">
              <RadioGroup value={form} onChange={(_, { value }) => setForm(value)}>
                {forms.map((one) => (
                  <Radio key={one.value} value={one.value} label={one.label} />
                ))}
              </RadioGroup>
            </Field>
            <Field label="Signed off by">
              <Input value={by} onChange={(_, { value }) => setBy(value)} />
            </Field>
            <Checkbox
              checked={masked}
              onChange={(_, { checked }) => setMasked(checked === true)}
              label="Mask personal values: names, addresses, numbers become pseudonyms that still join"
            />
            {plan.two_way ? (
              <p className={styles.muted}>Both ways are in the document, and both are signed.</p>
            ) : null}
            <p className={styles.muted}>
              What is signed is what runs: if a row is ticked or unticked later, or the definition changes,
              the run is refused until it is signed anew.
            </p>
          </div>
        </Confirm>
      ) : null}
    </>
  );
}

/** Who signed it off. */
export function SignedNote({ plan }: { plan: PlanSummary }) {
  const { signed } = plan;
  if (!signed) return null;
  return (
    <p className={signed.changed ? styles.note : styles.muted}>
      Signed off by {signed.by} <Time iso={signed.at} /> · plan hash <code>{signed.hash.slice(0, 16)}</code>
      {signed.changed ? " · rows were taken out or put back since: sign it off anew before it runs" : ""}
    </p>
  );
}
