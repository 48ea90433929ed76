import { Button, Popover, PopoverSurface, PopoverTrigger, Select } from "@fluentui/react-components";
import { DataBarHorizontalRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type Column, type FacetView, useRead } from "@/api";
import { Fault, Name, Skeleton } from "@/design";
import { type Condition, fromFetchXml, toFetchXml } from "@/lib/filter";
import { count } from "@/lib/numbers";
import styles from "./Facets.module.css";
import tools from "./records.module.css";

/** What a filter says to keep the records with one value; null for values that no condition can name. */
export function conditionFor(column: Column, facet: FacetView): Condition | null {
  const attribute = column.logical_name;
  if (facet.value === null) return { attribute, operator: "null", values: [] };
  if (column.type === "datetime" || column.type === "multiselectpicklist") return null;
  return { attribute, operator: "eq", values: [String(facet.value)] };
}

/** How often each value of a column occurs among the cached records in sight; a click keeps those with one value. */
export function Facets({
  connection,
  entity,
  columns,
  filter,
  search,
  onFilter,
}: {
  connection: string;
  entity: string;
  columns: readonly Column[];
  filter: string;
  search: string;
  onFilter: (filter: string) => void;
}) {
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState("");
  const column =
    columns.find(({ logical_name }) => logical_name === chosen) ??
    columns.find(({ type }) => type === "picklist" || type === "state" || type === "status") ??
    columns[0];
  const conditions = fromFetchXml(filter);
  const facets = useRead(
    "cache.facets",
    {
      connection,
      entity,
      column: column?.logical_name ?? "",
      filter: filter || undefined,
      search: search || undefined,
      limit: 50,
    },
    { enabled: open && column !== undefined },
  );
  const most = facets.data?.values[0]?.count ?? 1;
  return (
    <Popover open={open} onOpenChange={(_, data) => setOpen(data.open)} positioning="below-start" trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <Button
          size="small"
          appearance="subtle"
          icon={<DataBarHorizontalRegular />}
          title="How often each value of a column occurs among these records"
        >
          <span className={tools.word}>Values</span>
        </Button>
      </PopoverTrigger>
      <PopoverSurface className={styles.surface} aria-label="Values of a column">
        <Select
          size="small"
          aria-label="Column"
          value={column?.logical_name ?? ""}
          onChange={(_, data) => setChosen(data.value)}
        >
          {columns.map((one) => (
            <option key={one.logical_name} value={one.logical_name}>
              {one.display_name || one.logical_name}
            </option>
          ))}
        </Select>
        {facets.error ? <Fault fault={facets.error} onRetry={() => void facets.refetch()} /> : null}
        {facets.isPending && !facets.error ? <Skeleton rows={5} label="Counting" /> : null}
        {facets.data && column ? (
          <>
            <p className={styles.sum} role="status">
              {count(facets.data.different)} different among {count(facets.data.total)}
            </p>
            <ul className={styles.list}>
              {facets.data.values.map((facet) => {
                const condition = conditions === null ? null : conditionFor(column, facet);
                const label = facet.value === null ? "(empty)" : (facet.label ?? String(facet.value));
                return (
                  <li key={JSON.stringify(facet.value)}>
                    <button
                      type="button"
                      className={styles.value}
                      disabled={condition === null}
                      title={condition ? `Keep only the records with ${label}` : label}
                      onClick={() => {
                        if (!condition) return;
                        onFilter(toFetchXml([...(conditions ?? []), condition]) ?? "");
                        setOpen(false);
                      }}
                    >
                      <Name text={label} />
                      <span>{count(facet.count)}</span>
                      <span
                        className={styles.bar}
                        style={{ inlineSize: `${Math.max(2, (100 * facet.count) / most)}%` }}
                        aria-hidden
                      />
                    </button>
                  </li>
                );
              })}
            </ul>
          </>
        ) : null}
      </PopoverSurface>
    </Popover>
  );
}
