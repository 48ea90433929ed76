import { Button } from "@fluentui/react-components";
import { DatabaseRegular, WarningRegular } from "@fluentui/react-icons";
import { useEffect, useState } from "react";
import { type CoveredEntity, type QueryLanguage, useRead } from "@/api";
import { Fault, Name, Time } from "@/design";
import { count, counted } from "@/lib/numbers";
import styles from "./query.module.css";

/** What the cache holds of what the query asks: how old it is, and what is not there. */
export function Coverage({
  connection,
  language,
  text,
  onOpenEntity,
}: {
  connection: string;
  language: QueryLanguage;
  text: string;
  onOpenEntity: (entity: string) => void;
}) {
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), 300);
    return () => clearTimeout(timer);
  }, [text]);
  const coverage = useRead(
    "queries.coverage",
    { connection, language, text: asked },
    { enabled: asked.trim() !== "", keep: true },
  );
  if (coverage.error) return <Fault fault={coverage.error} onRetry={() => void coverage.refetch()} />;
  const found = coverage.data;
  if (!found) return null;
  return (
    <div className={styles.coverage} role="region" aria-label="What is cached of this query">
      <DatabaseRegular aria-hidden />
      {found.reason !== null ? (
        <span className={styles.bad}>{found.reason}</span>
      ) : (
        <>
          {found.as_of ? (
            <span>
              as of <Time iso={found.as_of} form="ago" />
            </span>
          ) : (
            <span className={styles.bad}>not everything is cached</span>
          )}
          {found.entities.map((entity) => (
            <Covered key={entity.entity} entity={entity} onOpen={() => onOpenEntity(entity.entity)} />
          ))}
        </>
      )}
    </div>
  );
}

function Covered({ entity, onOpen }: { entity: CoveredEntity; onOpen: () => void }) {
  if (entity.records === null)
    return (
      <span className={styles.covered}>
        <WarningRegular aria-hidden className={styles.bad} />
        <Name text={entity.display_name} strong /> was not pulled
        <Button size="small" onClick={onOpen}>
          Open it to pull
        </Button>
      </span>
    );
  const lacks = lackingOf(entity);
  return (
    <span className={styles.covered}>
      <Name text={entity.display_name} strong />
      <span className={styles.muted}>
        {count(entity.records)} {entity.records === 1 ? "record" : "records"},{" "}
        <Time iso={entity.pulled_at} form="ago" />
      </span>
      {lacks.length > 0 ? (
        <span className={styles.lacks}>
          <WarningRegular aria-hidden /> {lacks.join("; ")}
        </span>
      ) : null}
    </span>
  );
}

/** What of an entity that was pulled is not there all the same. */
export function lackingOf(entity: CoveredEntity): string[] {
  const lacks: string[] = [];
  if (entity.missing_columns.length > 0)
    lacks.push(
      `not pulled: ${entity.missing_columns.slice(0, 6).join(", ")}${entity.missing_columns.length > 6 ? " …" : ""}`,
    );
  if (entity.left_out > 0) lacks.push(`${counted(entity.left_out, "column")} of it not pulled`);
  if (entity.filter !== null) lacks.push("only the records of a filter were pulled");
  if (entity.status !== null && entity.status !== "done") lacks.push(`its last pull is ${entity.status}`);
  return lacks;
}
