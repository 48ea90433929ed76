import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { useRead } from "@/api";
import { CodeEditor, Segmented } from "@/design";
import { FilterTree, fetchOf, parseTree, RowCount } from "@/features/query";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { filterText, shownFilter } from "./filterText";
import { Part, Problems } from "./parts";
import { problemsAt } from "./problems";

/** Which records pass: the same builder as in a query, and the FetchXML it stands for. */
export function FilterPart() {
  const { editor, columns, schema, entity } = useParts();
  const { definition, edit, problems } = editor;
  const { connection, filter } = definition.source;
  const operators = useRead("filters.operators", {});
  const [way, setWay] = useState<"built" | "text">("built");
  const set = (text: string | undefined, key?: string) =>
    edit((old) => ({ ...old, source: { ...old.source, filter: text } }), key);
  const shown = shownFilter(filter ?? "");
  const root = parseTree(shown);
  const buildable = root?.name === "filter";
  const active = columns.some(({ logical_name }) => logical_name === "statecode");
  const first = schema?.primary_name ?? schema?.primary_id ?? columns[0]?.logical_name ?? "";
  const start = active
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
        ) : way === "built" && root && buildable ? (
          <FilterTree
            context={{
              connection,
              text: shown,
              onText: (text) => set(filterText(text), "filter"),
              operators: operators.data ?? [],
            }}
            filter={root}
            columns={columns}
            schema={schema}
            top
          />
        ) : (
          <>
            {way === "built" ? (
              <p className={styles.muted}>
                The builder shows the filter as soon as the text can be read: one filter or one condition.
              </p>
            ) : null}
            <CodeEditor
              label="FetchXML filter of the source"
              language="xml"
              height="112px"
              lines={false}
              value={filter}
              onChange={(text) => set(text, "filter")}
              problems={problemsAt(problems, "source.filter").map(({ message }) => ({
                severity: "error" as const,
                message,
              }))}
            />
          </>
        )}
      </div>
      {entity !== "" && filter !== undefined && problemsAt(problems, "source.filter").length === 0 ? (
        <RowCount connection={connection} text={fetchOf(entity, filter, [schema?.primary_id ?? ""])} />
      ) : null}
      <Problems problems={problemsAt(problems, "source.filter")} />
    </Part>
  );
}
