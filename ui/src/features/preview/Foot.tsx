import { Button } from "@fluentui/react-components";
import { PlayRegular } from "@fluentui/react-icons";
import { type ConnectionView, isWritable, type PlanSummary } from "@/api";
import { costMeaning, costWords } from "@/lib/costs";
import { bytes, counted } from "@/lib/numbers";
import styles from "./preview.module.css";

/** Cost of the run, and the button that begins it. */
export function Foot({
  data,
  changes,
  destination,
  source,
  onAsk,
  onOpenRun,
  onUnlock,
}: {
  data: PlanSummary;
  changes: number;
  destination: ConnectionView | undefined;
  /** Of a two-way sync, where the source is written too. */
  source?: ConnectionView;
  onAsk: () => void;
  onOpenRun: (run: string) => void;
  onUnlock: (connection: ConnectionView) => void;
}) {
  const locked = [destination, source].find((one) => one !== undefined && !isWritable(one));
  const { events, excluded } = data.summary;
  const parts = [
    changes > 0 && `${counted(data.requests, "request")} · ${bytes(data.bytes)}`,
    changes > 0 && events > 0 && counted(events, "event"),
    excluded > 0 && `${counted(excluded, "row")} held back`,
  ];
  return (
    <footer className={styles.foot}>
      {parts.some(Boolean) ? <span>{parts.filter(Boolean).join(" · ")}</span> : null}
      {changes > 0 ? (
        <span className={styles.muted} title={costMeaning} data-cost>
          in all {costWords(data.cost)}
        </span>
      ) : null}
      <span className={styles.muted}>compared with {data.compared_with}</span>
      <span style={{ flex: 1 }} />
      {data.run_id ? (
        <>
          <span>This preview was run.</span>
          <Button appearance="primary" onClick={() => data.run_id && onOpenRun(data.run_id)}>
            Show the run
          </Button>
        </>
      ) : changes === 0 ? (
        <span>Nothing to write.</span>
      ) : locked ? (
        <>
          <span>{locked.name} is read-only.</span>
          <Button onClick={() => onUnlock(locked)}>Allow writing…</Button>
        </>
      ) : (
        <Button
          appearance="primary"
          icon={<PlayRegular />}
          disabled={data.status !== "ready"}
          onClick={onAsk}
        >
          Run {counted(changes, "change")}
        </Button>
      )}
    </footer>
  );
}
