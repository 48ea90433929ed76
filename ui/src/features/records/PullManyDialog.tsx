import { Field, Radio, RadioGroup, SpinButton } from "@fluentui/react-components";
import { useState } from "react";
import { change, type FetchMode, toApiError } from "@/api";
import { Confirm, Name } from "@/design";
import { fetchModes } from "@/lib/modes";
import { counted } from "@/lib/numbers";
import styles from "./records.module.css";

/** Pulls several entities one after the other, as one job. */
export function PullManyDialog({
  connection,
  entities,
  onClose,
  onStarted,
}: {
  connection: string;
  /** Logical names with titles. */
  entities: readonly { name: string; title: string }[];
  onClose: () => void;
  onStarted: () => void;
}) {
  const [mode, setMode] = useState<FetchMode>("new-and-updated");
  const [days, setDays] = useState(0);
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Pull ${counted(entities.length, "entity", "entities")}`}
      action="Pull"
      toFault={toApiError}
      onConfirm={async () => {
        await change("cache.pull_many", {
          connection,
          items: entities.map(({ name }) => ({
            entity: name,
            mode,
            days: mode === "all" && days > 0 ? days : undefined,
          })),
        });
        onStarted();
      }}
    >
      <div className={styles.stack}>
        <p className={styles.muted}>
          They are pulled one after the other with all columns you may read. One that fails does not stop the
          others; an interrupted pull goes on where it stopped.
        </p>
        <ul className={styles.pullList} aria-label="Entities to pull">
          {entities.map(({ name, title }) => (
            <li key={name}>
              <Name text={title} /> <code className={styles.muted}>{name}</code>
            </li>
          ))}
        </ul>
        <RadioGroup
          value={mode}
          onChange={(_, { value }) => setMode(value as FetchMode)}
          aria-label="Which records"
        >
          {fetchModes.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </RadioGroup>
        {mode === "all" ? (
          <Field
            label="Days to get"
            hint={
              days === 0 ? "0: every record" : `Only records modified in the last ${counted(days, "day")}`
            }
          >
            <SpinButton
              min={0}
              max={3650}
              value={days}
              onChange={(_, data) =>
                setDays(Math.max(0, Math.round(data.value ?? Number(data.displayValue ?? 0)) || 0))
              }
            />
          </Field>
        ) : null}
      </div>
    </Confirm>
  );
}
