import { ArrowLeftRegular } from "@fluentui/react-icons";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import type { EventProps } from "./EventsPart";
import { Problems } from "./parts";
import { problemsAt } from "./problems";
import { ColumnSelect, TargetSelect } from "./selects";
import { TableEditor } from "./TableEditor";
import { eventName } from "./tableText";

/** The event's name: one for all, or what the table says for a column's value. */
export function EventNames({ events, columns, known, set }: EventProps) {
  const { editor } = useParts();
  const names = (known?.events ?? []).map(({ name, required }) => ({
    name,
    title: name,
    note: required.length > 0 ? `needs ${required.join(", ")}` : undefined,
  }));
  if (events.name.from === undefined)
    return (
      <div className={styles.lineRow} data-path="events.name">
        <span className={styles.lead}>Name</span>
        <TargetSelect
          label="Event name"
          placeholder="Event"
          targets={names}
          value={events.name.fixed ?? ""}
          onChange={(fixed) => set({ ...events, name: { fixed } })}
        />
      </div>
    );
  const column = columns.find(({ logical_name }) => logical_name === events.name.from);
  const options = (column?.options ?? []).map(({ value, label }) => ({
    value: String(value),
    label: label ?? undefined,
  }));
  return (
    <>
      <div className={styles.lineRow} data-path="events.name.from">
        <span className={styles.lead}>Name</span>
        <ArrowLeftRegular className={styles.arrow} aria-label="from" />
        <ColumnSelect
          label="Column of the event's name"
          columns={columns}
          chosen={editor.definition.source.columns}
          value={events.name.from}
          onChange={(from) =>
            set({ ...events, name: { from, map: from === events.name.from ? events.name.map : {} } })
          }
        />
      </div>
      <div data-path="events.name.map">
        <TableEditor
          label="Table of event names"
          keyTitle={column?.display_name ? `Value of ${column.display_name}` : "Value"}
          valueTitle="Event"
          offers={options}
          suggest={eventName}
          values={names.map(({ name }) => name)}
          table={events.name.map ?? {}}
          onChange={(map) => set({ ...events, name: { from: events.name.from, map } }, "event-map")}
        />
        <Problems problems={problemsAt(editor.warnings, "events.name.map")} warning />
      </div>
    </>
  );
}
