import { useRead } from "@/api";
import { sentence } from "@/design";
import styles from "./entities.module.css";

/** Why an entity's records are not, or not all, to be seen: the privilege that is missing, and who can give it. */
export function AccessNotice({ connection, entity }: { connection: string; entity: string }) {
  const { data } = useRead("entities.access", { connection, entity });
  if (!data || (data.held !== false && (data.depth === null || data.depth === "Global"))) return null;
  return (
    <div className={`${styles.access} ${data.held === false ? styles.accessMissing : ""}`} role="status">
      <p>{sentence(data.sentence)}</p>
      {data.hint ? <p className={styles.muted}>{sentence(data.hint)}</p> : null}
    </div>
  );
}
