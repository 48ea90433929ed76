import { Button } from "@fluentui/react-components";
import { CheckmarkCircleFilled, CircleRegular } from "@fluentui/react-icons";
import type { ConflictEnd, ConflictView } from "@/api";
import { Name, Time } from "@/design";
import styles from "./conflicts.module.css";
import { type ConflictGroup, endWords, outcomeWords, valueWords } from "./words";

type Side = "source" | "destination";

/** The fields of one record that wait, each with what both sides had, what they have, and who changed it when. */
export function ConflictRecord({
  group,
  onDecide,
  onOpenDefinition,
}: {
  group: ConflictGroup;
  onDecide: (ids: string[], side: Side | null) => void;
  onOpenDefinition: (definition: string) => void;
}) {
  const [first] = group.conflicts;
  if (!first) return null;
  const ids = group.conflicts.map(({ id }) => id);
  const several = group.conflicts.length > 1;
  return (
    <section className={styles.group} aria-label={group.title}>
      <header className={styles.head}>
        <h2>
          <Name text={group.title} strong />
        </h2>
        <button type="button" className={styles.link} onClick={() => onOpenDefinition(group.definition)}>
          {group.definition}
        </button>
        <span style={{ flex: 1 }} />
        {several ? (
          <>
            <Button size="small" onClick={() => onDecide(ids, "source")}>
              All from {first.source.connection}
            </Button>
            <Button size="small" onClick={() => onDecide(ids, "destination")}>
              All from {first.destination.connection}
            </Button>
          </>
        ) : null}
      </header>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Last sync</th>
            <th scope="col">
              {first.source.connection} <span className={styles.muted}>{first.source.entity}</span>
            </th>
            <th scope="col">
              {first.destination.connection} <span className={styles.muted}>{first.destination.entity}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {group.conflicts.map((conflict) => (
            <ConflictRow key={conflict.id} conflict={conflict} onDecide={onDecide} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ConflictRow({
  conflict,
  onDecide,
}: {
  conflict: ConflictView;
  onDecide: (ids: string[], side: Side | null) => void;
}) {
  const whole = conflict.destination_field === "";
  const field = whole ? "Whole record" : conflict.destination_field;
  const base = conflict.base ? valueWords(conflict.base.destination) : null;
  return (
    <tr>
      <th scope="row">
        <span>{field}</span>
        {!whole && conflict.source_field !== conflict.destination_field ? (
          <span className={styles.logical}>{conflict.source_field}</span>
        ) : null}
        {conflict.decision ? (
          <span className={styles.muted}>
            decided by {conflict.decision.by} <Time iso={conflict.decision.at} />
          </span>
        ) : null}
      </th>
      <td>
        {base === null ? (
          <span className={styles.muted}>{whole ? "on both sides" : "never synced"}</span>
        ) : base === "" ? (
          <span className={styles.muted}>empty</span>
        ) : (
          <bdi dir="auto">{base}</bdi>
        )}
      </td>
      {(["source", "destination"] as const).map((side) => (
        <td key={side}>
          <Choice
            conflict={conflict}
            end={conflict[side]}
            side={side}
            field={field}
            whole={whole}
            onDecide={onDecide}
          />
        </td>
      ))}
    </tr>
  );
}

/** One side as a button: pressed, it wins; pressed again, the decision is taken back. */
function Choice({
  conflict,
  end,
  side,
  field,
  whole,
  onDecide,
}: {
  conflict: ConflictView;
  end: ConflictEnd;
  side: Side;
  field: string;
  whole: boolean;
  onDecide: (ids: string[], side: Side | null) => void;
}) {
  const chosen = conflict.decision?.side === side;
  const text = endWords(end, whole);
  const bare = end.deleted || (!whole && valueWords(end.value) === "");
  return (
    <button
      type="button"
      className={styles.choice}
      aria-pressed={chosen}
      aria-label={`${field}: ${text}, of ${end.connection}; ${outcomeWords(conflict, side)}`}
      onClick={() => onDecide([conflict.id], chosen ? null : side)}
    >
      {chosen ? <CheckmarkCircleFilled className={styles.mark} /> : <CircleRegular className={styles.mark} />}
      <span className={styles.value}>
        <bdi dir="auto" className={bare ? styles.muted : undefined}>
          {text}
        </bdi>
        <span className={styles.muted}>
          {end.changed_at ? (
            <Time iso={end.changed_at} />
          ) : end.deleted ? (
            "when is not known"
          ) : (
            "no time told"
          )}
          {end.changed_by ? ` · ${end.changed_by}` : ""}
        </span>
        {chosen ? <span className={styles.outcome}>{outcomeWords(conflict, side)}</span> : null}
      </span>
    </button>
  );
}
