import { Button } from "@fluentui/react-components";
import { ArrowResetRegular, DismissRegular } from "@fluentui/react-icons";
import { Name } from "@/design";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { withColumns } from "./fixes";
import { neededColumns, startColumns } from "./model";
import { AddButton, Part, Problems } from "./parts";
import { problemsAt } from "./problems";
import { ColumnSelect } from "./selects";

/** What is read of each record: added by search, taken out, or set back to what is worth reading to begin with. */
export function ColumnsPart() {
  const { editor, columns, schema } = useParts();
  const { definition, edit, problems } = editor;
  const chosen = definition.source.columns;
  const needed = new Set(neededColumns(definition));
  const set = (next: string[]) => edit((old) => ({ ...old, source: { ...old.source, columns: next } }));
  const defaults = schema ? startColumns(columns, schema.primary_id, schema.primary_name) : [];
  const missing = [...needed].filter((name) => !chosen.includes(name));
  const idle = chosen.filter((name) => !needed.has(name) && name !== schema?.primary_id);
  return (
    <Part
      id="columns"
      aside={
        <Button
          size="small"
          appearance="subtle"
          icon={<ArrowResetRegular />}
          disabled={defaults.length === 0}
          title="The columns one begins with, and those that are mapped"
          onClick={() => set([...new Set([...defaults, ...needed])])}
        >
          Reset to defaults
        </Button>
      }
    >
      <div className={styles.lineRow} data-path="source.columns">
        <ColumnSelect
          label="Add a column"
          placeholder="Find a column to add"
          columns={columns.filter((column) => !chosen.includes(column.logical_name))}
          value=""
          onChange={(name) => set([...chosen, name])}
        />
        {missing.length > 0 ? (
          <AddButton onClick={() => edit((old) => withColumns(old, missing))}>
            Choose {missing.length} that {missing.length === 1 ? "is" : "are"} mapped
          </AddButton>
        ) : null}
        {idle.length > 0 && chosen.length > idle.length ? (
          <Button
            size="small"
            appearance="subtle"
            title="Takes out what no line of this definition uses"
            onClick={() => set(chosen.filter((name) => !idle.includes(name)))}
          >
            Only what is mapped
          </Button>
        ) : null}
      </div>
      {chosen.length === 0 ? (
        <p className={styles.muted}>No column is chosen. “Reset to defaults” takes those one begins with.</p>
      ) : (
        <ul className={styles.columnChips} aria-label="Columns that are read">
          {chosen.map((name, index) => {
            const column = columns.find((one) => one.logical_name === name);
            const bad = problemsAt(problems, `source.columns[${index}]`).length > 0;
            return (
              <li
                key={`${name}${index}`}
                className={`${styles.columnChip} ${bad ? styles.badChip : ""} ${needed.has(name) ? styles.usedChip : ""}`}
                title={`${name}${needed.has(name) ? ", mapped" : ", not mapped yet"}`}
              >
                <Name text={column?.display_name || name} />
                <button
                  type="button"
                  aria-label={`Do not read ${name}`}
                  onClick={() => set(chosen.filter((_, other) => other !== index))}
                >
                  <DismissRegular />
                </button>
              </li>
            );
          })}
        </ul>
      )}
      <Problems problems={problemsAt(problems, "source.columns")} />
    </Part>
  );
}
