import { Button, Dropdown, Field, Option } from "@fluentui/react-components";
import { ArrowDownRegular, ArrowUpRegular } from "@fluentui/react-icons";
import type { Column, FieldMapping, TextCase } from "@/api";
import styles from "./definitions.module.css";
import { FixedInput } from "./FixedPart";

/** Every way a value can be changed on its way. */
export function ValueOptions({
  field,
  onChange,
  onMove,
}: {
  field: FieldMapping;
  column: Column | undefined;
  onChange: (part: Partial<FieldMapping>, key?: string) => void;
  onMove: (by: -1 | 1) => void;
}) {
  return (
    <div className={styles.options} role="group" aria-label={`How ${field.to || "the value"} is made`}>
      <Field label="Letters">
        <Dropdown
          size="small"
          value={
            field.case === "upper" ? "Upper case" : field.case === "lower" ? "Lower case" : "As they are"
          }
          selectedOptions={[field.case ?? "none"]}
          onOptionSelect={(_, { optionValue }) =>
            onChange({ case: optionValue === "none" ? undefined : (optionValue as TextCase) })
          }
        >
          <Option value="none">As they are</Option>
          <Option value="upper">Upper case</Option>
          <Option value="lower">Lower case</Option>
        </Dropdown>
      </Field>
      <Field label="When empty">
        <FixedInput
          label={`Value of ${field.to} when empty`}
          placeholder="left out"
          value={field.default}
          onChange={(value) => onChange({ default: value === "" ? undefined : value }, "default")}
        />
      </Field>
      <div className={styles.lineRow}>
        <Button size="small" appearance="subtle" icon={<ArrowUpRegular />} onClick={() => onMove(-1)}>
          Up
        </Button>
        <Button size="small" appearance="subtle" icon={<ArrowDownRegular />} onClick={() => onMove(1)}>
          Down
        </Button>
      </div>
    </div>
  );
}
