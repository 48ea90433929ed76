import { Dropdown, Field, Option } from "@fluentui/react-components";
import { ArrowLeftRegular } from "@fluentui/react-icons";
import type { OnDuplicate, OnInvalidIdentifier } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { IdentifierRules } from "./IdentifierRules";
import { AddButton, Line, Part, Problems } from "./parts";
import { problemsAt } from "./problems";
import { ColumnSelect, TargetSelect } from "./selects";
import { identifierTargets } from "./targets";

const whenInvalid: readonly { value: OnInvalidIdentifier; label: string }[] = [
  { value: "skip-identifier", label: "Leave the identifier out" },
  { value: "skip-record", label: "Leave the record out" },
];

const whenSame: readonly { value: OnDuplicate; label: string }[] = [
  { value: "first", label: "The first one read goes" },
  { value: "latest", label: "The one changed last goes" },
  { value: "none", label: "None of them goes" },
  { value: "all", label: "Each of them goes, as an event" },
];

/** By what a record is recognised at the destination. */
export function IdentifyPart() {
  const { editor, columns, destination, destinationConnection } = useParts();
  const { definition, edit, problems } = editor;
  const { identifiers } = definition;
  const set = (next: typeof identifiers, key?: string) => edit((old) => ({ ...old, identifiers: next }), key);
  const patch = (index: number, part: Partial<(typeof identifiers)[number]>, key?: string) =>
    set(
      identifiers.map((old, other) => (other === index ? { ...old, ...part } : old)),
      key,
    );
  const targets = identifierTargets(destination, destinationConnection?.system);
  const free = targets.find(({ name }) => !identifiers.some(({ to }) => to === name));
  return (
    <Part
      id="identifiers"
      aside={
        <AddButton onClick={() => set([...identifiers, { to: free?.name ?? "", from: "" }])}>
          Add identifier
        </AddButton>
      }
    >
      {identifiers.map((identifier, index) => (
        <Line
          key={index}
          path={`identifiers[${index}]`}
          label={`identifier ${identifier.to || index + 1}`}
          problems={problemsAt(problems, `identifiers[${index}]`)}
          onRemove={() => set(identifiers.filter((_, other) => other !== index))}
        >
          <TargetSelect
            label="Identifier"
            targets={targets}
            value={identifier.to}
            onChange={(to) => patch(index, { to })}
          />
          <ArrowLeftRegular className={styles.arrow} aria-label="from" />
          <ColumnSelect
            label={`Column for ${identifier.to}`}
            columns={columns}
            chosen={definition.source.columns}
            value={identifier.from}
            onChange={(from) => patch(index, { from })}
          />
          <IdentifierRules identifier={identifier} onChange={(part, key) => patch(index, part, key)} />
        </Line>
      ))}
      {identifiers.length === 0 ? (
        <p className={styles.muted}>None yet. A record without any identifier can't be sent.</p>
      ) : null}
      <Problems problems={problems.filter(({ path }) => path === "identifiers")} />
      <Problems problems={editor.warnings.filter(({ path }) => path === "identifiers")} warning />
      <div className={styles.two}>
        <Field label="When an identifier is malformed">
          <Dropdown
            size="small"
            value={whenInvalid.find(({ value }) => value === definition.on_invalid_identifier)?.label ?? ""}
            selectedOptions={[definition.on_invalid_identifier]}
            onOptionSelect={(_, { optionValue }) =>
              edit((old) => ({
                ...old,
                on_invalid_identifier: (optionValue ?? "skip-identifier") as OnInvalidIdentifier,
              }))
            }
          >
            {whenInvalid.map(({ value, label }) => (
              <Option key={value} value={value}>
                {label}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field label="When several records have the same identifiers" data-path="on_duplicate">
          <Dropdown
            size="small"
            value={whenSame.find(({ value }) => value === (definition.on_duplicate ?? "first"))?.label ?? ""}
            selectedOptions={[definition.on_duplicate ?? "first"]}
            onOptionSelect={(_, { optionValue }) => {
              const rule = whenSame.find(({ value }) => value === optionValue)?.value ?? "first";
              edit((old) => ({ ...old, on_duplicate: rule === "first" ? undefined : rule }));
            }}
          >
            {whenSame.map(({ value, label }) => (
              <Option key={value} value={value}>
                {label}
              </Option>
            ))}
          </Dropdown>
        </Field>
      </div>
      <Problems problems={problems.filter(({ path }) => path === "on_duplicate")} />
    </Part>
  );
}
