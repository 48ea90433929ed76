import { Button, Dropdown, Field, Option } from "@fluentui/react-components";
import { LinkMultipleRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { OnUnknownCode } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { FieldLine } from "./FieldLine";
import { LabelLanguage } from "./LabelLanguage";
import { MatchDialog } from "./MatchDialog";
import { PhoneRules } from "./PhoneRules";
import { AddButton, Part, Problems } from "./parts";
import { problemsAt } from "./problems";
import { isTwoWay, TwoWayRules } from "./TwoWay";

/** Target attributes from source columns. */
export function FieldsPart() {
  const { editor } = useParts();
  const { definition, edit, problems } = editor;
  const { fields } = definition;
  const [matching, setMatching] = useState(false);
  const set = (next: typeof fields, key?: string) => edit((old) => ({ ...old, fields: next }), key);
  return (
    <Part
      id="fields"
      aside={
        <>
          <Button
            size="small"
            appearance="subtle"
            icon={<LinkMultipleRegular />}
            onClick={() => setMatching(true)}
          >
            Match by name
          </Button>
          <AddButton
            onClick={() =>
              set([...fields, { to: "", from: "", direction: isTwoWay(definition) ? "both" : undefined }])
            }
          >
            Add field
          </AddButton>
        </>
      }
    >
      <TwoWayRules />
      {fields.map((field, index) => (
        <FieldLine
          key={index}
          field={field}
          index={index}
          onChange={(part, key) =>
            edit(
              (old) => ({
                ...old,
                fields: old.fields.map((one, other) => (other === index ? { ...one, ...part } : one)),
              }),
              key === undefined ? undefined : `field${index}.${key}`,
            )
          }
          onMove={(by) => {
            const to = index + by;
            if (to < 0 || to >= fields.length) return;
            const next = [...fields];
            const [moved] = next.splice(index, 1);
            if (moved) set(next.toSpliced(to, 0, moved));
          }}
          onRemove={() => set(fields.filter((_, other) => other !== index))}
        />
      ))}
      {fields.length === 0 ? (
        <p className={styles.muted}>Nothing is mapped yet. “Match by name” pairs what is called alike.</p>
      ) : null}
      <Problems problems={problems.filter(({ path }) => path === "fields")} />
      <Problems
        problems={editor.warnings.filter(({ path }) => path === "fields" || path === "phone")}
        warning
      />
      <div className={styles.two}>
        <Field label="A code without a label" data-path="on_unknown_code">
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
        <LabelLanguage />
        <PhoneRules />
      </div>
      <Problems
        problems={["phone", "on_unknown_code", "label_language"].flatMap((path) =>
          problemsAt(problems, path),
        )}
      />
      <Problems problems={problemsAt(editor.warnings, "label_language")} warning />
      {matching ? <MatchDialog onClose={() => setMatching(false)} /> : null}
    </Part>
  );
}
