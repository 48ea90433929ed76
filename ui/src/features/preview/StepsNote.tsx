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
