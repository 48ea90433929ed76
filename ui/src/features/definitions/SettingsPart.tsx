import { Checkbox, Field, Input } from "@fluentui/react-components";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { GuardFields } from "./GuardFields";
import { Part, Problems } from "./parts";
import { problemsOf } from "./sections";

const numbers = [
  { key: "page_size", label: "Records a page", hint: "1 to 5000; 500 to begin with", unit: 1, max: 5000 },
  { key: "timeout_ms", label: "Timeout of a request (s)", hint: "At most 300", unit: 1000, max: 300 },
  {
    key: "retries",
    label: "Retries of a request",
    hint: "At most 10, with growing pauses",
    unit: 1,
    max: 10,
  },
] as const;

/** Switches of writes to Dataverse, all off at first. */
const switches = [
  {
    key: "bypass_plugins",
    label: "Leave synchronous plug-ins and workflows out (privilege prvBypassCustomPlugins)",
  },
  {
    key: "bypass_logic",
    label: "Leave synchronous and asynchronous logic out (privilege prvBypassCustomBusinessLogic)",
  },
  { key: "suppress_flows", label: "Start no Power Automate flows" },
  { key: "detect_duplicates", label: "Let duplicate detection rules refuse a record" },
  { key: "all_or_nothing", label: "Take a batch whole or not at all (change set)" },
] as const;

/** How it is read, and switches of the run. */
export function SettingsPart() {
  const { editor, destinationConnection } = useParts();
  const { definition, edit, problems } = editor;
  const { options, source } = definition;
  return (
    <Part id="settings">
      <div className={styles.two}>
        {numbers.map(({ key, label, hint, unit, max }) => (
          <Field key={key} label={label} hint={hint}>
            <Input
              size="small"
              type="number"
              min={0}
              max={max}
              data-path={`source.${key}`}
              value={String(source[key] / unit)}
              onChange={(_, { value }) =>
                edit(
                  (old) => ({ ...old, source: { ...old.source, [key]: Math.round(Number(value) * unit) } }),
                  key,
                )
              }
            />
          </Field>
        ))}
      </div>
      <div data-path="options" className={styles.stack}>
        {destinationConnection?.system === "insider" || options.skip_hook ? (
          <Checkbox
            checked={options.skip_hook}
            label="No journeys or automation at the destination (skip hook)"
            onChange={(_, { checked }) =>
              edit((old) => ({ ...old, options: { ...old.options, skip_hook: checked === true } }))
            }
          />
        ) : null}
        {destinationConnection?.system === "dataverse"
          ? switches.map(({ key, label }) => (
              <Checkbox
                key={key}
                checked={options[key] === true}
                label={label}
                onChange={(_, { checked }) =>
                  edit((old) => ({
                    ...old,
                    options: { ...old.options, [key]: checked === true ? true : undefined },
                  }))
                }
              />
            ))
          : null}
        <Checkbox
          checked={options.stop_on_failed_batch}
          label="Stop at the first failed batch"
          onChange={(_, { checked }) =>
            edit((old) => ({ ...old, options: { ...old.options, stop_on_failed_batch: checked === true } }))
          }
        />
        <GuardFields />
      </div>
      <Problems problems={problemsOf(problems, "settings")} />
    </Part>
  );
}
