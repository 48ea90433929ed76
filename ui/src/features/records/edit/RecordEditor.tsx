import { Button, Dropdown, Field, Option } from "@fluentui/react-components";
import { useEffect, useMemo, useRef } from "react";
import type { Column, EntitySchema } from "@/api";
import { Fault } from "@/design";
import { cellOf, cellText, type Raw } from "@/lib/record";
import { Clashes } from "./Clashes";
import { changedColumns, current, editorColumns, needed, title, typed } from "./draft";
import styles from "./edit.module.css";
import { FieldEditor } from "./FieldEditor";
import { type Input, lockedBecause } from "./inputs";
import { Switches } from "./Switches";
import { type RecordEdit, versionOf, withStatus } from "./useRecordEdit";

/** All columns of a record in editors that fit them; what is changed is marked, what is wrong is told beside it. */
export function RecordEditor({
  connection,
  schema,
  raw,
  edit,
  search,
  all,
}: {
  connection: string;
  schema: EntitySchema;
  /** The record as read; null while one is made. */
  raw: Raw | null;
  edit: RecordEdit;
  search: string;
  all: boolean;
}) {
  const { draft, setDraft, fault, wrong } = edit;
  const creating = raw === null;
  const ordered = useMemo(
    () => editorColumns(schema.columns, schema.primary_name, creating),
    [schema, creating],
  );
  const wanted = search.trim().toLowerCase();
  const shown = ordered.filter((column) => {
    const name = column.logical_name;
    if (wanted !== "") return name.includes(wanted) || title(column).toLowerCase().includes(wanted);
    if (all || Object.hasOwn(draft.wanted, name) || name === schema.primary_name) return true;
    if (lockedBecause(column, creating) !== null) return false;
    return creating
      ? needed(column, true) ||
          column.given !== undefined ||
          column.required === "recommended" ||
          Boolean(edit.key?.includes(name))
      : cellOf(raw, name).state === "value";
  });
  const state = (() => {
    const column = schema.columns.find(({ type }) => type === "state");
    const input = column ? current(column, raw, draft) : null;
    return input?.kind === "code" ? input.code : null;
  })();
  function type(column: Column, input: Input) {
    const etag = versionOf(raw);
    let next = typed(draft, column, raw, etag, input);
    const also = withStatus(schema.columns, column, input, (reason) => current(reason, raw, next));
    if (also) next = typed(next, also.column, raw, etag, also.input);
    setDraft(next);
  }
  // The service names the column in its own words; where it does, they stand beside it too.
  const refused = (name: string) =>
    fault && new RegExp(`\\b${name}\\b`, "i").test(`${fault.message} ${fault.detail ?? ""}`)
      ? fault.message
      : null;
  // What needs an answer stands on top; who works further down is led there.
  const top = useRef<HTMLDivElement>(null);
  const calling = fault !== null || edit.told !== "" || edit.clashes.length > 0;
  useEffect(() => {
    if (calling) top.current?.scrollIntoView({ block: "start" });
  }, [calling]);
  return (
    <div className={styles.stack} ref={top}>
      {edit.locked ? (
        <Fault
          fault={{
            code: "read_only",
            message: `${connection} is read-only`,
            hint: "Nothing is sent until you allow writing. What you type is kept.",
            detail: null,
            request_id: null,
            service_code: null,
          }}
        />
      ) : null}
      {fault ? <Fault fault={fault} onDismiss={edit.clearFault} /> : null}
      {edit.told ? <p role="status">{edit.told}</p> : null}
      {edit.clashes.length > 0 ? <Clashes schema={schema} raw={raw} edit={edit} /> : null}
      {creating && schema.keys.some(({ active }) => active) ? <ByKey schema={schema} edit={edit} /> : null}
      {shown.length === 0 ? <p className={styles.hint}>No column matches.</p> : null}
      <div className={styles.fields}>
        {shown.map((column) => {
          const name = column.logical_name;
          const locked = lockedBecause(column, creating);
          const problem = wrong[name] ?? refused(name);
          return (
            <div
              key={name}
              data-column={name}
              className={
                Object.hasOwn(draft.wanted, name) ? `${styles.field} ${styles.changed}` : styles.field
              }
            >
              <div className={styles.label}>
                <bdi dir="auto">{title(column)}</bdi>
                {needed(column, creating) ? (
                  <span className={styles.needed} title="Required">
                    {" "}
                    *
                  </span>
                ) : null}
                <small>{name}</small>
              </div>
              <div className={styles.value}>
                {locked === null ? (
                  <FieldEditor
                    connection={connection}
                    column={column}
                    input={current(column, raw, draft)}
                    state={state}
                    onInput={(input) => type(column, input)}
                  />
                ) : (
                  <div className={styles.locked} dir="auto">
                    {raw ? cellText(cellOf(raw, name), true) || "no value" : "no value"}
                    <p className={styles.hint}>{locked}</p>
                  </div>
                )}
                {creating && locked === null && column.given !== undefined ? (
                  <p className={styles.hint} dir="auto">
                    default: {column.given}
                  </p>
                ) : null}
                {problem ? (
                  <p className={styles.wrong} role="alert">
                    {problem}
                  </p>
                ) : null}
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Whether a new record may turn out to be one that is there already. */
function ByKey({ schema, edit }: { schema: EntitySchema; edit: RecordEdit }) {
  const keys = schema.keys.filter(({ active }) => active);
  const chosen = keys.find(({ columns }) => edit.key?.join() === columns.join());
  return (
    <Field
      label="If such a record is there already"
      hint={
        chosen
          ? `The record whose ${chosen.columns.join(" and ")} are the same is changed; none: it is made. This can't be undone here.`
          : "A new record is made in any case; the service refuses it where a key is taken."
      }
    >
      <Dropdown
        size="small"
        value={chosen ? `change it, found by ${chosen.columns.join(", ")}` : "make another one"}
        selectedOptions={[chosen?.name ?? ""]}
        onOptionSelect={(_, { optionValue }) =>
          edit.setKey(keys.find(({ name }) => name === optionValue)?.columns ?? null)
        }
      >
        <Option value="">make another one</Option>
        {keys.map(({ name, columns }) => (
          <Option key={name} value={name}>{`change it, found by ${columns.join(", ")}`}</Option>
        ))}
      </Dropdown>
    </Field>
  );
}

/** Save, discard, and what would be sent. */
export function EditFoot({
  edit,
  creating,
  onRequest,
  onSave,
}: {
  edit: RecordEdit;
  creating: boolean;
  onRequest: () => void;
  onSave: () => void;
}) {
  const changed = changedColumns(edit.draft).length;
  const wrong = Object.keys(edit.wrong).length;
  return (
    <div className={styles.foot}>
      <span role="status">
        {changed === 0
          ? creating
            ? "Nothing typed yet"
            : "Nothing changed"
          : `${changed} ${changed === 1 ? "column" : "columns"} to send${wrong > 0 ? `, ${wrong} to mend` : ""}`}
      </span>
      {edit.database ? null : <Switches on={edit.switches} onChange={edit.setSwitches} />}
      <Button size="small" appearance="subtle" disabled={changed === 0 || wrong > 0} onClick={onRequest}>
        What is sent…
      </Button>
      <Button size="small" disabled={changed === 0 || edit.busy} onClick={edit.discard}>
        Discard
      </Button>
      <Button
        size="small"
        appearance="primary"
        disabled={changed === 0 || wrong > 0 || edit.busy || edit.clashes.length > 0}
        title="Save (Ctrl+S)"
        onClick={onSave}
      >
        {edit.busy ? "Saving…" : creating ? "Make the record" : "Save"}
      </Button>
    </div>
  );
}
