import { Button } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { count } from "@/lib/numbers";
import styles from "./entities.module.css";

/** Entities that one job may pull. */
export const MOST = 100;

/** While entities are chosen: how many, and what is done with them. */
export function ChoosingBar({
  chosen,
  onAll,
  onEnd,
  onPull,
}: {
  chosen: number;
  onAll: () => void;
  onEnd: () => void;
  onPull: () => void;
}) {
  return (
    <div className={styles.choosing} role="toolbar" aria-label="Entities to pull">
      <span role="status">{count(chosen)} chosen</span>
      <Button
        size="small"
        appearance="subtle"
        onClick={onAll}
        title={`The list as it is shown, at most ${MOST}`}
      >
        All shown
      </Button>
      <Button
        size="small"
        appearance="primary"
        disabled={chosen === 0 || chosen > MOST}
        title={chosen > MOST ? `At most ${MOST} at once` : undefined}
        onClick={onPull}
      >
        Pull…
      </Button>
      <Button
        size="small"
        appearance="subtle"
        icon={<DismissRegular />}
        aria-label="Choose no entities"
        title="Choose none (Escape)"
        onClick={onEnd}
      />
    </div>
  );
}
