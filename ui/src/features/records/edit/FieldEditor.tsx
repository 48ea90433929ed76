import { Dropdown, Option, Textarea, Input as TextInput } from "@fluentui/react-components";
import type { Column } from "@/api";
import { editorOf, type Input } from "./inputs";
import { LookupPicker } from "./LookupPicker";

/** The editor of one column. Emptying it means: no value. */
export function FieldEditor({
  connection,
  column,
  input,
  state,
  onInput,
}: {
  connection: string;
  column: Column;
  input: Input;
  /** The record's state, for a status reason that must belong to it. */
  state: number | null;
  onInput: (input: Input) => void;
}) {
  const label = column.display_name || column.logical_name;
  switch (input.kind) {
    case "flag":
      return (
        <Codes
          label={label}
          options={[1, 0].map((code) => ({ code, words: words(column, code) }))}
          chosen={input.flag === null ? [] : [input.flag ? 1 : 0]}
          onChoose={([code]) => onInput({ kind: "flag", flag: code === undefined ? null : code === 1 })}
          clearable={column.required !== "system"}
        />
      );
    case "code":
      return (
        <Codes
          label={label}
          options={(column.options ?? [])
            .filter((option) => column.type !== "status" || state === null || option.state === state)
            .map(({ value }) => ({ code: value, words: words(column, value) }))}
          chosen={input.code === null ? [] : [input.code]}
          onChoose={([code]) => onInput({ kind: "code", code: code ?? null })}
          clearable={column.required !== "system" && column.type === "picklist"}
          spoken={input.code === null ? "" : words(column, input.code)}
        />
      );
    case "codes":
      return (
        <Codes
          label={label}
          several
          options={(column.options ?? []).map(({ value }) => ({ code: value, words: words(column, value) }))}
          chosen={input.codes}
          onChoose={(codes) => onInput({ kind: "codes", codes })}
        />
      );
    case "lookup":
      return (
        <LookupPicker
          connection={connection}
          column={column}
          chosen={input.to}
          onChoose={(to) => onInput({ kind: "lookup", to })}
        />
      );
    case "text":
      return <TextEditor column={column} label={label} text={input.text} onInput={onInput} />;
  }
}

function TextEditor({
  column,
  label,
  text,
  onInput,
}: {
  column: Column;
  label: string;
  text: string;
  onInput: (input: Input) => void;
}) {
  const set = (value: string) => onInput({ kind: "text", text: value });
  const editor = editorOf(column);
  if (editor === "area")
    return (
      <Textarea
        size="small"
        aria-label={label}
        value={text}
        resize="vertical"
        rows={Math.min(8, Math.max(2, Math.ceil(text.length / 50)))}
        style={{ width: "100%" }}
        onChange={(_, { value }) => set(value)}
      />
    );
  const type = editor === "date" ? "date" : editor === "moment" ? "datetime-local" : "text";
  return (
    <TextInput
      size="small"
      aria-label={label}
      type={type}
      step={type === "datetime-local" ? 1 : undefined}
      inputMode={editor === "whole" ? "numeric" : editor === "number" ? "decimal" : undefined}
      value={text}
      style={{ width: "100%" }}
      onChange={(_, { value }) => set(value)}
    />
  );
}

/** A choice by its label; without one the code stands alone. */
function words(column: Column, code: number): string {
  const label = column.options?.find(({ value }) => value === code)?.label;
  if (label) return label;
  return column.type === "boolean" ? (code === 1 ? "Yes" : "No") : String(code);
}

const NONE = "none";

function Codes({
  label,
  options,
  chosen,
  onChoose,
  several = false,
  clearable = true,
  spoken,
}: {
  label: string;
  options: readonly { code: number; words: string }[];
  chosen: readonly number[];
  onChoose: (codes: number[]) => void;
  several?: boolean;
  clearable?: boolean;
  /** What is shown for a code that is not among the options. */
  spoken?: string;
}) {
  const shown = chosen
    .map((code) => options.find((option) => option.code === code)?.words ?? spoken ?? String(code))
    .join("; ");
  return (
    <Dropdown
      size="small"
      aria-label={label}
      multiselect={several}
      placeholder="no value"
      value={shown}
      selectedOptions={chosen.map(String)}
      style={{ minWidth: 0, width: "100%" }}
      onOptionSelect={(_, { optionValue, selectedOptions }) =>
        onChoose(
          optionValue === NONE
            ? []
            : selectedOptions.filter((value) => value !== NONE).map((value) => Number(value)),
        )
      }
    >
      {clearable && !several ? (
        <Option value={NONE} text="no value">
          no value
        </Option>
      ) : null}
      {options.map(({ code, words: text }) => (
        <Option key={code} value={String(code)} text={text}>
          {text}
        </Option>
      ))}
    </Dropdown>
  );
}
