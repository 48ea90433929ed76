import { Dropdown, Field, Option } from "@fluentui/react-components";
import { ArrowLeftRegular } from "@fluentui/react-icons";
import { useMemo } from "react";
import { type OnInvalidIdentifier, useRead } from "@/api";
import { disagreements } from "./agree";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { AddButton, Line, Part, Problems } from "./parts";
import { problemsAt } from "./problems";
import { ColumnSelect, TargetSelect } from "./selects";

const whenInvalid: readonly { value: OnInvalidIdentifier; label: string }[] = [
  { value: "skip-identifier", label: "Leave the identifier out" },
  { value: "skip-record", label: "Leave the record out" },
];

/** By what a record is recognised at the destination. */
export function IdentifyPart() {
  const { editor, columns, destination } = useParts();
  const { definition, edit, problems } = editor;
  const { identifiers } = definition;
  const set = (next: typeof identifiers, key?: string) => edit((old) => ({ ...old, identifiers: next }), key);
  const patch = (index: number, part: Partial<(typeof identifiers)[number]>, key?: string) =>
    set(
      identifiers.map((old, other) => (other === index ? { ...old, ...part } : old)),
      key,
    );
  const targets = (destination?.identifiers ?? []).map((name) => ({ name, title: name }));
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
      </div>
      <Disagreements />
    </Part>
  );
}

/** Other definitions over the same records that recognise them otherwise. */
function Disagreements() {
  const { editor } = useParts();
  const { definition, savedName } = editor;
  const others = useRead("definitions.list", {});
  const found = useMemo(
    () => disagreements(definition, savedName, others.data ?? []),
    [definition, savedName, others.data],
  );
  const told = editor.warnings.some(({ code }) =>
    ["identifiers_disagree", "identifier_from_other_column"].includes(code),
  );
  if (told || found.length === 0) return null;
  return (
    <ul className={`${styles.problems} ${styles.softProblems}`} aria-label="Other syncs of the same records">
      {found.map(({ name, here, there }) => (
        <li key={name}>
          “{name}” touches the same records by other identifiers
          {there.length > 0 ? (
            <>
              : <code>{there.join(", ")}</code>
            </>
          ) : null}
          {here.length > 0 ? (
            <>
              {there.length > 0 ? " in place of " : ": it lacks "}
              <code>{here.join(", ")}</code>
            </>
          ) : null}
          .{" "}
          <span className={styles.muted}>
            One person may become two at the destination; let both use the same.
          </span>
        </li>
      ))}
    </ul>
  );
}
