import { useMemo } from "react";
import { type Column, type FieldMapping, useRead } from "@/api";
import { useParts } from "./context";
import { isLookup } from "./LookupOptions";
import { Choose } from "./optionFields";
import { isTwoWay } from "./TwoWay";

const AS_IT_IS = "=";

/**
 * Which pairs a lookup of a two-way sync goes by: it points at a record here and at the one that is paired with it there. The pairs are those
 * that another two-way sync of the same two connections keeps.
 */
export function LinkedTo({
  field,
  column,
  onChange,
}: {
  field: FieldMapping;
  column: Column | undefined;
  onChange: (part: Partial<FieldMapping>) => void;
}) {
  const { editor, destination } = useParts();
  const { definition } = editor;
  const all = useRead("definitions.list", {});
  const target = destination?.schema.columns.find(({ logical_name }) => logical_name === field.to);
  const chosen = field.linked;
  const options = useMemo(() => {
    const found = new Map<string, string>();
    const here = [definition.source.connection, definition.destination.connection];
    for (const { name, definition: other } of all.data ?? []) {
      const there = [other.source.connection, other.destination.connection];
      const source = other.source.entity;
      if (!isTwoWay(other) || !source) continue;
      if (here[0] === there[0] && here[1] === there[1])
        found.set(key(source, other.destination.entity), words(source, other.destination.entity, name));
      else if (here[0] === there[1] && here[1] === there[0])
        found.set(key(other.destination.entity, source), words(other.destination.entity, source, name));
    }
    if (chosen && !found.has(key(chosen.source, chosen.destination)))
      found.set(key(chosen.source, chosen.destination), words(chosen.source, chosen.destination));
    return [...found].map(([value, label]) => ({ value, label }));
  }, [all.data, chosen, definition.source.connection, definition.destination.connection]);
  if (!isTwoWay(definition)) return null;
  if (!chosen && !isLookup(column) && !isLookup(target) && target?.type !== "uniqueidentifier") return null;
  return (
    <Choose
      label="Points at the paired record"
      hint={
        options.length > 0
          ? "The id becomes that of its pair on the other side; what is in no pair is not sent"
          : "A two-way sync of the two tables it points at keeps the pairs; there is none between these connections yet"
      }
      value={chosen ? key(chosen.source, chosen.destination) : AS_IT_IS}
      options={[{ value: AS_IT_IS, label: "no: the value goes as it is" }, ...options]}
      onChange={(next) => {
        const [source = "", target = ""] = next.split("\n");
        onChange({ linked: next === AS_IT_IS ? undefined : { source, destination: target } });
      }}
    />
  );
}

function key(source: string, destination: string): string {
  return `${source}\n${destination}`;
}

function words(source: string, destination: string, name?: string): string {
  return `${source} ⇄ ${destination}${name ? `, kept by ${name}` : ""}`;
}
