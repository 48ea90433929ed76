import { Button } from "@fluentui/react-components";
import { useRead } from "@/api";
import { Fault, Mark, Name, Panel, Skeleton, Time } from "@/design";
import { Facts } from "./Facts";
import { tones } from "./outcome";
import styles from "./runs.module.css";

/** A record by the place where it stands. */
export interface StoryOf {
  connection: string;
  entity: string;
  record: string;
  /** What it is called. */
  name: string;
}

/** One record of a run with everything that is known of it, and its story over all runs. */
export function OutcomePanel({
  run,
  connection,
  source,
  title,
  onOpenRun,
  onStory,
  onClose,
}: {
  run: string;
  /** Where the run read. */
  connection: string;
  source: string;
  title: string;
  onStory: (of: StoryOf) => void;
  onOpenRun: (run: string) => void;
  onClose: () => void;
}) {
  const found = useRead("audit.rows", { run, record: source, limit: 10 }, { keep: true });
  const own = found.data?.rows.find((row) => row.run_id === run && row.source_id === source);
  const entity = own?.source_entity;
  const story = useRead(
    "audit.rows",
    { record: source, connection, entity, limit: 20 },
    { keep: true, enabled: entity !== undefined },
  );
  const rows = entity === undefined ? [] : (story.data?.rows ?? []);
  return (
    <Panel title={<Name text={title || source} />} onClose={onClose}>
      <div className={styles.facts}>
        {found.error ? <Fault fault={found.error} onRetry={() => void found.refetch()} /> : null}
        {story.error ? <Fault fault={story.error} onRetry={() => void story.refetch()} /> : null}
        {!found.data && !found.error ? <Skeleton rows={8} label="Loading the record's story" /> : null}
        {found.data && !own ? (
          <p className={styles.muted}>Its details are there when the run has ended.</p>
        ) : null}
        {own ? <Facts row={own} /> : null}
        {rows.length > 0 ? (
          <section aria-label="Story over all runs">
            <h3 className={styles.subtitle}>Over all runs</h3>
            <ol className={styles.story}>
              {rows.map((row) => (
                <li key={`${row.run_id}/${row.ordinal}`} aria-current={row.run_id === run || undefined}>
                  <button type="button" className={styles.open} onClick={() => onOpenRun(row.run_id)}>
                    <Time iso={row.started_at} />
                  </button>{" "}
                  <Mark tone={tones[row.outcome] ?? "neutral"}>{row.outcome}</Mark>{" "}
                  <Name text={row.definition} />
                  {row.message ? (
                    <span className={styles.muted}>
                      {" "}
                      <Name text={row.message} />
                    </span>
                  ) : null}
                </li>
              ))}
            </ol>
            <p>
              <Button
                size="small"
                onClick={() =>
                  entity && onStory({ connection, entity, record: source, name: title || source })
                }
              >
                Its whole story
              </Button>{" "}
              {own?.destination_id ? (
                <Button
                  size="small"
                  onClick={() =>
                    onStory({
                      connection: own.destination,
                      entity: own.destination_entity,
                      record: own.destination_id ?? "",
                      name: title || source,
                    })
                  }
                >
                  The same at {own.destination}
                </Button>
              ) : null}
            </p>
          </section>
        ) : null}
      </div>
    </Panel>
  );
}
