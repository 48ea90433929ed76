import { useMemo, useState } from "react";
import { type Column, type EntityDescription, type RelationshipKind, useRead } from "@/api";
import {
  Empty,
  Fault,
  Grid,
  type GridColumn,
  type GridSort,
  Mark,
  Name,
  SearchField,
  Segmented,
  Skeleton,
  Time,
} from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { counted } from "@/lib/numbers";
import styles from "./entities.module.css";

type Part = "columns" | "keys" | "relationships";

const requiredWords: Record<Column["required"], string> = {
  none: "",
  system: "required",
  application: "required on forms",
  recommended: "recommended",
};

/** What the environment says of an entity. */
export function Schema({
  connection,
  entity,
  onOpen,
}: {
  connection: string;
  entity: string;
  onOpen: (entity: string) => void;
}) {
  const described = useRead("entities.describe", { connection, entity });
  const [part, setPart] = useState<Part>("columns");
  const [search, setSearch] = useState("");
  if (described.error && !described.data)
    return (
      <div style={{ padding: 16 }}>
        <Fault fault={described.error} onRetry={() => void described.refetch()} />
      </div>
    );
  if (!described.data) return <Skeleton rows={14} label="Loading the schema" />;
  const { schema } = described.data;
  return (
    <div className={styles.schema}>
      <div className={styles.schemaHead}>
        <Segmented
          label="Part of the schema"
          value={part}
          onChange={setPart}
          options={[
            { value: "columns", label: `Columns ${schema.columns.length}` },
            { value: "keys", label: `Keys ${schema.keys.length}` },
            { value: "relationships", label: `Relationships ${schema.relationships.length}` },
          ]}
        />
        <SearchField value={search} onChange={setSearch} label="Find in the schema" style={{ width: 260 }} />
        <span className={styles.muted}>
          fetched <Time iso={described.data.fetched_at} form="ago" />
        </span>
      </div>
      <div className={styles.schemaBody}>
        {part === "columns" ? <Columns schema={schema} search={search} /> : null}
        {part === "keys" ? <Keys schema={schema} search={search} /> : null}
        {part === "relationships" ? <Relationships schema={schema} search={search} onOpen={onOpen} /> : null}
      </div>
    </div>
  );
}

type EntitySchema = EntityDescription["schema"];

function Columns({ schema, search }: { schema: EntitySchema; search: string }) {
  const [sort, setSort] = useState<GridSort | null>(null);
  const rows = useMemo(() => {
    const found = fuzzyFilter(
      search,
      schema.columns,
      (column) => `${column.display_name} ${column.logical_name} ${column.type}`,
    );
    if (!sort) return found;
    const text = (column: Column) =>
      sort.key === "type" ? column.type : sort.key === "logical" ? column.logical_name : column.display_name;
    const sorted = [...found].sort((a, b) => text(a).localeCompare(text(b)));
    return sort.descending ? sorted.reverse() : sorted;
  }, [schema, search, sort]);
  return (
    <Grid
      label="Columns"
      columns={columnColumns}
      rowCount={rows.length}
      rowAt={(index) => rows[index]}
      sort={sort}
      onSort={setSort}
      empty={<Empty title="No column matches" />}
    />
  );
}

const columnColumns: GridColumn<Column>[] = [
  {
    key: "display",
    title: "Display name",
    width: 220,
    sortable: true,
    cell: (column) => <Name text={column.display_name || column.logical_name} />,
    text: (column) => column.display_name,
  },
  {
    key: "logical",
    title: "Logical name",
    width: 210,
    sortable: true,
    cell: (column) => <code>{column.logical_name}</code>,
    text: (column) => column.logical_name,
  },
  {
    key: "type",
    title: "Type",
    width: 190,
    sortable: true,
    cell: (column) => <Name text={typeWords(column)} />,
    text: typeWords,
  },
  {
    key: "required",
    title: "Required",
    width: 130,
    cell: (column) => requiredWords[column.required],
    text: (column) => requiredWords[column.required],
  },
  {
    key: "writable",
    title: "May be written",
    width: 130,
    cell: (column) => writeWords(column),
    text: writeWords,
  },
  {
    key: "options",
    title: "Choices or targets",
    width: 420,
    cell: (column) => <Name text={optionWords(column)} />,
    text: optionWords,
  },
];

function typeWords(column: Column): string {
  const length = column.max_length ? ` (${column.max_length})` : "";
  const behavior =
    column.behavior && column.behavior !== "userlocal"
      ? ` · ${column.behavior === "dateonly" ? "date only" : "no time zone"}`
      : "";
  return `${column.type}${length}${behavior}`;
}

function writeWords(column: Column): string {
  if (column.creatable && column.updatable) return "yes";
  if (column.creatable) return "only when created";
  return column.updatable ? "only updated" : "no";
}

function optionWords(column: Column): string {
  const options = column.options ?? [];
  if (options.length > 0)
    return options.map((option) => `${option.label ?? "(no label)"} = ${option.value}`).join(", ");
  return (column.targets ?? []).join(", ");
}

function Keys({ schema, search }: { schema: EntitySchema; search: string }) {
  const keys = fuzzyFilter(search, schema.keys, (key) => `${key.name} ${key.columns.join(" ")}`);
  return (
    <ul className={styles.plainList}>
      <li>
        <b>Primary key</b> <code>{schema.primary_id}</code>
      </li>
      {keys.map((key) => (
        <li key={key.name}>
          <b>{key.name}</b>{" "}
          {key.columns.map((column) => (
            <code key={column}>{column} </code>
          ))}
          {key.active ? <Mark tone="success">active</Mark> : <Mark tone="warning">not ready</Mark>}
        </li>
      ))}
      {schema.keys.length === 0 ? (
        <li className={styles.muted}>No alternate keys: records are matched by their id.</li>
      ) : null}
    </ul>
  );
}

const kindWords: Record<RelationshipKind, string> = {
  "many-to-one": "points at",
  "one-to-many": "is pointed at by",
  "many-to-many": "is linked with",
};

function Relationships({
  schema,
  search,
  onOpen,
}: {
  schema: EntitySchema;
  search: string;
  onOpen: (entity: string) => void;
}) {
  const found = fuzzyFilter(
    search,
    schema.relationships,
    (relationship) => `${relationship.name} ${relationship.other_entity} ${relationship.column ?? ""}`,
  );
  const kinds: RelationshipKind[] = ["many-to-one", "one-to-many", "many-to-many"];
  return (
    <div className={styles.relations}>
      {kinds.map((kind) => {
        const members = found.filter((relationship) => relationship.kind === kind);
        return (
          <section key={kind}>
            <h3>
              {schema.display_name} {kindWords[kind]}{" "}
              <span className={styles.muted}>{counted(members.length, "relationship")}</span>
            </h3>
            {members.map((relationship) => (
              <div key={`${relationship.name}/${relationship.other_entity}`} className={styles.relation}>
                <button
                  type="button"
                  className={styles.link}
                  onClick={() => onOpen(relationship.other_entity)}
                >
                  {relationship.other_entity}
                </button>
                <span className={styles.muted}>
                  {relationship.column
                    ? `by ${relationship.column}`
                    : relationship.intersect_entity
                      ? `through ${relationship.intersect_entity}`
                      : ""}
                </span>
                <code className={styles.muted}>{relationship.name}</code>
              </div>
            ))}
          </section>
        );
      })}
    </div>
  );
}
