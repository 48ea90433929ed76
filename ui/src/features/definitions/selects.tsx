import { Combobox, Option } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import type { Column } from "@/api";
import { Name } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import styles from "./definitions.module.css";

/** A column of the source, found by display or logical name. */
export function ColumnSelect({
  label,
  columns,
  value,
  onChange,
  invalid,
}: {
  label: string;
  columns: readonly Column[];
  value: string;
  onChange: (name: string) => void;
  invalid?: boolean;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const current = columns.find((column) => column.logical_name === value);
  const found = useMemo(
    () =>
      fuzzyFilter(
        typed ?? "",
        columns.filter((column) => column.readable),
        (column) => `${column.display_name} ${column.logical_name}`,
      ).slice(0, 80),
    [columns, typed],
  );
  return (
    <Combobox
      size="small"
      className={styles.select}
      aria-label={label}
      aria-invalid={invalid || undefined}
      placeholder="Column"
      title={value}
      value={typed ?? (current?.display_name || value)}
      selectedOptions={value ? [value] : []}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onOpenChange={(_, { open }) => !open && setTyped(null)}
      onOptionSelect={(_, { optionValue }) => {
        setTyped(null);
        if (optionValue) onChange(optionValue);
      }}
    >
      {found.map((column) => (
        <Option
          key={column.logical_name}
          value={column.logical_name}
          text={column.display_name || column.logical_name}
        >
          <Name text={column.display_name || column.logical_name} />{" "}
          <code className={styles.muted}>{column.logical_name}</code>
        </Option>
      ))}
    </Combobox>
  );
}

/** An attribute of the destination; another name may be typed where the destination takes any. */
export function TargetSelect({
  label,
  targets,
  value,
  onChange,
  invalid,
}: {
  label: string;
  targets: readonly { name: string; title: string; note?: string }[];
  value: string;
  onChange: (name: string) => void;
  invalid?: boolean;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const found = useMemo(
    () => fuzzyFilter(typed ?? "", targets, (target) => `${target.title} ${target.name}`).slice(0, 80),
    [targets, typed],
  );
  const commit = (text: string | null) => {
    if (text !== null && text.trim() !== "" && text.trim() !== value) onChange(text.trim());
    setTyped(null);
  };
  return (
    <Combobox
      freeform
      size="small"
      className={styles.select}
      aria-label={label}
      aria-invalid={invalid || undefined}
      placeholder="Target"
      value={typed ?? value}
      selectedOptions={value ? [value] : []}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => commit(typed)}
      onOptionSelect={(_, { optionValue }) => {
        setTyped(null);
        if (optionValue) onChange(optionValue);
      }}
    >
      {found.map((target) => (
        <Option key={target.name} value={target.name} text={target.name}>
          <Name text={target.title || target.name} /> <code className={styles.muted}>{target.name}</code>
          {target.note ? <span className={styles.muted}> {target.note}</span> : null}
        </Option>
      ))}
    </Combobox>
  );
}
