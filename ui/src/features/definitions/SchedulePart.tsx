import { Checkbox, Radio, RadioGroup } from "@fluentui/react-components";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { Part, Problems } from "./parts";
import { problemsAt } from "./problems";

/** When it runs by itself. */
export function SchedulePart() {
  const { editor, SchedulePicker, AtMost } = useParts();
  const { definition, edit, problems } = editor;
  const { schedule } = definition;
  return (
    <Part id="schedule">
      <RadioGroup
        layout="horizontal"
        aria-label="When it runs"
        value={schedule ? "cron" : "hand"}
        onChange={(_, { value }) =>
          edit((old) => ({
            ...old,
            schedule: value === "cron" ? { cron: "0 * * * *", paused: true } : undefined,
          }))
        }
        data-path="schedule"
      >
        <Radio value="hand" label="Only by hand" />
        <Radio value="cron" label="By a schedule" />
      </RadioGroup>
      {schedule ? (
        <div className={styles.stack} data-path="schedule.cron">
          <SchedulePicker
            cron={schedule.cron}
            onChange={(cron) => edit((old) => ({ ...old, schedule: { ...schedule, cron } }), "cron")}
          />
          <AtMost
            value={schedule.at_most}
            onChange={(at_most) => edit((old) => ({ ...old, schedule: { ...schedule, at_most } }), "at-most")}
          />
          <Checkbox
            checked={schedule.paused}
            label="Paused: it is kept, but does not run"
            onChange={(_, { checked }) =>
              edit((old) => ({ ...old, schedule: { ...schedule, paused: checked === true } }))
            }
          />
        </div>
      ) : null}
      <Problems problems={problemsAt(problems, "schedule")} />
      <Problems problems={problemsAt(editor.warnings, "schedule")} warning />
    </Part>
  );
}
