import { Name } from "@/design";
import styles from "./runs.module.css";

/** A record by its name, with its id beside it where there is room. */
export function KnownRecord({ row }: { row: { title: string; source_id: string } }) {
  if (!row.title || row.title === row.source_id) return <Name text={row.source_id} />;
  return (
    <>
      <Name text={row.title} />{" "}
      <span className={styles.idPlace}>
        <Name text={row.source_id} className={styles.id} />
      </span>
    </>
  );
}
