import { Button, Combobox, Dropdown, Field, Input, Option } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import type { Column, FilterOperator } from "@/api";
import { operatorsFor, operatorWords } from "@/api";
import { Name, whenChosen } from "@/design";
import type { Condition } from "@/lib/filter";
import { fuzzyFilter } from "@/lib/fuzzy";
import styles from "./records.module.css";

/** One condition: a column, an operator that fits it, and what it takes. */
export function ConditionForm({
  columns,
  operators,
  initial,
  onSave,
  onCancel,
}: {
  columns: readonly Column[];
  operators: readonly FilterOperator[];
  initial: Condition | null;
  onSave: (condition: Condition) => void;
  onCancel: () => void;
}) {
  const [attribute, setAttribute] = useState(initial?.attribute ?? "");
  const [typed, setTyped] = useState<string | null>(null);
  const [operator, setOperator] = useState(initial?.operator ?? "");
  const [values, setValues] = useState<string[]>(initial?.values ?? []);
  const column = columns.find((candidate) => candidate.logical_name === attribute);
  const fitting = useMemo(() => (column ? operatorsFor(operators, column.type) : []), [operators, column]);
  const chosen = fitting.find(({ name }) => name === operator);
  const arity = chosen?.arity ?? 0;
  const found = useMemo(
    () =>
      fuzzyFilter(
        typed ?? "",
        columns.filter(({ readable }) => readable),
        (candidate) => `${candidate.display_name} ${candidate.logical_name}`,
      ).slice(0, 60),
    [columns, typed],
  );
  const complete =
    column &&
    chosen &&
    (arity === 0 ||
      (arity === 255
        ? values.some((value) => value !== "")
        : values.filter((value) => value !== "").length >= arity));
  return (
    <form
      className={styles.stack}
      onSubmit={(event) => {
        event.preventDefault();
        if (!complete) return;
        const wanted = arity === 255 ? values.filter((value) => value !== "") : values.slice(0, arity);
        onSave({ attribute, operator, values: wanted });
      }}
    >
      <Field label="Column">
        <Combobox
          size="small"
          placeholder="Type to find a column"
          value={typed ?? (column ? column.display_name || column.logical_name : "")}
          selectedOptions={attribute ? [attribute] : []}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onOpenChange={(_, { open }) => !open && setTyped(null)}
          onOptionSelect={whenChosen((name) => {
            setTyped(null);
            setAttribute(name);
            const next = columns.find((candidate) => candidate.logical_name === name);
            const first = next ? operatorsFor(operators, next.type)[0] : undefined;
            setOperator(first?.name ?? "");
            setValues([]);
          })}
        >
          {found.map((candidate) => (
            <Option
              key={candidate.logical_name}
              value={candidate.logical_name}
              text={candidate.display_name || candidate.logical_name}
            >
              <Name text={candidate.display_name || candidate.logical_name} />{" "}
              <code className={styles.muted}>{candidate.logical_name}</code>
            </Option>
          ))}
        </Combobox>
      </Field>
      <Field label="Is">
        <Dropdown
          size="small"
          disabled={!column}
          value={chosen ? operatorWords(chosen.name) : ""}
          selectedOptions={operator ? [operator] : []}
          onOptionSelect={(_, { optionValue }) => setOperator(optionValue ?? "")}
        >
          {fitting.map(({ name, label }) => (
            <Option key={name} value={name} text={operatorWords(name)} title={label}>
              {operatorWords(name)}
            </Option>
          ))}
        </Dropdown>
      </Field>
      {column && arity > 0 ? (
        <Values column={column} arity={arity} values={values} onChange={setValues} />
      ) : null}
      <div className={styles.filterFoot}>
        <Button size="small" type="button" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="small" type="submit" appearance="primary" disabled={!complete}>
          Filter
        </Button>
      </div>
    </form>
  );
}

function Values({
  column,
  arity,
  values,
  onChange,
}: {
  column: Column;
  arity: number;
  values: string[];
  onChange: (values: string[]) => void;
}) {
  const options = column.options ?? [];
  if (options.length > 0)
    return (
      <Field label={arity === 255 ? "Any of" : "Value"}>
        <Dropdown
          size="small"
          multiselect={arity === 255}
          selectedOptions={values}
          value={values
            .map((value) => options.find((option) => String(option.value) === value)?.label ?? value)
            .join(", ")}
          onOptionSelect={(_, { selectedOptions }) => onChange(selectedOptions)}
        >
          {options.map((option) => (
            <Option
              key={option.value}
              value={String(option.value)}
              text={option.label ?? String(option.value)}
            >
              {option.label ?? "(no label)"} <code className={styles.muted}>{option.value}</code>
            </Option>
          ))}
        </Dropdown>
      </Field>
    );
  if (arity === 255)
    return (
      <Field label="Any of" hint="One value a line">
        <textarea
          rows={4}
          dir="auto"
          value={values.join("\n")}
          onChange={(event) => onChange(event.target.value.split("\n"))}
          style={{ font: "inherit" }}
        />
      </Field>
    );
  return (
    <>
      {Array.from({ length: arity }, (_, index) => (
        <Field
          key={index}
          label={arity === 1 ? "Value" : index === 0 ? "From" : "To"}
          hint={index === 0 ? valueHint(column) : undefined}
        >
          <Input
            size="small"
            input={{ dir: "auto" }}
            value={values[index] ?? ""}
            onChange={(_event, { value }) => {
              const next = [...values];
              next[index] = value;
              onChange(Array.from({ length: arity }, (_unused, place) => next[place] ?? ""));
            }}
          />
        </Field>
      ))}
    </>
  );
}

function valueHint(column: Column): string | undefined {
  switch (column.type) {
    case "datetime":
      return column.behavior === "dateonly" ? "2026-11-21" : "2026-11-21 or 2026-11-21T09:00:00Z (UTC)";
    case "boolean":
      return "0 or 1";
    case "string":
    case "memo":
      return "% stands for any text with “like”";
    case "lookup":
    case "customer":
    case "owner":
    case "uniqueidentifier":
      return "An id";
    case "integer":
    case "bigint":
    case "decimal":
    case "double":
    case "money":
    case "picklist":
    case "multiselectpicklist":
    case "state":
    case "status":
    case "partylist":
    case "image":
    case "file":
    case "other":
      return undefined;
  }
}
