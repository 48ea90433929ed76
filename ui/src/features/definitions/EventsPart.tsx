import { Field, Input, Radio, RadioGroup, ToggleButton } from "@fluentui/react-components";
import { ArrowLeftRegular } from "@fluentui/react-icons";
import type { Column, EventSection } from "@/api";
import styles from "./definitions.module.css";
import { parseFixed, problemsAt } from "./model";
import { AddButton, Line, Part, Problems } from "./parts";
import { ColumnSelect } from "./selects";
import type { Editor } from "./useEditor";

type Mode = "off" | "fixed" | "column";

const start: EventSection = { name: { fixed: "" }, timestamp: "processing", parameters: [], fixed: [] };

/** One event a record: off, one name for all, or the name from a column through a table. */
export function EventsPart({ editor, columns }: { editor: Editor; columns: readonly Column[] }) {
  const { definition, edit, problems } = editor;
  const { events } = definition;
  const mode: Mode = !events ? "off" : events.name.from !== undefined ? "column" : "fixed";
  const set = (next: EventSection | undefined, key?: string) =>
    edit((old) => ({ ...old, events: next }), key);
  function choose(next: Mode) {
    if (next === "off") set(undefined);
    else if (next === "fixed") set({ ...(events ?? start), name: { fixed: events?.name.fixed ?? "" } });
    else set({ ...(events ?? start), name: { from: events?.name.from ?? "", map: events?.name.map ?? {} } });
  }
  const map = Object.entries(events?.name.map ?? {});
  const column = columns.find(({ logical_name }) => logical_name === events?.name.from);
  const setMap = (next: [string, string][], key?: string) =>
    events && set({ ...events, name: { from: events.name.from, map: Object.fromEntries(next) } }, key);
  return (
    <Part
      number={7}
      title="Events"
      summary={
        mode === "off"
          ? "off"
          : mode === "fixed"
            ? events?.name.fixed
            : `named by ${events?.name.from || "…"}`
      }
    >
      <RadioGroup
        layout="horizontal"
        value={mode}
        onChange={(_, { value }) => choose(value as Mode)}
        aria-label="Event of a record"
      >
        <Radio value="off" label="Off" />
        <Radio value="fixed" label="One name for all" />
        <Radio value="column" label="Name from a column" />
      </RadioGroup>
      {events && mode === "fixed" ? (
        <Field label="Event name" orientation="horizontal">
          <Input
            size="small"
            value={events.name.fixed ?? ""}
            onChange={(_, { value }) => set({ ...events, name: { fixed: value } }, "event-name")}
          />
        </Field>
      ) : null}
      {events && mode === "column" ? (
        <>
          <div className={styles.lineRow}>
            <span>Name from</span>
            <ColumnSelect
              label="Column of the event's name"
              columns={columns}
              value={events.name.from ?? ""}
              onChange={(from) =>
                set({ ...events, name: { from, map: optionsMap(columns, from, events.name.map) } })
              }
            />
            <AddButton onClick={() => setMap([...map, ["", ""]])}>Add translation</AddButton>
          </div>
          {map.map(([value, name], index) => (
            <Line
              key={index}
              label={`translation ${index + 1}`}
              problems={problemsAt(problems, `events.name.map.${value}`)}
              onRemove={() => setMap(map.filter((_, other) => other !== index))}
            >
              <Input
                size="small"
                aria-label="Value"
                value={value}
                onChange={(_, data) =>
                  setMap(
                    map.map((old, other) => (other === index ? [data.value, old[1]] : old)),
                    `map${index}`,
                  )
                }
              />
              <span className={styles.muted}>
                {column?.options?.find((option) => String(option.value) === value)?.label ?? ""} becomes
              </span>
              <Input
                size="small"
                aria-label={`Event name for ${value}`}
                value={name}
                onChange={(_, data) =>
                  setMap(
                    map.map((old, other) => (other === index ? [old[0], data.value] : old)),
                    `mapto${index}`,
                  )
                }
              />
            </Line>
          ))}
        </>
      ) : null}
      {events ? <Rest events={events} columns={columns} set={set} editor={editor} /> : null}
      <Problems
        problems={problemsAt(problems, "events").filter(
          ({ path }) => !path.includes("parameters[") && !path.includes("fixed["),
        )}
      />
    </Part>
  );
}

/** A line for each choice that has none yet. */
function optionsMap(
  columns: readonly Column[],
  from: string,
  known: Record<string, string | undefined> | undefined,
): Record<string, string> {
  const options = columns.find(({ logical_name }) => logical_name === from)?.options ?? [];
  const next: Record<string, string> = {};
  for (const option of options) next[String(option.value)] = known?.[String(option.value)] ?? "";
  return next;
}

function Rest({
  events,
  columns,
  set,
  editor,
}: {
  events: EventSection;
  columns: readonly Column[];
  set: (next: EventSection, key?: string) => void;
  editor: Editor;
}) {
  const fromColumn = typeof events.timestamp === "object";
  return (
    <>
      <div className={styles.lineRow}>
        <span>Time</span>
        <RadioGroup
          layout="horizontal"
          value={fromColumn ? "column" : "processing"}
          onChange={(_, { value }) =>
            set({ ...events, timestamp: value === "column" ? { from: "createdon" } : "processing" })
          }
          aria-label="Time of the event"
        >
          <Radio value="processing" label="of processing" />
          <Radio value="column" label="from a column" />
        </RadioGroup>
        {typeof events.timestamp === "object" ? (
          <ColumnSelect
            label="Column of the event's time"
            columns={columns.filter(({ type }) => type === "datetime")}
            value={events.timestamp.from}
            onChange={(from) => set({ ...events, timestamp: { from } })}
          />
        ) : null}
      </div>
      <div className={styles.lineRow}>
        <span>Parameters</span>
        <AddButton
          onClick={() => set({ ...events, parameters: [...events.parameters, { to: "", from: "" }] })}
        >
          From a column
        </AddButton>
        <AddButton onClick={() => set({ ...events, fixed: [...events.fixed, { to: "", value: "" }] })}>
          Fixed
        </AddButton>
      </div>
      {events.parameters.map((parameter, index) => {
        const patch = (part: Partial<typeof parameter>, key?: string) =>
          set(
            {
              ...events,
              parameters: events.parameters.map((old, other) =>
                other === index ? { ...old, ...part } : old,
              ),
            },
            key,
          );
        return (
          <Line
            key={`p${index}`}
            label={`parameter ${parameter.to || index + 1}`}
            problems={problemsAt(editor.problems, `events.parameters[${index}]`)}
            onRemove={() =>
              set({ ...events, parameters: events.parameters.filter((_, other) => other !== index) })
            }
          >
            <Input
              size="small"
              aria-label="Parameter"
              value={parameter.to}
              onChange={(_, { value }) => patch({ to: value }, `param${index}`)}
            />
            <ArrowLeftRegular className={styles.arrow} aria-label="from" />
            <ColumnSelect
              label={`Column for ${parameter.to}`}
              columns={columns}
              value={parameter.from}
              onChange={(from) => patch({ from })}
            />
            <ToggleButton
              size="small"
              checked={parameter.label ?? false}
              title="Send the label in place of the code"
              onClick={() => patch({ label: parameter.label ? undefined : true })}
            >
              label
            </ToggleButton>
          </Line>
        );
      })}
      {events.fixed.map((one, index) => (
        <Line
          key={`f${index}`}
          label={`fixed parameter ${one.to || index + 1}`}
          problems={problemsAt(editor.problems, `events.fixed[${index}]`)}
          onRemove={() => set({ ...events, fixed: events.fixed.filter((_, other) => other !== index) })}
        >
          <Input
            size="small"
            aria-label="Parameter"
            value={one.to}
            onChange={(_, { value }) =>
              set(
                {
                  ...events,
                  fixed: events.fixed.map((old, other) => (other === index ? { ...old, to: value } : old)),
                },
                `efixed${index}`,
              )
            }
          />
          <span className={styles.arrow}>=</span>
          <Input
            size="small"
            aria-label={`Value of ${one.to}`}
            value={typeof one.value === "string" ? one.value : JSON.stringify(one.value)}
            onChange={(_, { value }) =>
              set(
                {
                  ...events,
                  fixed: events.fixed.map((old, other) =>
                    other === index ? { ...old, value: parseFixed(value) } : old,
                  ),
                },
                `efixedv${index}`,
              )
            }
          />
        </Line>
      ))}
    </>
  );
}
