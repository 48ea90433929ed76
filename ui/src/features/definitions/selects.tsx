import { Combobox, Option, OptionGroup } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import type { Column } from "@/api";
import { Name, whenChosen } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import styles from "./definitions.module.css";
import { titleOf } from "./related";
import { ruleOf, type Target } from "./targets";

/** What is offered has room for its names beside the types, however narrow the field is. */
const wide = { style: { minWidth: "min(300px, 90vw)" } };

/** A column of the source, found by display or logical name; those that are read come first. */
export function ColumnSelect({
  label,
  columns,
  chosen,
  value,
  onChange,
  placeholder = "Column",
  invalid,
}: {
  label: string;
  columns: readonly Column[];
  /** Columns that are read; the others are told apart. */
  chosen?: readonly string[];
  value: string;
  onChange: (name: string) => void;
  placeholder?: string;
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
  const read = chosen ? found.filter(({ logical_name }) => chosen.includes(logical_name)) : found;
  const others = chosen ? found.filter(({ logical_name }) => !chosen.includes(logical_name)) : [];
  const option = (column: Column) => (
    <Option
      key={column.logical_name}
      value={column.logical_name}
      text={column.display_name || column.logical_name}
    >
      <span className={styles.offer}>
        <Name text={column.display_name || column.logical_name} />{" "}
        <code className={styles.muted}>{column.logical_name}</code>{" "}
        <span className={styles.muted}>
          {ruleOf({ ...column, required: "none", creatable: true, updatable: true })}
        </span>
      </span>
    </Option>
  );
  return (
    <Combobox
      size="small"
      className={styles.select}
      listbox={wide}
      aria-label={label}
      aria-invalid={invalid || undefined}
      placeholder={placeholder}
      title={value}
      value={typed ?? (current?.display_name || titleOf(columns, value) || value)}
      selectedOptions={value ? [value] : []}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onOpenChange={(_, { open }) => !open && setTyped(null)}
      onOptionSelect={whenChosen((name) => {
        setTyped(null);
        onChange(name);
      })}
    >
      {others.length === 0 ? (
        read.map(option)
      ) : (
        <>
          {read.length > 0 ? <OptionGroup label="Chosen columns">{read.map(option)}</OptionGroup> : null}
          <OptionGroup label="Not chosen: they can't be mapped yet">{others.map(option)}</OptionGroup>
        </>
      )}
    </Combobox>
  );
}

/** An attribute of the destination; another name may be typed where the destination takes any. */
export function TargetSelect({
  label,
  targets,
  value,
  onChange,
  placeholder = "Target",
  invalid,
}: {
  label: string;
  targets: readonly Target[];
  value: string;
  onChange: (name: string) => void;
  placeholder?: string;
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
      listbox={wide}
      aria-label={label}
      aria-invalid={invalid || undefined}
      placeholder={placeholder}
      value={typed ?? value}
      selectedOptions={value ? [value] : []}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => commit(typed)}
      onOptionSelect={whenChosen((name) => {
        setTyped(null);
        onChange(name);
      })}
    >
      {found.map((target) => (
        <Option key={target.name} value={target.name} text={target.name} disabled={target.locked ?? false}>
          <span className={styles.offer}>
            <Name text={target.title || target.name} /> <code className={styles.muted}>{target.name}</code>{" "}
            {target.note ? <span className={styles.muted}>{target.note}</span> : null}
          </span>
        </Option>
      ))}
    </Combobox>
  );
}
