import { Combobox, Field, Option, OptionGroup } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import type { Column, EntityKey } from "@/api";
import { Name } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import styles from "./compare.module.css";
import { listed, namesIn, wordAtEnd } from "./names";

/** Column names with commas between, typed or chosen from what the table has; each is found by display or logical name. */
export function ColumnsField({
  label,
  hint,
  placeholder,
  value,
  onChange,
  columns,
  keys = [],
}: {
  label: string;
  hint: string;
  placeholder: string;
  value: string;
  onChange: (text: string) => void;
  columns: readonly Column[];
  /** Alternate keys that are offered whole, before the columns. */
  keys?: readonly EntityKey[];
}) {
  const [open, setOpen] = useState(false);
  const names = namesIn(value);
  // What is being typed is no choice yet.
  const search = wordAtEnd(value);
  const settled = names.filter((name) => name !== search);
  const found = useMemo(
    () => fuzzyFilter(search, columns, (one) => `${one.display_name} ${one.logical_name}`).slice(0, 80),
    [search, columns],
  );
  const unknown =
    columns.length > 0 && !open
      ? names.filter((name) => !columns.some(({ logical_name }) => logical_name === name))
      : [];
  const choose = (chosen: readonly string[]) => {
    const all = chosen.every((name) => settled.includes(name));
    onChange(
      listed(
        all
          ? settled.filter((name) => !chosen.includes(name))
          : [...settled, ...chosen.filter((name) => !settled.includes(name))],
      ),
    );
  };
  const column = (one: Column) => (
    <Option key={one.logical_name} value={one.logical_name} text={one.display_name || one.logical_name}>
      <span>
        <Name text={one.display_name || one.logical_name} />{" "}
        <code className={styles.muted}>{one.logical_name}</code>
      </span>
    </Option>
  );
  return (
    <Field
      label={label}
      hint={unknown.length === 0 ? hint : undefined}
      validationState={unknown.length > 0 ? "warning" : "none"}
      validationMessage={unknown.length > 0 ? `Not a column of this table: ${unknown.join(", ")}` : undefined}
    >
      <Combobox
        freeform
        multiselect
        placeholder={placeholder}
        title={value}
        value={value}
        selectedOptions={settled}
        onInput={(event) => onChange(event.currentTarget.value)}
        onOpenChange={(_, state) => setOpen(state.open)}
        onFocus={() => onChange(listed(names))}
        onBlur={() => onChange(names.join(", "))}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue) choose(namesIn(optionValue));
        }}
      >
        {keys.length === 0 || search !== "" ? (
          found.map(column)
        ) : (
          <>
            <OptionGroup label="Alternate keys">
              {keys.map((key) => (
                <Option key={key.name} value={key.columns.join(",")} text={key.name}>
                  <span>
                    <Name text={key.name} /> <code className={styles.muted}>{key.columns.join(", ")}</code>
                  </span>
                </Option>
              ))}
            </OptionGroup>
            <OptionGroup label="Columns">{found.map(column)}</OptionGroup>
          </>
        )}
      </Combobox>
    </Field>
  );
}
