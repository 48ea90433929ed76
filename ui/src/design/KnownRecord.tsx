import { Name } from "./basics";
import styles from "./KnownRecord.module.css";

/** A record by its name, with its id beside it where there is room. */
export function KnownRecord({
  row,
  className,
}: {
  row: { title: string; source_id: string };
  /** How its name looks. */
  className?: string | undefined;
}) {
  return (
    <>
      <Name text={row.title || row.source_id} className={className} />
      {row.title && row.title !== row.source_id ? (
        <>
          {" "}
          <span className={styles.idPlace}>
            <Name text={row.source_id} className={styles.id} />
          </span>
        </>
      ) : null}
    </>
  );
}
