import { useState } from "react";
import { type EntityDescription, usePausedUntil, useRead } from "@/api";
import { Fault, Mark, SearchField, Segmented, Skeleton, Time } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import styles from "./entities.module.css";
import { Relationships } from "./Relationships";
import { SchemaColumns } from "./SchemaColumns";

type Part = "columns" | "keys" | "relationships";

/** What the environment says of an entity. */
export function Schema({
  connection,
  entity,
  cachedRecords,
  onOpen,
}: {
  connection: string;
  entity: string;
  /** Records in the cache; null where it was not pulled. */
  cachedRecords: number | null;
  onOpen: (entity: string) => void;
}) {
  const described = useRead("entities.describe", { connection, entity });
  const pausedUntil = usePausedUntil(connection, described.isPending);
  const [part, setPart] = useState<Part>("columns");
  const [search, setSearch] = useState("");
  if (described.error && !described.data)
    return (
      <div style={{ padding: 16 }}>
        <Fault fault={described.error} onRetry={() => void described.refetch()} />
      </div>
    );
  if (!described.data) return <Skeleton rows={14} label="Loading the schema" pausedUntil={pausedUntil} />;
  const { schema, refreshing, refresh_error } = described.data;
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
        <span className={styles.muted} role="status">
          fetched <Time iso={described.data.fetched_at} form="ago" />
          {refreshing ? " · refreshing…" : ""}
          {refresh_error ? ` · not refreshed: ${refresh_error.message}` : ""}
        </span>
      </div>
      {part === "columns" ? (
        <SchemaColumns
          connection={connection}
          schema={schema}
          search={search}
          cachedRecords={cachedRecords}
        />
      ) : null}
      {part === "keys" ? (
        <div className={styles.schemaBody}>
          <Keys schema={schema} search={search} />
        </div>
      ) : null}
      {part === "relationships" ? (
        <Relationships connection={connection} schema={schema} search={search} onOpen={onOpen} />
      ) : null}
    </div>
  );
}

type EntitySchema = EntityDescription["schema"];

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
