import { Dropdown, Input, Option } from "@fluentui/react-components";
import { type Column, takesCount } from "@/api";
import styles from "./query.module.css";

/** The editor for what an operator takes, by the column's type. */
export function Values({
  column,
  operator,
  arity,
  values,
  onChange,
}: {
  column: Column | undefined;
  operator: string;
  arity: number;
  values: readonly string[];
  onChange: (values: string[]) => void;
}) {
  const options = column?.options ?? [];
  if (options.length > 0 && !takesCount(operator)) {
    const labelOf = (value: string) =>
      options.find((option) => String(option.value) === value)?.label ?? value;
    return (
      <Dropdown
        size="small"
        aria-label="Value"
        className={styles.value}
        style={{ minWidth: 0, width: 140 }}
        multiselect={arity === 255}
        value={values.filter(Boolean).map(labelOf).join(", ")}
        placeholder="Choose"
        selectedOptions={[...values]}
        onOptionSelect={(_, { selectedOptions }) => onChange(selectedOptions.filter(Boolean))}
      >
        {options.map((option) => (
          <Option key={option.value} value={String(option.value)} text={option.label ?? String(option.value)}>
            {option.label ?? "(no label)"} <code className={styles.muted}>{option.value}</code>
          </Option>
        ))}
      </Dropdown>
    );
  }
  if (arity === 255)
    return (
      <textarea
        aria-label="Values, one a line"
        title="One value a line"
        className={styles.many}
        rows={Math.min(5, Math.max(2, values.length))}
        dir="auto"
        value={values.join("\n")}
        onChange={(event) => onChange(event.target.value.split("\n"))}
      />
    );
  // What is no date yet is shown as it stands in the text.
  const dated = values.every((value) => value === "" || /^\d{4}-\d\d-\d\d/.test(value));
  const wanted = inputType(column, operator);
  const type = wanted === "date" && !dated ? "text" : wanted;
  return (
    <>
      {Array.from({ length: arity }, (_, index) => (
        <Input
          key={index}
          size="small"
          className={styles.value}
          style={{ minWidth: 0, width: 140 }}
          aria-label={arity === 1 ? "Value" : index === 0 ? "From" : "To"}
          title={hint(column, operator)}
          type={type}
          input={{ dir: "auto" }}
          // A date field shows only whole dates; the part behind the day is kept as text.
          value={type === "date" ? (values[index] ?? "").slice(0, 10) : (values[index] ?? "")}
          onChange={(_event, { value }) =>
            onChange(
              Array.from({ length: arity }, (_unused, at) => (at === index ? value : (values[at] ?? ""))),
            )
          }
        />
      ))}
    </>
  );
}

function inputType(column: Column | undefined, operator: string): "text" | "number" | "date" {
  if (takesCount(operator)) return "number";
  if (column?.type === "datetime" && (operator.startsWith("on") || column.behavior === "dateonly"))
    return "date";
  return "text";
}

function hint(column: Column | undefined, operator: string): string | undefined {
  if (takesCount(operator)) return "A whole number";
  switch (column?.type) {
    case "datetime":
      return "2026-11-21 or 2026-11-21T09:00:00Z (UTC)";
    case "boolean":
      return "0 or 1";
    case "string":
    case "memo":
      return operator.includes("like") ? "% stands for any text, _ for one character" : undefined;
    case "lookup":
    case "customer":
    case "owner":
    case "uniqueidentifier":
      return "An id (GUID)";
    default:
      return undefined;
  }
}
