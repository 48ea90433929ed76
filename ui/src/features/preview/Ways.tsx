import { Button, Tab, TabList } from "@fluentui/react-components";
import type { PlanSummary } from "@/api";
import { counted } from "@/lib/numbers";
import styles from "./preview.module.css";

/** Rows that a run writes. */
export function written(counts: PlanSummary["summary"]): number {
  return counts.create + counts.update + counts.delete - counts.excluded;
}

/** Both ways of a two-way sync, and what of it waits for a decision. */
export function Ways({
  plan,
  onWay,
  onConflicts,
  onPairs,
}: {
  plan: PlanSummary;
  /** Shows the rows of the other plan. */
  onWay: (plan: string) => void;
  onConflicts: () => void;
  onPairs: () => void;
}) {
  const two = plan.two_way;
  if (!two) return null;
  const here = { plan: plan.plan_id, to: plan.destination, counts: plan.summary };
  const there = { plan: two.other, to: plan.source, counts: two.other_counts };
  const ways = two.returns ? [there, here] : [here, there];
  return (
    <div className={styles.ways}>
      <TabList
        size="small"
        aria-label="Direction"
        selectedValue={plan.plan_id}
        onTabSelect={(_, { value }) => onWay(String(value))}
      >
        {ways.map((way, index) => (
          <Tab key={way.plan} value={way.plan}>
            {index === 0 ? "To" : "Back to"} {way.to}: {counted(written(way.counts), "change")}
          </Tab>
        ))}
      </TabList>
      {two.conflicts > 0 ? (
        <Button size="small" onClick={onConflicts}>
          {counted(two.conflicts, "conflict")} to decide
        </Button>
      ) : (
        <span className={styles.muted}>No conflicts</span>
      )}
      <Button size="small" appearance="subtle" onClick={onPairs}>
        Pairs
      </Button>
    </div>
  );
}
