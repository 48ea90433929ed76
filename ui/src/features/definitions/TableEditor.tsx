import { Button, Input } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import { type ClipboardEvent, useId, useState } from "react";
import { useCopy } from "@/design";
import { counted } from "@/lib/numbers";
import styles from "./definitions.module.css";
import { mergedRows, pastedRows, rowsOf, type TableRow } from "./tableText";

/** A table of two columns: what is read, what is sent in its place. Two columns of a sheet can be pasted into it. */
export function TableEditor({
  label,
  keyTitle,
  valueTitle,
  table,
  offers,
  values,
  suggest,
  onChange,
}: {
  label: string;
  keyTitle: string;
  valueTitle: string;
  table: Readonly<Record<string, unknown>>;
  /** Values that may be read, such as a choice's codes. */
  offers: readonly { value: string; label?: string | undefined }[];
  /** Values that may be sent. */
  values?: readonly string[];
  /** What to send for an offer to begin with; its label when not told. */
  suggest?: (label: string) => string;
  onChange: (table: Record<string, string>) => void;
}) {
  // Rows are kept as typed: two rows may have the same key for a moment.
  const [typed, setTyped] = useState<{ rows: TableRow[]; of: string } | null>(null);
  const [, copy] = useCopy();
  const list = useId();
  const now = JSON.stringify(table);
  const rows = typed?.of === now ? typed.rows : rowsOf(table);
  const lacking = offers.filter(({ value }) => !rows.some(({ key }) => key === value));
  const set = (next: TableRow[]) => {
    const written = Object.fromEntries(
      next.filter(({ key }) => key !== "").map(({ key, value }) => [key, value]),
    );
    setTyped({ rows: next, of: JSON.stringify(written) });
    onChange(written);
  };
  function paste(event: ClipboardEvent) {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    set(
      mergedRows(
        rows.filter(({ key, value }) => key !== "" || value !== ""),
        pastedRows(text),
      ),
    );
  }
  const labelOf = (key: string) => offers.find(({ value }) => value === key)?.label;
  return (
    <div className={styles.table} role="group" aria-label={label} onPaste={paste}>
      {rows.length > 0 ? (
        <table>
          <thead>
            <tr>
              <th scope="col">{keyTitle}</th>
              <th scope="col">{valueTitle}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                <td>
                  <Input
                    size="small"
                    aria-label={`Value ${index + 1} that is read`}
                    input={{ dir: "auto" }}
                    value={row.key}
                    contentAfter={
                      labelOf(row.key) ? <span className={styles.muted}>{labelOf(row.key)}</span> : null
                    }
                    onChange={(_, { value }) =>
                      set(rows.map((old, other) => (other === index ? { ...old, key: value } : old)))
                    }
                  />
                </td>
                <td>
                  <Input
                    size="small"
                    aria-label={`Sent for ${labelOf(row.key) ?? row.key}`}
                    input={{ dir: "auto", list: values ? list : undefined }}
                    value={row.value}
                    onChange={(_, { value }) =>
                      set(rows.map((old, other) => (other === index ? { ...old, value } : old)))
                    }
                  />
                </td>
                <td>
                  <Button
                    size="small"
                    appearance="subtle"
                    icon={<DeleteRegular />}
                    aria-label={`Remove the row of ${labelOf(row.key) ?? (row.key || index + 1)}`}
                    onClick={() => set(rows.filter((_, other) => other !== index))}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {values ? (
        <datalist id={list}>
          {values.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      ) : null}
      <div className={styles.lineRow}>
        <Button
          size="small"
          appearance="subtle"
          icon={<AddRegular />}
          onClick={() => set([...rows, { key: "", value: "" }])}
        >
          Add a row
        </Button>
        {lacking.length > 0 ? (
          <Button
            size="small"
            appearance="subtle"
            onClick={() =>
              set([
                ...rows,
                ...lacking.map(({ value, label: words }) => ({
                  key: value,
                  value: (suggest ?? String)(words ?? ""),
                })),
              ])
            }
          >
            Add {counted(lacking.length, "choice")}
          </Button>
        ) : null}
        {rows.length > 0 ? (
          <Button
            size="small"
            appearance="subtle"
            onClick={() => copy(rows.map(({ key, value }) => `${key}\t${value}`).join("\n"))}
          >
            Copy
          </Button>
        ) : null}
        <span className={styles.muted}>Two columns from Excel can be pasted here.</span>
      </div>
    </div>
  );
}
