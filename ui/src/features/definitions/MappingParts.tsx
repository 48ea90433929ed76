import { Button, Checkbox, Dropdown, Field, Input, Option, ToggleButton } from "@fluentui/react-components";
import { ArrowLeftRegular } from "@fluentui/react-icons";
import {
  type ApiError,
  type Column,
  call,
  type DestinationDescription,
  type OnInvalidIdentifier,
  type OnUnknownCode,
  toApiError,
} from "@/api";
import styles from "./definitions.module.css";
import { parseFixed, problemsAt } from "./model";
import { AddButton, Line, Part, Problems } from "./parts";
import { ColumnSelect, TargetSelect } from "./selects";
import type { Editor } from "./useEditor";

export interface MappingProps {
  editor: Editor;
  columns: readonly Column[];
  destination: DestinationDescription | undefined;
}

function targetsOf(destination: DestinationDescription | undefined) {
  return (destination?.schema.columns ?? []).map((column) => ({
    name: column.logical_name,
    title: column.display_name || column.logical_name,
    note: column.required === "system" ? "required" : undefined,
  }));
}

/** By what a record is recognised at the destination. */
export function IdentifyPart({ editor, columns, destination }: MappingProps) {
  const { definition, edit, problems } = editor;
  const set = (identifiers: typeof definition.identifiers) => edit((old) => ({ ...old, identifiers }));
  const targets = (destination?.identifiers ?? []).map((name) => ({ name, title: name }));
  return (
    <Part
      number={3}
      title="Identify"
      summary={definition.identifiers.map(({ to }) => to).join(", ") || "at least one is needed"}
      aside={
        <AddButton
          onClick={() =>
            set([
              ...definition.identifiers,
              { to: targets[definition.identifiers.length]?.name ?? "", from: "" },
            ])
          }
        >
          Add identifier
        </AddButton>
      }
    >
      {definition.identifiers.map((identifier, index) => (
        <Line
          key={index}
          label={`identifier ${identifier.to || index + 1}`}
          problems={problemsAt(problems, `identifiers[${index}]`)}
          onRemove={() => set(definition.identifiers.filter((_, other) => other !== index))}
        >
          <TargetSelect
            label="Identifier"
            targets={targets}
            value={identifier.to}
            onChange={(to) =>
              set(definition.identifiers.map((old, other) => (other === index ? { ...old, to } : old)))
            }
          />
          <ArrowLeftRegular className={styles.arrow} aria-label="from" />
          <ColumnSelect
            label={`Column for ${identifier.to}`}
            columns={columns}
            value={identifier.from}
            onChange={(from) =>
              set(definition.identifiers.map((old, other) => (other === index ? { ...old, from } : old)))
            }
          />
        </Line>
      ))}
      <Problems problems={problems.filter(({ path }) => path === "identifiers")} />
      <Field label="When an identifier is malformed" orientation="horizontal">
        <Dropdown
          size="small"
          value={
            definition.on_invalid_identifier === "skip-record"
              ? "Leave the record out"
              : "Leave the identifier out"
          }
          selectedOptions={[definition.on_invalid_identifier]}
          onOptionSelect={(_, { optionValue }) =>
            edit((old) => ({
              ...old,
              on_invalid_identifier: (optionValue ?? "skip-identifier") as OnInvalidIdentifier,
            }))
          }
        >
          <Option value="skip-identifier">Leave the identifier out</Option>
          <Option value="skip-record">Leave the record out</Option>
        </Dropdown>
      </Field>
    </Part>
  );
}

/** Target attributes from source columns. */
export function FieldsPart({
  editor,
  columns,
  destination,
  onError,
}: MappingProps & { onError: (error: ApiError) => void }) {
  const { definition, edit, problems } = editor;
  const { fields } = definition;
  const set = (next: typeof fields, key?: string) => edit((old) => ({ ...old, fields: next }), key);
  const patch = (index: number, part: Partial<(typeof fields)[number]>) =>
    set(fields.map((old, other) => (other === index ? { ...old, ...part } : old)));
  const targets = targetsOf(destination);
  async function match() {
    try {
      const suggested = await call("definitions.match", { json: editor.json });
      const known = new Set(fields.map(({ to }) => to));
      set([...fields, ...suggested.fields.filter(({ to }) => !known.has(to))]);
    } catch (fault) {
      onError(toApiError(fault));
    }
  }
  return (
    <Part
      number={4}
      title="Fields"
      summary={`${fields.length} mapped`}
      aside={
        <>
          <Button size="small" appearance="subtle" onClick={() => void match()}>
            Match by name
          </Button>
          <AddButton onClick={() => set([...fields, { to: "", from: "" }])}>Add field</AddButton>
        </>
      }
    >
      {fields.map((field, index) => {
        const column = columns.find(({ logical_name }) => logical_name === field.from);
        const coded = column ? (column.options?.length ?? 0) > 0 && column.type !== "boolean" : false;
        const flag = column?.type === "boolean";
        const text = column?.type === "string";
        return (
          <Line
            key={index}
            label={`field ${field.to || index + 1}`}
            problems={problemsAt(problems, `fields[${index}]`)}
            onRemove={() => set(fields.filter((_, other) => other !== index))}
          >
            <TargetSelect
              label="Target"
              targets={targets}
              value={field.to}
              onChange={(to) => patch(index, { to })}
            />
            <ArrowLeftRegular className={styles.arrow} aria-label="from" />
            <ColumnSelect
              label={`Column for ${field.to}`}
              columns={columns}
              value={field.from}
              onChange={(from) => patch(index, { from })}
            />
            {coded || field.label ? (
              <ToggleButton
                size="small"
                checked={field.label ?? false}
                title="Send the label in place of the code"
                onClick={() => patch(index, { label: field.label ? undefined : true })}
              >
                label
              </ToggleButton>
            ) : null}
            {flag || field.invert ? (
              <ToggleButton
                size="small"
                checked={field.invert ?? false}
                title="Send the opposite: yes becomes no"
                onClick={() => patch(index, { invert: field.invert ? undefined : true })}
              >
                invert
              </ToggleButton>
            ) : null}
            {text || field.phone ? (
              <ToggleButton
                size="small"
                checked={field.phone ?? false}
                title="Bring a phone number to international form"
                onClick={() => patch(index, { phone: field.phone ? undefined : true })}
              >
                phone
              </ToggleButton>
            ) : null}
            {text || field.trim ? (
              <ToggleButton
                size="small"
                checked={field.trim ?? false}
                title="Cut white space at both ends"
                onClick={() => patch(index, { trim: field.trim ? undefined : true })}
              >
                trim
              </ToggleButton>
            ) : null}
          </Line>
        );
      })}
      {fields.length === 0 ? (
        <p className={styles.muted}>Nothing is mapped yet. “Match by name” pairs what is called alike.</p>
      ) : null}
      <Problems problems={problems.filter(({ path }) => path === "fields")} />
      <Field label="A code without a label" orientation="horizontal">
        <Dropdown
          size="small"
          value={definition.on_unknown_code === "skip" ? "Leave the attribute out" : "Send the code itself"}
          selectedOptions={[definition.on_unknown_code]}
          onOptionSelect={(_, { optionValue }) =>
            edit((old) => ({ ...old, on_unknown_code: (optionValue ?? "raw") as OnUnknownCode }))
          }
        >
          <Option value="raw">Send the code itself</Option>
          <Option value="skip">Leave the attribute out</Option>
        </Dropdown>
      </Field>
    </Part>
  );
}

/** The same value on every record. */
export function FixedPart({ editor, destination }: MappingProps) {
  const { definition, edit, problems } = editor;
  const { fixed } = definition;
  const set = (next: typeof fixed, key?: string) => edit((old) => ({ ...old, fixed: next }), key);
  return (
    <Part
      number={5}
      title="Fixed values"
      summary={fixed.length === 0 ? "none" : String(fixed.length)}
      aside={<AddButton onClick={() => set([...fixed, { to: "", value: "" }])}>Add value</AddButton>}
    >
      {fixed.map((one, index) => (
        <Line
          key={index}
          label={`fixed value ${one.to || index + 1}`}
          problems={problemsAt(problems, `fixed[${index}]`)}
          onRemove={() => set(fixed.filter((_, other) => other !== index))}
        >
          <TargetSelect
            label="Target"
            targets={targetsOf(destination)}
            value={one.to}
            onChange={(to) => set(fixed.map((old, other) => (other === index ? { ...old, to } : old)))}
          />
          <span className={styles.arrow}>=</span>
          <Input
            size="small"
            aria-label={`Value of ${one.to}`}
            input={{ dir: "auto" }}
            value={typeof one.value === "string" ? one.value : JSON.stringify(one.value)}
            onChange={(_, { value }) =>
              set(
                fixed.map((old, other) => (other === index ? { ...old, value: parseFixed(value) } : old)),
                `fixed${index}`,
              )
            }
          />
        </Line>
      ))}
    </Part>
  );
}

/** Phone numbers and switches of the run. */
export function PhonePart({ editor }: { editor: Editor }) {
  const { definition, edit, problems } = editor;
  const { phone } = definition;
  return (
    <Part
      number={6}
      title="Phone numbers"
      summary={
        phone?.international
          ? `to international form${phone.country_code ? `, +${phone.country_code} where none is written` : ""}`
          : "as they are"
      }
    >
      <Checkbox
        checked={phone?.international === true}
        label="Bring to international form (E.164)"
        onChange={(_, { checked }) =>
          edit((old) => ({ ...old, phone: checked ? { ...old.phone, international: true } : undefined }))
        }
      />
      {phone ? (
        <Field
          label="Dial code where none is written"
          hint="Digits only, such as 90"
          orientation="horizontal"
        >
          <Input
            size="small"
            value={phone.country_code ?? ""}
            onChange={(_, { value }) =>
              edit(
                (old) => ({
                  ...old,
                  phone: {
                    international: true,
                    ...old.phone,
                    country_code: value === "" ? undefined : value,
                  },
                }),
                "country",
              )
            }
          />
        </Field>
      ) : null}
      <Problems problems={problemsAt(problems, "phone")} />
    </Part>
  );
}

export function OptionsPart({ editor }: { editor: Editor }) {
  const { definition, edit, problems } = editor;
  const { options } = definition;
  return (
    <Part number={8} title="Options">
      <Checkbox
        checked={options.skip_hook}
        label="No journeys or automation at the destination (skip hook)"
        onChange={(_, { checked }) =>
          edit((old) => ({ ...old, options: { ...old.options, skip_hook: checked === true } }))
        }
      />
      <Checkbox
        checked={options.stop_on_failed_batch}
        label="Stop at the first failed batch"
        onChange={(_, { checked }) =>
          edit((old) => ({ ...old, options: { ...old.options, stop_on_failed_batch: checked === true } }))
        }
      />
      <Problems problems={[...problemsAt(problems, "options"), ...problemsAt(problems, "schedule")]} />
    </Part>
  );
}
