import { useMemo } from "react";
import { type EntityDescription, type Relationship, useRead } from "@/api";
import { Empty, Name } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { counted } from "@/lib/numbers";
import { Diagram } from "./Diagram";
import styles from "./entities.module.css";
import { kindMarks, kinds, kindWords, type Neighbour, neighboursOf } from "./neighbours";

/** An entity among its neighbours: a diagram, and all relationships as a list beside it. */
export function Relationships({
  connection,
  schema,
  search,
  onOpen,
}: {
  connection: string;
  schema: EntityDescription["schema"];
  search: string;
  onOpen: (entity: string) => void;
}) {
  const list = useRead("entities.list", { connection });
  const entities = list.data?.entities;
  const groups = useMemo(() => {
    const names = new Map((entities ?? []).map((entity) => [entity.logical_name, entity.display_name]));
    const found = fuzzyFilter(
      search,
      schema.relationships,
      ({ name, other_entity, column }) =>
        `${names.get(other_entity) ?? ""} ${other_entity} ${column ?? ""} ${name}`,
    );
    return neighboursOf(found, entities ?? []);
  }, [schema, search, entities]);
  const total = kinds.reduce((sum, kind) => sum + (groups.get(kind)?.length ?? 0), 0);
  if (total === 0)
    return (
      <div className={styles.schemaBody}>
        <Empty title={search ? "No relationship matches" : "No relationships"} />
      </div>
    );
  return (
    <div className={styles.neighbours}>
      <div className={styles.drawn}>
        <Diagram
          name={schema.display_name}
          logicalName={schema.logical_name}
          groups={groups}
          onOpen={onOpen}
        />
      </div>
      <div className={styles.relations} role="region" aria-label="Relationships as a list">
        {kinds.map((kind) => {
          const members = groups.get(kind) ?? [];
          return (
            <section key={kind}>
              <h3>
                <span className={styles.muted}>{kindMarks[kind]}</span> {schema.display_name}{" "}
                {kindWords[kind]}{" "}
                <span className={styles.muted}>{counted(members.length, "entity", "entities")}</span>
              </h3>
              {members.map((neighbour) => (
                <Entry key={neighbour.entity} neighbour={neighbour} onOpen={onOpen} />
              ))}
            </section>
          );
        })}
      </div>
    </div>
  );
}

function Entry({ neighbour, onOpen }: { neighbour: Neighbour; onOpen: (entity: string) => void }) {
  return (
    <div className={styles.relation}>
      <button
        type="button"
        className={styles.link}
        title={neighbour.entity}
        onClick={() => onOpen(neighbour.entity)}
      >
        <Name text={neighbour.name} title={neighbour.entity} />
      </button>
      {neighbour.relationships.map((relationship) => (
        <span key={relationship.name} className={styles.muted}>
          {way(relationship)} <code>{relationship.name}</code>
        </span>
      ))}
    </div>
  );
}

function way({ column, intersect_entity }: Relationship): string {
  if (column) return `by ${column}`;
  return intersect_entity ? `through ${intersect_entity}` : "";
}
