import { Combobox, Option } from "@fluentui/react-components";
import { useState } from "react";
import { type EntitySchema, type Relationship, useRead } from "@/api";
import { fuzzyFilter } from "@/lib/fuzzy";
import type { BuilderContext } from "./Builder";
import { linkOf } from "./links";
import styles from "./query.module.css";
import { withChild, type XmlNode } from "./tree";

const words: Readonly<Record<Relationship["kind"], string>> = {
  "many-to-one": "its parent",
  "one-to-many": "its children",
  "many-to-many": "many to many",
};

/** An owner's relationship leads to users and to teams under one name. */
const keyOf = ({ kind, name, other_entity }: Relationship) => `${kind}/${name}/${other_entity}`;

/** Adds a link along one of the entity's relationships; found by name of the other entity or of the lookup. */
export function LinkAdder({
  context,
  node,
  schema,
}: {
  context: BuilderContext;
  node: XmlNode;
  schema: EntitySchema;
}) {
  const { connection, text, onText } = context;
  const [typed, setTyped] = useState("");
  const list = useRead("entities.list", { connection });
  const entities = list.data?.entities ?? [];
  const titleOf = (name: string) =>
    entities.find(({ logical_name }) => logical_name === name)?.display_name || name;
  const via = (relationship: Relationship) => relationship.column ?? relationship.intersect_entity ?? "";
  const offered = fuzzyFilter(
    typed,
    schema.relationships.filter(({ kind, column, intersect_entity }) =>
      kind === "many-to-many" ? Boolean(intersect_entity) : Boolean(column),
    ),
    (relationship) =>
      `${titleOf(relationship.other_entity)} ${relationship.other_entity} ${via(relationship)}`,
  ).slice(0, 60);
  return (
    <Combobox
      size="small"
      placeholder="Link an entity…"
      aria-label={`Link an entity to ${schema.logical_name}`}
      root={{ style: { minWidth: 0, width: 220 } }}
      input={{ style: { minWidth: 0, width: "100%" } }}
      value={typed}
      selectedOptions={[]}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onOptionSelect={(_, { optionValue }) => {
        setTyped("");
        const found = schema.relationships.find((relationship) => keyOf(relationship) === optionValue);
        const xml = found ? linkOf(found, schema, entities, text) : null;
        if (xml) onText(withChild(text, node, xml, ["order"]));
      }}
    >
      {offered.map((relationship) => (
        <Option
          key={keyOf(relationship)}
          value={keyOf(relationship)}
          text={`${relationship.other_entity} via ${via(relationship)}`}
        >
          {titleOf(relationship.other_entity)}{" "}
          <span className={styles.muted}>
            {words[relationship.kind]} via <code>{via(relationship)}</code>
          </span>
        </Option>
      ))}
    </Combobox>
  );
}
