import { Button, Dropdown, Field, Input, Option } from "@fluentui/react-components";
import { AddRegular, ArrowDownRegular, DeleteRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import type { Column } from "@/api";
import styles from "./definitions.module.css";
import { ColumnSelect } from "./selects";

/** One of a few, with words for each. */
export function Choose<T extends string>({
  label,
  hint,
  value,
  options,
  onChange,
}: {
  label: string;
  hint?: string;
  value: T;
  options: readonly { value: T; label: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <Field label={label} hint={hint} size="small">
      <Dropdown
        size="small"
        value={options.find((option) => option.value === value)?.label ?? value}
        selectedOptions={[value]}
        onOptionSelect={(_, { optionValue }) => {
          const found = options.find((option) => option.value === optionValue);
          if (found) onChange(found.value);
        }}
      >
        {options.map((option) => (
          <Option key={option.value} value={option.value}>
            {option.label}
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}

/** A short text; empty is no text. */
export function Words({
  label,
  hint,
  value,
  placeholder,
  onChange,
  mono,
  offers,
}: {
  label: string;
  hint?: ReactNode;
  value: string | undefined;
  placeholder?: string;
  onChange: (value: string | undefined) => void;
  mono?: boolean;
  /** What may be typed, as offers. */
  offers?: readonly string[];
}) {
  const list = offers ? `offers-${label.replaceAll(/\W/g, "-")}` : undefined;
  return (
    <Field label={label} hint={hint ? { children: hint } : undefined} size="small">
      <Input
        size="small"
        input={{
          dir: mono ? "ltr" : "auto",
          list,
          style: mono ? { fontFamily: "var(--fontFamilyMonospace)" } : undefined,
        }}
        value={value ?? ""}
        placeholder={placeholder}
        onChange={(_, data) => onChange(data.value === "" ? undefined : data.value)}
      />
      {offers ? (
        <datalist id={list}>
          {offers.map((offer) => (
            <option key={offer} value={offer} />
          ))}
        </datalist>
      ) : null}
    </Field>
  );
}

/** Several columns in an order that counts. */
export function ColumnList({
  label,
  hint,
  columns,
  chosen,
  value,
  onChange,
}: {
  label: string;
  hint?: string;
  columns: readonly Column[];
  /** Columns that are read. */
  chosen: readonly string[];
  value: readonly string[];
  onChange: (value: string[]) => void;
}) {
  return (
    <Field label={label} hint={hint} size="small" className={styles.wide}>
      <div className={styles.stack} role="group" aria-label={label}>
        {value.map((name, index) => (
          <div key={index} className={styles.lineRow}>
            <ColumnSelect
              label={`${label}, ${index + 1}`}
              columns={columns}
              chosen={chosen}
              value={name}
              onChange={(next) => onChange(value.map((old, other) => (other === index ? next : old)))}
            />
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowDownRegular />}
              aria-label={`Move ${name || `column ${index + 1}`} down`}
              disabled={index === value.length - 1}
              onClick={() => onChange(value.toSpliced(index, 2, value[index + 1] ?? "", name))}
            />
            <Button
              size="small"
              appearance="subtle"
              icon={<DeleteRegular />}
              aria-label={`Remove ${name || `column ${index + 1}`}`}
              onClick={() => onChange(value.filter((_, other) => other !== index))}
            />
          </div>
        ))}
        <div>
          <Button
            size="small"
            appearance="subtle"
            icon={<AddRegular />}
            onClick={() => onChange([...value, ""])}
          >
            Add a column
          </Button>
        </div>
      </div>
    </Field>
  );
}
