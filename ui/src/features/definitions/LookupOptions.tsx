import { useMemo } from "react";
import { type Column, type FieldMapping, useRead } from "@/api";
import { useParts } from "./context";
import { Choose } from "./optionFields";
import { relatedName, splitRelated } from "./related";

const lookups = ["lookup", "customer", "owner"];

/** Whether a column points at records of other tables. */
export function isLookup(column: Column | undefined): boolean {
  return column !== undefined && lookups.includes(column.type);
}

interface Props {
  field: FieldMapping;
  onChange: (part: Partial<FieldMapping>) => void;
}

/** What is taken of a lookup of the source: its id, its name, or a column of the record it points at. */
export function TakenOfLookup({ field, onChange }: Props) {
  const { editor, columns } = useParts();
  const { lookup, column: taken } = splitRelated(field.from);
  const column = columns.find(({ logical_name }) => logical_name === lookup);
  const targets = column?.targets ?? [];
  const known = useColumnsOf(editor.definition.source.connection, targets);
  const value = taken ?? (field.label ? "=name" : "=id");
  if (!isLookup(column)) return null;
  return (
    <Choose
      label="Of the record it points at"
      hint="Its column is read with each page; from the cache it must have been pulled"
      value={value}
      options={[
        { value: "=id", label: "its id" },
        { value: "=name", label: "its name" },
        ...withChosen(known, taken).map(({ name, title }) => ({ value: name, label: `${title} (${name})` })),
      ]}
      onChange={(next) =>
        onChange(
          next.startsWith("=")
            ? { from: lookup, label: next === "=name" ? true : undefined }
            : { from: relatedName(lookup, next), label: undefined },
        )
      }
    />
  );
}

/** How the row is found that a lookup of the destination is to point at. */
export function FoundBy({ field, onChange }: Props) {
  const { destination, destinationConnection } = useParts();
  const target = destination?.schema.columns.find(({ logical_name }) => logical_name === field.to);
  const targets = target?.targets ?? [];
  const known = useColumnsOf(destinationConnection?.name ?? "", targets, true);
  if (!isLookup(target) || destinationConnection?.system !== "dataverse") return null;
  const found = field.find_by;
  const current = found ? `${found.entity ?? targets[0] ?? ""}.${found.column}` : "=id";
  const options = known.map(({ entity, name, title, key }) => ({
    value: `${entity}.${name}`,
    label: `${targets.length > 1 ? `${entity}: ` : ""}${title} (${name})${key ? ", alternate key" : ""}`,
  }));
  if (found && !options.some(({ value }) => value === current))
    options.push({ value: current, label: current });
  return (
    <Choose
      label="The row is found by"
      hint="Looked up when the preview is made; what is not found, or more than once, is not sent"
      value={current}
      options={[{ value: "=id", label: "its id" }, ...options]}
      onChange={(next) => {
        const [entity = "", column = ""] = next.split(".");
        onChange({
          find_by: next === "=id" ? undefined : targets.length > 1 ? { entity, column } : { column },
        });
      }}
    />
  );
}

interface Offer {
  entity: string;
  name: string;
  title: string;
  /** It tells rows apart by itself. */
  key: boolean;
  /** It is what the table's rows are called by. */
  called: boolean;
}

/** Readable columns of up to three tables, alternate keys first, then names; of a table that was offered already the same name comes once unless `all`. */
function useColumnsOf(connection: string, targets: readonly string[], all = false): Offer[] {
  const [first = "", second = "", third = ""] = targets;
  const ask = (entity: string) => ({
    enabled: connection !== "" && entity !== "",
  });
  const one = useRead("entities.describe", { connection, entity: first }, ask(first));
  const two = useRead("entities.describe", { connection, entity: second }, ask(second));
  const three = useRead("entities.describe", { connection, entity: third }, ask(third));
  return useMemo(() => {
    const offers: Offer[] = [];
    for (const description of [one.data, two.data, three.data]) {
      const schema = description?.schema;
      if (!schema) continue;
      const keys = schema.keys
        .filter(({ active, columns }) => active && columns.length === 1)
        .flatMap(({ columns }) => columns);
      const fits = all ? ["string", "integer", "uniqueidentifier"] : null;
      for (const column of schema.columns) {
        if (!column.readable || column.logical_name === schema.primary_id) continue;
        if (fits && !fits.includes(column.type) && !keys.includes(column.logical_name)) continue;
        if (!all && offers.some(({ name }) => name === column.logical_name)) continue;
        offers.push({
          entity: schema.logical_name,
          name: column.logical_name,
          title: column.display_name || column.logical_name,
          key: keys.includes(column.logical_name),
          called: column.logical_name === schema.primary_name,
        });
      }
    }
    return offers.sort(
      (a, b) =>
        Number(b.key) - Number(a.key) ||
        Number(b.called) - Number(a.called) ||
        a.title.localeCompare(b.title) ||
        a.name.localeCompare(b.name),
    );
  }, [one.data, two.data, three.data, all]);
}

function withChosen(offers: readonly Offer[], chosen: string | undefined): readonly Offer[] {
  return chosen === undefined || offers.some(({ name }) => name === chosen)
    ? offers
    : [...offers, { entity: "", name: chosen, title: chosen, key: false, called: false }];
}
