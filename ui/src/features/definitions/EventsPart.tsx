import { Input, Radio, RadioGroup, ToggleButton } from "@fluentui/react-components";
import { ArrowLeftRegular } from "@fluentui/react-icons";
import { type Column, type EventSection, type KnownEvents, useRead } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { EventNames } from "./EventNames";
import { FixedInput } from "./FixedPart";
import { AddButton, Line, Part, Problems } from "./parts";
import { problemsAt } from "./problems";
import { ColumnSelect, TargetSelect } from "./selects";

type Mode = "off" | "fixed" | "column";

const start: EventSection = { name: { fixed: "" }, timestamp: "processing", parameters: [], fixed: [] };

export interface EventProps {
  events: EventSection;
  columns: readonly Column[];
  known: KnownEvents | undefined;
  set: (next: EventSection, key?: string) => void;
}

/** One event a record: off, one name for all, or the name from a column through a table. */
export function EventsPart() {
  const { editor, columns, destination } = useParts();
  const { definition, edit, problems } = editor;
  const { events } = definition;
  const known = useRead(
    "definitions.events",
    { connection: definition.destination.connection },
    { enabled: definition.destination.connection !== "" },
  );
  const mode: Mode = !events ? "off" : events.name.from !== undefined ? "column" : "fixed";
  const set = (next: EventSection | undefined, key?: string) =>
    edit((old) => ({ ...old, events: next }), key);
  function choose(next: Mode) {
    if (next === "off") set(undefined);
    else if (next === "fixed") set({ ...(events ?? start), name: { fixed: events?.name.fixed ?? "" } });
    else set({ ...(events ?? start), name: { from: events?.name.from ?? "", map: events?.name.map ?? {} } });
  }
  const props = { columns, known: known.data };
  return (
    <Part id="events">
      {destination && !destination.takes_events ? (
        <p className={styles.muted}>
          {definition.destination.connection} takes no events. They go to Insider One, or into a file.
        </p>
      ) : null}
      <RadioGroup
        layout="horizontal"
        value={mode}
        onChange={(_, { value }) => choose(value as Mode)}
        aria-label="Event of a record"
        data-path="events"
      >
        <Radio value="off" label="Off" />
        <Radio value="fixed" label="One name for all" />
        <Radio value="column" label="Name from a column" />
      </RadioGroup>
      {events ? (
        <>
          <EventNames events={events} set={set} {...props} />
          <EventTime events={events} set={set} {...props} />
          <Parameters events={events} set={set} {...props} />
        </>
      ) : null}
      <Problems
        problems={problemsAt(problems, "events").filter(
          ({ path }) => !path.includes("parameters[") && !path.includes("fixed["),
        )}
      />
    </Part>
  );
}

function EventTime({ events, columns, set }: EventProps) {
  const { editor } = useParts();
  const fromColumn = typeof events.timestamp === "object";
  const dates = columns.filter(({ type }) => type === "datetime");
  return (
    <div className={styles.lineRow} data-path="events.timestamp">
      <span className={styles.lead}>Time</span>
      <RadioGroup
        layout="horizontal"
        value={fromColumn ? "column" : "processing"}
        onChange={(_, { value }) =>
          set({
            ...events,
            timestamp:
              value === "column"
                ? { from: dates.find(({ logical_name }) => logical_name === "createdon")?.logical_name ?? "" }
                : "processing",
          })
        }
        aria-label="Time of the event"
      >
        <Radio value="processing" label="of processing" />
        <Radio value="column" label="from a column" />
      </RadioGroup>
      {typeof events.timestamp === "object" ? (
        <ColumnSelect
          label="Column of the event's time"
          columns={dates}
          chosen={editor.definition.source.columns}
          value={events.timestamp.from}
          onChange={(from) => set({ ...events, timestamp: { from } })}
        />
      ) : null}
    </div>
  );
}

function Parameters({ events, columns, known, set }: EventProps) {
  const { editor } = useParts();
  const required = new Set(known?.events.find(({ name }) => name === events.name.fixed)?.required ?? []);
  const targets = (known?.parameters ?? []).map(({ name, holds }) => ({
    name,
    title: name,
    note: required.has(name) ? `${holds}, required` : holds,
  }));
  const given = new Set([...events.parameters, ...events.fixed].map(({ to }) => to));
  const lacking = [...required].filter((name) => !given.has(name));
  const patch = (index: number, part: Partial<EventSection["parameters"][number]>) =>
    set({
      ...events,
      parameters: events.parameters.map((old, other) => (other === index ? { ...old, ...part } : old)),
    });
  const patchFixed = (index: number, part: Partial<EventSection["fixed"][number]>, key?: string) =>
    set(
      {
        ...events,
        fixed: events.fixed.map((old, other) => (other === index ? { ...old, ...part } : old)),
      },
      key,
    );
  return (
    <>
      <div className={styles.lineRow}>
        <span className={styles.lead}>Parameters</span>
        <AddButton
          onClick={() => set({ ...events, parameters: [...events.parameters, { to: "", from: "" }] })}
        >
          From a column
        </AddButton>
        <AddButton onClick={() => set({ ...events, fixed: [...events.fixed, { to: "", value: "" }] })}>
          Fixed
        </AddButton>
        {lacking.length > 0 ? (
          <AddButton
            onClick={() =>
              set({
                ...events,
                parameters: [...events.parameters, ...lacking.map((to) => ({ to, from: "" }))],
              })
            }
          >
            The required ones: {lacking.join(", ")}
          </AddButton>
        ) : null}
      </div>
      {events.parameters.map((parameter, index) => {
        const column = columns.find(({ logical_name }) => logical_name === parameter.from);
        const coded = (column?.options?.length ?? 0) > 0 || parameter.label;
        return (
          <Line
            key={`p${index}`}
            path={`events.parameters[${index}]`}
            label={`parameter ${parameter.to || index + 1}`}
            problems={problemsAt(editor.problems, `events.parameters[${index}]`)}
            onRemove={() =>
              set({ ...events, parameters: events.parameters.filter((_, other) => other !== index) })
            }
          >
            <TargetSelect
              label="Parameter"
              targets={targets}
              value={parameter.to}
              onChange={(to) => patch(index, { to })}
            />
            <ArrowLeftRegular className={styles.arrow} aria-label="from" />
            <ColumnSelect
              label={`Column for ${parameter.to}`}
              columns={columns}
              chosen={editor.definition.source.columns}
              value={parameter.from}
              onChange={(from) => patch(index, { from })}
            />
            {coded ? (
              <ToggleButton
                size="small"
                checked={parameter.label ?? false}
                title="Send the label in place of the code"
                onClick={() => patch(index, { label: parameter.label ? undefined : true })}
              >
                label
              </ToggleButton>
            ) : null}
          </Line>
        );
      })}
      {events.fixed.map((one, index) => (
        <Line
          key={`f${index}`}
          path={`events.fixed[${index}]`}
          label={`fixed parameter ${one.to || index + 1}`}
          problems={problemsAt(editor.problems, `events.fixed[${index}]`)}
          onRemove={() => set({ ...events, fixed: events.fixed.filter((_, other) => other !== index) })}
        >
          <TargetSelect
            label="Parameter"
            targets={targets}
            value={one.to}
            onChange={(to) => patchFixed(index, { to })}
          />
          <span className={styles.arrow}>=</span>
          <FixedInput
            label={`Value of ${one.to}`}
            value={one.value}
            onChange={(value) => patchFixed(index, { value }, `efixed${index}`)}
          />
        </Line>
      ))}
    </>
  );
}

/** A text field that is part of a line. */
export function LineInput({
  label,
  value,
  placeholder,
  onChange,
}: {
  label: string;
  value: string;
  placeholder?: string;
  onChange: (value: string) => void;
}) {
  return (
    <Input
      size="small"
      className={styles.select}
      aria-label={label}
      input={{ dir: "auto" }}
      placeholder={placeholder}
      value={value}
      onChange={(_, data) => onChange(data.value)}
    />
  );
}
