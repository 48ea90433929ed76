import { Switch } from "@fluentui/react-components";
import { useState } from "react";
import { type RequestSeen, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Panel, Skeleton, Time } from "@/design";
import { count, counted } from "@/lib/numbers";
import { prettyJson } from "@/lib/prettyJson";
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

function Exchange({ one }: { one: RequestSeen }) {
  const good = one.status !== null && one.status < 400;
  return (
    <details>
      <summary>
        <Mark tone={good ? "success" : "danger"}>{one.status ?? one.fault ?? "no answer"}</Mark> {one.method}{" "}
        <Name text={one.path.split("?")[0] ?? one.path} />{" "}
        <span className={styles.muted}>{one.took_ms} ms</span>
      </summary>
      <p className={styles.muted}>
        <Time iso={one.at} form="full" /> · {one.origin}
      </p>
      <pre className={styles.wire}>{one.path}</pre>
      <Part title="Asked" headers={one.request_headers} body={one.request_body} />
      <Part title="Answered" headers={one.answer_headers} body={one.answer_body} />
    </details>
  );
}

function Part({
  title,
  headers,
  body,
}: {
  title: string;
  headers: Record<string, string | undefined>;
  body: string | null;
}) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <>
      <b>{title}</b>
      <pre className={styles.wire}>{[...lines, "", body ? prettyJson(body) : ""].join("\n").trim()}</pre>
    </>
  );
}
