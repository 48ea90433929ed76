import { counted } from "@/lib/numbers";
import styles from "./preview.module.css";

/** Rows of one table that point at one another in a circle can't be written at once: said, because there are more updates than records. */
export function StepsNote({ steps }: { steps: number }) {
  if (steps === 0) return null;
  return (
    <span className={styles.muted}>
      {`${counted(steps, "record")} ${steps === 1 ? "goes" : "go"} in two steps, the second one an update, because records point at one another in a circle or at themselves.`}
    </span>
  );
}

/** What a mirror deletes was not read: said, because there are more rows than records read. */
export function VanishedNote({ vanished }: { vanished: number }) {
  if (vanished === 0) return null;
  return (
    <span className={styles.muted}>
      {`${counted(vanished, "row")} more: ${vanished === 1 ? "its record was" : "their records were"} brought by this definition and ${vanished === 1 ? "is" : "are"} not in the source any more.`}
    </span>
  );
}
