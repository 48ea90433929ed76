import { Switch } from "@fluentui/react-components";
import { useState } from "react";
import { useRead } from "@/api";
import { Empty, Exchange, Fault, Panel, Skeleton } from "@/design";
import { count, counted } from "@/lib/numbers";
import styles from "./runs.module.css";

/** What a run asked and was answered: the latest, and more of those that failed. They are kept with it, encrypted and without secrets. */
export function RequestsPanel({
  run,
  running,
  onClose,
}: {
  run: string;
  running: boolean;
  onClose: () => void;
}) {
  const [failed, setFailed] = useState(false);
  const seen = useRead(
    "runs.requests",
    { run, failed: failed || undefined, limit: 300 },
    { every: () => (running ? 1000 : false), keep: true },
  );
  const kept = seen.data;
  return (
    <Panel title="Requests" onClose={onClose}>
      <div className={styles.facts}>
        <Switch
          checked={failed}
          onChange={(_, { checked }) => setFailed(checked)}
          label="Only those that were refused or had no answer"
        />
        {seen.error ? <Fault fault={seen.error} onRetry={() => void seen.refetch()} /> : null}
        {!seen.data && !seen.error ? <Skeleton rows={8} label="Loading requests" /> : null}
        {kept && kept.seen > 0 ? (
          <p className={styles.muted}>
            {counted(kept.seen, "request")}, {count(kept.failed)} of them failed. Kept with the run without
            secrets: the latest {count(kept.kept_failed)} that failed and the latest {count(kept.kept_others)}{" "}
            of the others.
          </p>
        ) : null}
        {kept?.requests.length === 0 ? (
          <Empty title={failed && kept.seen > 0 ? "None failed" : "None is kept"}>
            {kept.by_requests
              ? failed && kept.seen > 0
                ? null
                : "Requests are kept with runs that were made since this version."
              : "A database and a file are not talked to in requests; the statement of each record is in its preview."}
          </Empty>
        ) : null}
        <ul className={styles.story} aria-label="Requests of the run">
          {kept?.requests.map((one, at) => (
            <li key={`${one.at}/${at}`}>
              <Exchange one={one} />
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}
