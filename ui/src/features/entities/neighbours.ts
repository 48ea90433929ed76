import type { EntityDescription, EntityView, Relationship, RelationshipKind } from "@/api";

/** Another entity with every relationship of one kind that leads to it. */
export interface Neighbour {
  entity: string;
  name: string;
  kind: RelationshipKind;
  relationships: readonly Relationship[];
}

export const kinds: readonly RelationshipKind[] = ["many-to-one", "one-to-many", "many-to-many"];

export const kindWords: Record<RelationshipKind, string> = {
  "many-to-one": "points at",
  "one-to-many": "is pointed at by",
  "many-to-many": "is linked with",
};

export const kindMarks: Record<RelationshipKind, string> = {
  "many-to-one": "N:1",
  "one-to-many": "1:N",
  "many-to-many": "N:N",
};

/** Neighbours by kind, by name; several relationships to one entity are one neighbour. */
export function neighboursOf(
  relationships: EntityDescription["schema"]["relationships"],
  entities: readonly EntityView[],
): ReadonlyMap<RelationshipKind, readonly Neighbour[]> {
  const names = new Map(entities.map((entity) => [entity.logical_name, entity.display_name]));
  const found = new Map<RelationshipKind, Map<string, Relationship[]>>(
    kinds.map((kind) => [kind, new Map()]),
  );
  for (const relationship of relationships) {
    const group = found.get(relationship.kind);
    const known = group?.get(relationship.other_entity);
    if (known) known.push(relationship);
    else group?.set(relationship.other_entity, [relationship]);
  }
  return new Map(
    kinds.map((kind) => [
      kind,
      [...(found.get(kind) ?? new Map<string, Relationship[]>())]
        .map(([entity, members]) => ({
          entity,
          name: names.get(entity) || entity,
          kind,
          relationships: members,
        }))
        .sort((a, b) => a.name.localeCompare(b.name) || a.entity.localeCompare(b.entity)),
    ]),
  );
}

/** What leads there: the lookup column, the intersect entity, or how many ways there are. */
export function wayWords({ relationships }: Neighbour): string {
  const [first, ...more] = relationships;
  const way = first?.column ?? first?.intersect_entity ?? first?.name ?? "";
  return more.length === 0 ? way : `${way} and ${more.length} more`;
}
