import { Checkbox, Field, Input, Select } from "@fluentui/react-components";
import type { DefinitionOptions, RunLimits, SyncAction } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";

const actions: readonly { value: SyncAction; label: string }[] = [
  { value: "write", label: "Write: make what is missing, change what differs" },
  { value: "mirror", label: "Mirror: write, and delete what vanished from the source" },
  { value: "delete", label: "Delete: delete these records at the destination" },
];

const limits = [
  { key: "updates", label: "Most updates" },
  { key: "updates_percent", label: "Most updates, %" },
  { key: "deletes", label: "Most deletions" },
  { key: "deletes_percent", label: "Most deletions, %" },
] as const satisfies readonly { key: keyof RunLimits; label: string }[];

/** The limits with one of them changed; none where nothing is left. */
function changed(known: RunLimits | undefined, key: keyof RunLimits, text: string): RunLimits | undefined {
  const digits = text.replaceAll(/\D/g, "");
  const most = key.endsWith("percent") ? 100 : Number.MAX_SAFE_INTEGER;
  const next = { ...known, [key]: digits === "" ? undefined : Math.min(Number(digits), most) };
  return Object.values(next).some((value) => value !== undefined) ? next : undefined;
}

/** What is done with the records, and what stops a run before its first write. */
export function GuardFields() {
  const { editor, destinationConnection } = useParts();
  const { definition, edit } = editor;
  const { options } = definition;
  const set = (next: Partial<DefinitionOptions>, key: string) =>
    edit((old) => ({ ...old, options: { ...old.options, ...next } }), key);
  const action = options.action ?? "write";
  const deletes = destinationConnection?.system !== "insider";
  return (
    <>
      {deletes || action !== "write" ? (
        <Field label="What is done with the records">
          <Select
            size="small"
            value={action}
            data-path="options.action"
            onChange={(_, { value }) => {
              const chosen = actions.find((one) => one.value === value)?.value;
              set({ action: chosen === "write" ? undefined : chosen }, "action");
            }}
          >
            {actions.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
      ) : null}
      {action !== "write" ? (
        <Checkbox
          checked={options.allow_unfiltered === true}
          label="Delete even where no filter says which records"
          onChange={(_, { checked }) =>
            set({ allow_unfiltered: checked === true ? true : undefined }, "allow_unfiltered")
          }
        />
      ) : null}
      <div className={styles.two} role="group" aria-label="Limits of a run">
        {limits
          .filter(({ key }) => deletes || key.startsWith("updates"))
          .map(({ key, label }) => (
            <Field key={key} label={label} hint="Empty: as in the settings">
              <Input
                size="small"
                inputMode="numeric"
                data-path={`options.limits.${key}`}
                value={options.limits?.[key]?.toString() ?? ""}
                onChange={(_, { value }) => set({ limits: changed(options.limits, key, value) }, key)}
              />
            </Field>
          ))}
      </div>
      <Checkbox
        checked={options.strict === true}
        label="Strict: any warning of the preview stops the run"
        onChange={(_, { checked }) => set({ strict: checked === true ? true : undefined }, "strict")}
      />
    </>
  );
}
