import type { EntityView, Relationship } from "@/api";
import { escaped } from "./tree";

/** What a link needs to know of the entity it begins at. */
export interface LinkedFrom {
  logical_name: string;
  primary_id: string;
}

/** A name of three letters and a number that no other link has. */
export function aliasOf(entity: string, text: string): string {
  const begin = entity.replace(/[^a-z]/g, "").slice(0, 3) || "l";
  let number = 1;
  while (text.includes(`"${begin}${number}"`)) number += 1;
  return `${begin}${number}`;
}

/**
 * The link of a relationship: it joins on the column that the metadata says the lookup refers to, which for activities and the like
 * is not the entity's name with "id".
 */
export function linkOf(
  relationship: Relationship,
  here: LinkedFrom,
  entities: readonly EntityView[],
  text: string,
): string | null {
  const other = relationship.other_entity;
  const keyOf = (name: string) =>
    entities.find(({ logical_name }) => logical_name === name)?.primary_id ?? `${name}id`;
  const alias = escaped(aliasOf(other, text));
  const tag = (name: string, from: string, to: string, rest: string) =>
    `<link-entity name="${escaped(name)}" from="${escaped(from)}" to="${escaped(to)}"${rest}>`;
  if (relationship.kind === "many-to-many") {
    if (!relationship.intersect_entity) return null;
    const far = keyOf(other);
    // The table between both is joined, but shows no columns.
    const between = tag(
      relationship.intersect_entity,
      here.primary_id,
      here.primary_id,
      ' visible="false" intersect="true"',
    );
    return `${between}\n  ${tag(other, far, far, ` alias="${alias}"`)}\n  </link-entity>\n</link-entity>`;
  }
  if (!relationship.column) return null;
  return relationship.kind === "many-to-one"
    ? `${tag(other, relationship.referenced_column ?? keyOf(other), relationship.column, ` alias="${alias}" link-type="outer"`)}\n</link-entity>`
    : `${tag(other, relationship.column, relationship.referenced_column ?? here.primary_id, ` alias="${alias}"`)}\n</link-entity>`;
}
