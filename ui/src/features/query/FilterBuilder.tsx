import { type EntitySchema, useRead } from "@/api";
import { fetchOf } from "./draft";
import { FilterTree } from "./FilterTree";
import { filterText, shownFilter } from "./filterText";
import styles from "./query.module.css";
import { RowCount } from "./RowCount";
import { parseTree } from "./tree";

/** A filter alone, as one `<filter>` or `<condition>`: the tree of a query, and how many rows pass. */
export function FilterBuilder({
  connection,
  entity,
  schema,
  filter,
  onFilter,
  sound,
}: {
  connection: string;
  entity: string;
  schema: EntitySchema | undefined;
  filter: string;
  /** Undefined: the filter was taken away. */
  onFilter: (filter: string | undefined) => void;
  /** It has no problem, so that its rows can be counted. */
  sound: boolean;
}) {
  const operators = useRead("filters.operators", {});
  const text = shownFilter(filter);
  const root = parseTree(text);
  return (
    <>
      {root?.name === "filter" ? (
        <FilterTree
          context={{
            connection,
            text,
            onText: (next) => onFilter(filterText(next)),
            operators: operators.data ?? [],
          }}
          filter={root}
          columns={schema?.columns ?? []}
          schema={schema}
          top
        />
      ) : (
        <p className={styles.builderNote}>
          The builder shows the filter as soon as the text can be read: one filter or one condition.
        </p>
      )}
      {sound && schema ? (
        <RowCount connection={connection} text={fetchOf(entity, filter, [schema.primary_id])} />
      ) : null}
    </>
  );
}
