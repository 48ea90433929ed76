import { Button, Link } from "@fluentui/react-components";
import { ChevronRightRegular, CopyRegular, OpenRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { type Column, type DataMode, useRead } from "@/api";
import { CodeEditor, Fault, Name, Panel, SearchField, Segmented, Skeleton, Time, useCopy } from "@/design";
import { host } from "@/host";
import { type Cell, cellOf, cellText, columnsPresent, type Raw } from "@/lib/record";
import styles from "./records.module.css";

export interface Crumb {
  entity: string;
  id: string;
  title: string;
}

/** One record whole: all columns, its JSON, where it came from; lookups are followed with a way back. */
export function Inspector({
  connection,
  trail,
  mode,
  onTrail,
  onClose,
}: {
  connection: string;
  /** From the record of the grid to the one in sight. */
  trail: readonly Crumb[];
  mode: DataMode;
  onTrail: (trail: Crumb[]) => void;
  onClose: () => void;
}) {
  const here = trail.at(-1);
  const [formatted, setFormatted] = useState<"formatted" | "raw" | "json">("formatted");
  const [which, setWhich] = useState<"all" | "filled">("filled");
  const [search, setSearch] = useState("");
  const [copied, copy] = useCopy();
  const request = { connection, entity: here?.entity ?? "", id: here?.id ?? "", mode };
  const record = useRead("records.get", request, { enabled: here !== undefined, fresh: mode === "live" });
  const schema = useRead(
    "entities.describe",
    { connection, entity: here?.entity ?? "" },
    { enabled: here !== undefined },
  );
  if (!here) return null;
  const raw: Raw | undefined = record.data?.row.raw;
  const primary = schema.data?.schema.primary_name;
  const title = (raw && primary && cellText(cellOf(raw, primary), true)) || here.title || here.id;
  const json = raw ? JSON.stringify(raw, null, 2) : "";
  return (
    <Panel
      title={
        <>
          {trail.length > 1 ? (
            <nav className={styles.crumbs} aria-label="Way back">
              {trail.slice(0, -1).map((crumb, index) => (
                <span
                  key={`${crumb.entity}/${crumb.id}/${index}`}
                  style={{ display: "inline-flex", alignItems: "center" }}
                >
                  <Link as="button" onClick={() => onTrail(trail.slice(0, index + 1))}>
                    <Name text={crumb.title} />
                  </Link>
                  <ChevronRightRegular aria-hidden />
                </span>
              ))}
            </nav>
          ) : null}
          <Name text={title} />
        </>
      }
      onClose={onClose}
      tools={
        <>
          <Segmented
            label="How values are shown"
            value={formatted}
            onChange={setFormatted}
            options={[
              { value: "formatted", label: "Formatted" },
              { value: "raw", label: "Raw" },
              { value: "json", label: "JSON" },
            ]}
          />
          {formatted === "json" ? (
            <Button size="small" appearance="subtle" icon={<CopyRegular />} onClick={() => copy(json)}>
              {copied ? "Copied" : "Copy"}
            </Button>
          ) : (
            <>
              <Segmented
                label="Which columns"
                value={which}
                onChange={setWhich}
                options={[
                  { value: "filled", label: "With values" },
                  { value: "all", label: "All" },
                ]}
              />
              <SearchField value={search} onChange={setSearch} label="Find a column" style={{ width: 130 }} />
            </>
          )}
        </>
      }
      foot={
        record.data ? (
          <Provenance
            pulledAt={record.data.row.pulled_at}
            etag={record.data.row.etag}
            source={record.data.source}
            openUrl={record.data.open_url}
          />
        ) : undefined
      }
    >
      {record.error ? <Fault fault={record.error} onRetry={() => void record.refetch()} /> : null}
      {!raw && !record.error ? <Skeleton rows={14} label="Loading the record" /> : null}
      {raw && formatted === "json" ? (
        <CodeEditor label="The record as JSON" language="json" readOnly value={json} />
      ) : null}
      {raw && formatted !== "json" ? (
        <Fields
          raw={raw}
          columns={schema.data?.schema.columns ?? []}
          formatted={formatted === "formatted"}
          all={which === "all"}
          search={search}
          onFollow={(crumb) => onTrail([...trail.slice(0, -1), { ...here, title }, crumb])}
        />
      ) : null}
    </Panel>
  );
}

function Fields({
  raw,
  columns,
  formatted,
  all,
  search,
  onFollow,
}: {
  raw: Raw;
  columns: readonly Column[];
  formatted: boolean;
  all: boolean;
  search: string;
  onFollow: (crumb: Crumb) => void;
}) {
  const rows = useMemo(() => {
    const known = new Map(columns.map((column) => [column.logical_name, column]));
    const names =
      columns.length > 0
        ? columns.filter((column) => column.readable).map((column) => column.logical_name)
        : [];
    for (const name of columnsPresent(raw)) if (!known.has(name)) names.push(name);
    const wanted = search.toLowerCase();
    return names
      .map((name) => ({
        name,
        title: known.get(name)?.display_name || name,
        column: known.get(name),
        cell: cellOf(raw, name),
      }))
      .filter(({ cell }) => all || cell.state === "value" || cell.state === "empty")
      .filter(
        ({ name, title, cell }) =>
          wanted === "" ||
          name.includes(wanted) ||
          title.toLowerCase().includes(wanted) ||
          cellText(cell, true).toLowerCase().includes(wanted),
      )
      .sort((a, b) => a.title.localeCompare(b.title));
  }, [raw, columns, all, search]);
  if (rows.length === 0) return <p className={styles.muted}>No column matches.</p>;
  return (
    <dl className={styles.fields}>
      {rows.map(({ name, title, column, cell }) => (
        <div key={name}>
          <dt>
            <bdi dir="auto">{title}</bdi>
            <small>{name}</small>
          </dt>
          <dd dir="auto">
            <Value cell={cell} column={column} formatted={formatted} onFollow={onFollow} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({
  cell,
  column,
  formatted,
  onFollow,
}: {
  cell: Cell;
  column: Column | undefined;
  formatted: boolean;
  onFollow: (crumb: Crumb) => void;
}) {
  if (cell.state === "null") return <span className={styles.null}>no value</span>;
  if (cell.state === "empty") return <span className={styles.emptyText}>empty</span>;
  if (cell.state === "missing") return <span className={styles.missing} title="Not pulled" />;
  const { lookup } = cell;
  const text = cellText(cell, formatted);
  if (lookup)
    return (
      <button
        type="button"
        className={styles.lookup}
        onClick={() => onFollow({ entity: lookup.entity, id: lookup.id, title: cell.label ?? lookup.id })}
      >
        {text} <small>{lookup.entity}</small>
      </button>
    );
  if (formatted && column?.type === "datetime" && column.behavior === "userlocal")
    return <Time iso={cell.text} form="full" />;
  if (text.length > 2000) return <div className={styles.longText}>{text.slice(0, 20_000)}</div>;
  return (
    <>
      {text}
      {formatted && cell.label !== null && cell.label !== cell.text && column?.type !== "datetime" ? (
        <small> ({cell.text})</small>
      ) : null}
    </>
  );
}

function Provenance({
  pulledAt,
  etag,
  source,
  openUrl,
}: {
  pulledAt: string | null;
  etag: string | null;
  source: string;
  openUrl: string | null;
}) {
  const [copied, copy] = useCopy();
  return (
    <div style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center" }}>
      <span>
        {pulledAt ? (
          <>
            pulled <Time iso={pulledAt} form="ago" />
          </>
        ) : (
          "live, just now"
        )}
        {etag ? ` · ${etag}` : ""}
      </span>
      <Link as="button" title={source} onClick={() => copy(source)}>
        {copied ? "Copied" : "Copy the request"}
      </Link>
      {openUrl ? (
        <Link as="button" onClick={() => void host.openUrl(openUrl)}>
          <OpenRegular /> Open in Dynamics
        </Link>
      ) : null}
    </div>
  );
}
