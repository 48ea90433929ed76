import { Field, Input } from "@fluentui/react-components";

/** The most records that a run by itself may write; empty: as many as there are. */
export function AtMost({
  value,
  onChange,
}: {
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}) {
  return (
    <Field
      label="Most records a run by itself may write"
      hint="A run that would write more is not begun, and says so. Empty: as many as there are; to production nothing is written then."
    >
      <Input
        type="number"
        min={1}
        size="small"
        style={{ maxWidth: 160 }}
        value={value === undefined ? "" : String(value)}
        onChange={(_, data) => {
          const number = Math.floor(Number(data.value));
          onChange(data.value === "" || !(number > 0) ? undefined : number);
        }}
      />
    </Field>
  );
}
