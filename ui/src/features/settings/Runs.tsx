import { Button, Checkbox, Field, Input, Switch } from "@fluentui/react-components";
import { useState } from "react";
import { type ApiError, change, type RunLimits, type Settings, toApiError, useRead } from "@/api";
import { Fault, Section } from "@/design";
import { counted } from "@/lib/numbers";
import styles from "./settings.module.css";

/** A whole number, or nothing. */
function number(text: string): number | undefined {
  const digits = text.replaceAll(/\D/g, "");
  return digits === "" ? undefined : Number(digits);
}

const limits = [
  { key: "updates", label: "Most updates" },
  { key: "updates_percent", label: "Most updates, %" },
  { key: "deletes", label: "Most deletions" },
  { key: "deletes_percent", label: "Most deletions, %" },
] as const satisfies readonly { key: keyof RunLimits; label: string }[];

/** What stops a run before its first write, and how long runs are kept. */
export function RunSettings({ draft, onSave }: { draft: Settings; onSave: (settings: Settings) => void }) {
  const [known, setKnown] = useState<RunLimits>(draft.limits);
  const changed = limits.some(({ key }) => known[key] !== draft.limits[key]);
  return (
    <>
      <Section title="Before a run">
        <p className={styles.muted}>
          A run that would write more than this stops before its first write. A sync's own limits come before
          these; percentages are of the records read. Empty: no limit.
        </p>
        <div className={styles.limits}>
          {limits.map(({ key, label }) => (
            <Field key={key} label={label}>
              <Input
                inputMode="numeric"
                value={known[key]?.toString() ?? ""}
                onChange={(_, { value }) => {
                  const next = number(value);
                  const most = key.endsWith("percent") ? 100 : Number.MAX_SAFE_INTEGER;
                  setKnown({ ...known, [key]: next === undefined ? undefined : Math.min(next, most) });
                }}
              />
            </Field>
          ))}
        </div>
        <div>
          <Button disabled={!changed} onClick={() => onSave({ ...draft, limits: known })}>
            Save limits
          </Button>
        </div>
        <Switch
          checked={draft.strict_production}
          label="On production any warning of the preview stops a run"
          onChange={(_, { checked }) => onSave({ ...draft, strict_production: checked })}
        />
      </Section>
      <Retention days={draft.audit_days} />
      <Previews draft={draft} onSave={onSave} />
    </>
  );
}

/** A number of days; empty: for ever. */
function DaysField({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Field label={label} hint={hint}>
      <Input
        inputMode="numeric"
        value={value}
        style={{ maxWidth: 120 }}
        onChange={(_, { value: typed }) => onChange(typed)}
      />
    </Field>
  );
}

function Retention({ days }: { days: number }) {
  const [text, setText] = useState(days === 0 ? "" : String(days));
  const [error, setError] = useState<ApiError | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const asked = number(text) ?? 0;
  const older = useRead("audit.retention", { days: asked }, { keep: true });
  const [all, setAll] = useState(false);
  async function keep(remove: boolean) {
    setError(null);
    setTold(null);
    try {
      const gone = await change("audit.retain", { days: asked, keep: true, remove, all: remove && all });
      setTold(
        remove ? `${counted(gone.runs, "run")} with ${counted(gone.records, "record")} removed.` : "Kept.",
      );
    } catch (fault) {
      setError(toApiError(fault));
    }
  }
  const found = older.data?.days === asked ? older.data : undefined;
  return (
    <Section title="How long runs are kept">
      {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
      <DaysField
        label="Days"
        hint="Empty: for ever, the default. A run that is gone takes its before-images and its requests along and can't be undone."
        value={text}
        onChange={setText}
      />
      <p className={styles.line} role="status">
        {told ??
          (asked === 0
            ? "Nothing is removed."
            : found
              ? `Older now: ${counted(found.runs, "run")} with ${counted(found.records, "record")}, and ${counted(found.plans, "preview")} never run. They go when Syncline starts next.${
                  found.kept > 0
                    ? ` ${counted(found.kept, "run or preview", "runs or previews")} stay: signed off, or with failures that nobody has dealt with.`
                    : ""
                }`
              : "")}
      </p>
      {found && found.kept > 0 ? (
        <Checkbox
          checked={all}
          label="Remove those too that were signed off or have open failures"
          onChange={(_, { checked }) => setAll(checked === true)}
        />
      ) : null}
      <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
        <Button disabled={asked === days} onClick={() => void keep(false)}>
          Keep this
        </Button>
        <Button
          disabled={!found || found.runs + found.plans + found.edits + (all ? found.kept : 0) === 0}
          onClick={() => void keep(true)}
        >
          Remove them now
        </Button>
      </div>
    </Section>
  );
}

const PREVIEW_DAYS = 30;

function Previews({ draft, onSave }: { draft: Settings; onSave: (settings: Settings) => void }) {
  const known = draft.preview_days ?? PREVIEW_DAYS;
  const [text, setText] = useState(known === 0 ? "" : String(known));
  const asked = Math.min(number(text) ?? 0, 3660);
  return (
    <Section title="How long previews are kept that nobody ran">
      <DaysField
        label="Days of a preview"
        hint="Empty: for ever. One that would write nothing goes after a week at the latest; one that was signed off, and both ways of a sync that ran, stay."
        value={text}
        onChange={setText}
      />
      <div>
        <Button disabled={asked === known} onClick={() => onSave({ ...draft, preview_days: asked })}>
          Keep previews so long
        </Button>
      </div>
    </Section>
  );
}
