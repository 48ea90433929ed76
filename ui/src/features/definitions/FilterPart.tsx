import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { CodeEditor, Segmented } from "@/design";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { Part, Problems } from "./parts";
import { problemsAt } from "./problems";

/** Which records pass: the same builder as in a query, and the FetchXML it stands for. */
export function FilterPart() {
  const { editor, schema, entity, FilterBuilder } = useParts();
  const { definition, edit } = editor;
  const { connection, filter } = definition.source;
  const [way, setWay] = useState<"built" | "text">("built");
  const set = (text: string | undefined) =>
    edit((old) => ({ ...old, source: { ...old.source, filter: text } }), "filter");
  const problems = problemsAt(editor.problems, "source.filter");
  const first = schema?.primary_name ?? schema?.primary_id ?? "";
  const start = schema?.columns.some(({ logical_name }) => logical_name === "statecode")
    ? '<condition attribute="statecode" operator="eq" value="0" />'
    : `<condition attribute="${first}" operator="not-null" />`;
  return (
    <Part
      id="filter"
      aside={
        filter === undefined ? null : (
          <Segmented
            label="How the filter is written"
            value={way}
            onChange={setWay}
            options={[
              { value: "built", label: "Builder" },
              { value: "text", label: "FetchXML" },
            ]}
          />
        )
      }
    >
      <div data-path="source.filter">
        {filter === undefined ? (
          <div className={styles.lineRow}>
            <span className={styles.muted}>All records of the source are read.</span>
            <Button size="small" icon={<AddRegular />} disabled={first === ""} onClick={() => set(start)}>
              Add a filter
            </Button>
          </div>
        ) : way === "built" ? (
          <FilterBuilder
            connection={connection}
            entity={entity}
            schema={schema}
            filter={filter}
            onFilter={set}
            sound={problems.length === 0}
          />
        ) : (
          <CodeEditor
            label="FetchXML filter of the source"
            language="xml"
            height="112px"
            lines={false}
            value={filter}
            onChange={set}
            problems={problems.map(({ message }) => ({ severity: "error" as const, message }))}
          />
        )}
      </div>
      <Problems problems={problems} />
    </Part>
  );
}
