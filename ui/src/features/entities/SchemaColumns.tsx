import { useMemo, useState } from "react";
import { type Column, type ColumnStatistics, type EntityDescription, useIsDatabase, useRead } from "@/api";
import { Empty, Grid, type GridColumn, type GridSort } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { CountColumns } from "./CountColumns";
import styles from "./entities.module.css";
import { columnColumns } from "./schemaWords";
import { statisticsColumns } from "./statisticsColumns";

/** The columns of an entity, with how they are filled once somebody had them counted. */
export function SchemaColumns({
  connection,
  schema,
  search,
  cachedRecords,
}: {
  connection: string;
  schema: EntityDescription["schema"];
  search: string;
  cachedRecords: number | null;
}) {
  const entity = schema.logical_name;
  const database = useIsDatabase(connection);
  const kept = useRead("statistics.kept", { connection, entity }, { keep: true });
  const statistics = kept.data?.statistics?.entity === entity ? kept.data.statistics : null;
  const [sort, setSort] = useState<GridSort | null>(null);
  const byColumn = useMemo(
    () => new Map((statistics?.columns ?? []).map((found) => [found.column, found])),
    [statistics],
  );
  const columns: GridColumn<Column>[] = useMemo(() => {
    const [display, logical, type, ...rest] = columnColumns;
    const first = [display, logical, type].filter((column) => column !== undefined);
    return statistics ? [...first, ...statisticsColumns(byColumn), ...rest] : [...first, ...rest];
  }, [statistics, byColumn]);
  const rows = useMemo(() => {
    const found = fuzzyFilter(
      search,
      schema.columns,
      (column) => `${column.display_name} ${column.logical_name} ${column.type}`,
    );
    return sort ? sorted(found, sort, byColumn) : found;
  }, [schema, search, sort, byColumn]);
  return (
    <>
      {database ? null : (
        <CountColumns
          connection={connection}
          entity={entity}
          cachedRecords={cachedRecords}
          statistics={statistics}
        />
      )}
      <div className={styles.schemaBody}>
        <Grid
          label="Columns"
          columns={columns}
          rowCount={rows.length}
          rowAt={(index) => rows[index]}
          sort={sort}
          onSort={setSort}
          empty={<Empty title="No column matches" />}
        />
      </div>
    </>
  );
}

function sorted(
  columns: readonly Column[],
  sort: GridSort,
  byColumn: ReadonlyMap<string, ColumnStatistics>,
): Column[] {
  const numberOf = (column: Column) => {
    const found = byColumn.get(column.logical_name);
    return (sort.key === "filled" ? found?.filled : found?.distinct) ?? -1;
  };
  const text = (column: Column) =>
    sort.key === "type" ? column.type : sort.key === "logical" ? column.logical_name : column.display_name;
  const list = [...columns].sort((a, b) =>
    sort.key === "filled" || sort.key === "distinct"
      ? numberOf(a) - numberOf(b)
      : text(a).localeCompare(text(b)),
  );
  return sort.descending ? list.reverse() : list;
}
