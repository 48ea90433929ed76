import { Input } from "@fluentui/react-components";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { parseFixed } from "./model";
import { AddButton, Line, Part } from "./parts";
import { problemsAt } from "./problems";
import { TargetSelect } from "./selects";
import { targetsOf } from "./targets";

/** The same value on every record. */
export function FixedPart() {
  const { editor, destination } = useParts();
  const { definition, edit, problems } = editor;
  const { fixed } = definition;
  const set = (next: typeof fixed, key?: string) => edit((old) => ({ ...old, fixed: next }), key);
  return (
    <Part
      id="fixed"
      aside={<AddButton onClick={() => set([...fixed, { to: "", value: "" }])}>Add value</AddButton>}
    >
      {fixed.map((one, index) => (
        <Line
          key={index}
          path={`fixed[${index}]`}
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
          <FixedInput
            label={`Value of ${one.to}`}
            value={one.value}
            onChange={(value) =>
              set(
                fixed.map((old, other) => (other === index ? { ...old, value } : old)),
                `fixed${index}`,
              )
            }
          />
        </Line>
      ))}
      {fixed.length === 0 ? (
        <p className={styles.muted}>None. Such as “source” with the value “Dynamics”.</p>
      ) : null}
    </Part>
  );
}

/** A value typed by hand: a number, true, false or null where it reads as one, else a text. */
export function FixedInput({
  label,
  value,
  placeholder,
  onChange,
}: {
  label: string;
  value: unknown;
  placeholder?: string;
  onChange: (value: unknown) => void;
}) {
  const shown = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  const kind =
    value === undefined ? "" : value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
  return (
    <Input
      size="small"
      className={styles.select}
      aria-label={label}
      title="Numbers, true, false and null are sent as such; all else as text"
      input={{ dir: "auto" }}
      placeholder={placeholder}
      contentAfter={kind === "" || kind === "string" ? null : <span className={styles.muted}>{kind}</span>}
      value={shown}
      onChange={(_, { value: typed }) => onChange(parseFixed(typed))}
    />
  );
}
