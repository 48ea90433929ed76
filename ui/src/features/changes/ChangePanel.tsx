import { Button } from "@fluentui/react-components";
import type { ChangeRow } from "@/api";
import { CopyField, Mark, Name, Panel } from "@/design";
import styles from "./changes.module.css";
import { lastValues, shown } from "./words";

/** One changed record: its columns before and after, or all that was known of one that is gone. */
export function ChangePanel({
  row,
  named,
  onClose,
  onRecord,
}: {
  row: ChangeRow;
  named: (column: string) => string;
  onClose: () => void;
  onRecord?: () => void;
}) {
  const last = lastValues(row.last);
  return (
    <Panel
      title={<Name text={row.title || row.id} />}
      onClose={onClose}
      foot={
        onRecord ? (
          <Button size="small" onClick={onRecord}>
            Open the record
          </Button>
        ) : undefined
      }
    >
      <p>
        <Mark tone={row.kind === "deleted" ? "danger" : row.kind === "added" ? "success" : "brand"}>
          {row.kind}
        </Mark>
      </p>
      <CopyField label="Id" value={row.id} />
      {row.fields.length > 0 ? (
        <table className={styles.fields}>
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {row.fields.map((field) => (
              <tr key={field.column}>
                <td title={field.column}>{named(field.column)}</td>
                <td dir="auto" className={styles.old}>
                  {shown(field.old, field.old_label)}
                </td>
                <td dir="auto">{shown(field.new, field.new_label)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {last.length > 0 ? (
        <table className={styles.fields}>
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">As it was cached last</th>
            </tr>
          </thead>
          <tbody>
            {last.map(({ column, text }) => (
              <tr key={column}>
                <td>{named(column)}</td>
                <td dir="auto">{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </Panel>
  );
}
