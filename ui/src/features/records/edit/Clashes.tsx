import { Button } from "@fluentui/react-components";
import type { EntitySchema } from "@/api";
import type { Raw } from "@/lib/record";
import { title, typed } from "./draft";
import styles from "./edit.module.css";
import { inputText } from "./inputs";
import { type RecordEdit, versionOf } from "./useRecordEdit";

/** Columns that somebody else changed meanwhile, and what is to become of each. */
export function Clashes({ schema, raw, edit }: { schema: EntitySchema; raw: Raw | null; edit: RecordEdit }) {
  return (
    <section aria-label="Changed by somebody else meanwhile">
      <p role="alert">
        Somebody else changed {edit.clashes.length === 1 ? "a column" : `${edit.clashes.length} columns`} of
        yours meanwhile. Decide for each, then save.
      </p>
      <table className={styles.clashes}>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Theirs</th>
            <th scope="col">Yours</th>
          </tr>
        </thead>
        <tbody>
          {edit.clashes.map(({ column, base, theirs, mine }) => {
            const name = column.logical_name;
            return (
              <tr key={name}>
                <th scope="row">
                  <bdi dir="auto">{title(column)}</bdi>
                  <p className={styles.hint}>was: {inputText(column, base)}</p>
                </th>
                <td>
                  <p dir="auto" style={{ margin: "0 0 4px" }}>
                    {inputText(column, theirs)}
                  </p>
                  <Button
                    size="small"
                    aria-label={`${title(column)}: take theirs`}
                    onClick={() => {
                      const at = schema.columns.find(({ logical_name }) => logical_name === name);
                      if (at) edit.setDraft(typed(edit.draft, at, raw, versionOf(raw), theirs));
                      edit.settle(name);
                    }}
                  >
                    Take theirs
                  </Button>
                </td>
                <td>
                  <p dir="auto" style={{ margin: "0 0 4px" }}>
                    {inputText(column, mine)}
                  </p>
                  <Button
                    size="small"
                    aria-label={`${title(column)}: keep yours`}
                    onClick={() => edit.settle(name)}
                  >
                    Keep yours
                  </Button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
