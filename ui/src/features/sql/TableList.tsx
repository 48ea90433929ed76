import { ChevronDownRegular, ChevronRightRegular, TableRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { SqlEntityView } from "@/api";
import { Name, SearchField } from "@/design";
import styles from "./sql.module.css";

/** What can be read: a table an entity, opened to its columns. A column is put into the statement by a click. */
export function TableList({
  tables,
  onInsert,
  onPreview,
}: {
  tables: readonly SqlEntityView[];
  onInsert: (text: string) => void;
  onPreview: (table: string) => void;
}) {
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const wanted = search.trim().toLowerCase();
  const found = tables
    .map((table) => ({
      table,
      named: table.name.includes(wanted) || table.display_name.toLowerCase().includes(wanted),
      columns: table.columns.filter((column) => column.name.toLowerCase().includes(wanted)),
    }))
    .filter(({ named, columns }) => named || columns.length > 0);
  function toggle(name: string) {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  }
  return (
    <aside className={styles.tables} aria-label="Tables">
      <SearchField value={search} onChange={setSearch} label="Search tables and columns" />
      <ul className={styles.list}>
        {found.map(({ table, named, columns }) => {
          const isOpen = open.has(table.name) || (wanted !== "" && !named);
          const shown = wanted === "" || named ? table.columns : columns;
          return (
            <li key={table.name}>
              <div className={styles.table}>
                <button
                  type="button"
                  className={styles.fold}
                  aria-expanded={isOpen}
                  aria-label={`Columns of ${table.name}`}
                  onClick={() => toggle(table.name)}
                >
                  {isOpen ? <ChevronDownRegular /> : <ChevronRightRegular />}
                </button>
                <button
                  type="button"
                  className={styles.tableName}
                  title={`Show the first rows of ${table.display_name}`}
                  onClick={() => onPreview(table.name)}
                >
                  <TableRegular />
                  <Name text={table.name} />
                </button>
              </div>
              {isOpen ? (
                <ul className={styles.columns}>
                  {shown.map((column) => (
                    <li key={column.name}>
                      <button
                        type="button"
                        className={styles.column}
                        title={`Put ${column.name} into the statement`}
                        onClick={() => onInsert(column.name)}
                      >
                        <Name text={column.name} />
                        <span className={styles.kind}>{column.kind}</span>
                      </button>
                    </li>
                  ))}
                </ul>
              ) : null}
            </li>
          );
        })}
      </ul>
      {found.length === 0 ? <p className={styles.kind}>No table or column has this name.</p> : null}
    </aside>
  );
}
