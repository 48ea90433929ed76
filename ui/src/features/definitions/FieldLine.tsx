import { Button, ToggleButton } from "@fluentui/react-components";
import { ArrowLeftRegular, ChevronDownRegular, ChevronUpRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { FieldMapping } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { Line } from "./parts";
import { problemsAt } from "./problems";
import { splitRelated } from "./related";
import { ColumnSelect, TargetSelect } from "./selects";
import { DirectionSelect, isTwoWay } from "./TwoWay";
import { targetsOf } from "./targets";
import { ValueOptions } from "./ValueOptions";
import { optionWords } from "./valueWords";

/** One field: target, column, what is likely wanted as a button, and the rest on request. */
export function FieldLine({
  field,
  index,
  onChange,
  onMove,
  onRemove,
}: {
  field: FieldMapping;
  index: number;
  onChange: (part: Partial<FieldMapping>, key?: string) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}) {
  const { editor, columns, destination } = useParts();
  const [open, setOpen] = useState(false);
  const both = isTwoWay(editor.definition);
  const column = columns.find(({ logical_name }) => logical_name === field.from);
  const related = splitRelated(field.from).column !== undefined;
  const coded = related || ((column?.options?.length ?? 0) > 0 && column?.type !== "boolean");
  const words = optionWords(field).filter((word) => !["label", "invert", "phone", "trim"].includes(word));
  const quick = (
    [
      ["label", coded, "Send the label in place of the code"],
      ["invert", column?.type === "boolean", "Send the opposite: yes becomes no"],
      ["phone", column?.type === "string", "Bring a phone number to international form"],
      ["trim", column?.type === "string", "Cut white space at both ends"],
    ] as const
  ).filter(([key, fits]) => fits || field[key]);
  return (
    <Line
      path={`fields[${index}]`}
      label={`field ${field.to || index + 1}`}
      problems={problemsAt(editor.problems, `fields[${index}]`)}
      onRemove={onRemove}
      extra={open ? <ValueOptions field={field} column={column} onChange={onChange} onMove={onMove} /> : null}
    >
      <TargetSelect
        label="Target"
        targets={targetsOf(destination)}
        value={field.to}
        onChange={(to) => onChange({ to })}
      />
      {both ? (
        <DirectionSelect
          label={`Direction of ${field.to || `field ${index + 1}`}`}
          value={field.direction ?? "to"}
          onChange={(direction) => onChange({ direction })}
        />
      ) : (
        <ArrowLeftRegular className={styles.arrow} aria-label="from" />
      )}
      <ColumnSelect
        label={`Column for ${field.to}`}
        columns={columns}
        chosen={editor.definition.source.columns}
        value={field.from}
        onChange={(from) => onChange({ from })}
      />
      {quick.map(([key, , title]) => (
        <ToggleButton
          key={key}
          size="small"
          className={styles.quick}
          checked={field[key] === true}
          title={title}
          onClick={() => onChange({ [key]: field[key] ? undefined : true })}
        >
          {key}
        </ToggleButton>
      ))}
      <Button
        size="small"
        appearance="subtle"
        className={styles.quick}
        aria-expanded={open}
        aria-label={`How ${field.to || "the value"} is made`}
        title="How the value is made"
        icon={open ? <ChevronUpRegular /> : <ChevronDownRegular />}
        iconPosition="after"
        onClick={() => setOpen(!open)}
      >
        {words.length > 0 ? words.join(" · ") : "more"}
      </Button>
    </Line>
  );
}
