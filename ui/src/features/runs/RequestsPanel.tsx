import { Switch } from "@fluentui/react-components";
import { useState } from "react";
import { type RequestSeen, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Panel, Skeleton, Time } from "@/design";
import { prettyJson } from "@/lib/prettyJson";
import styles from "./runs.module.css";

/** What was asked and answered while a run was under way, as far as this process remembers it; secrets are not kept. */
export function RequestsPanel({
  since,
  until,
  onClose,
}: {
  since: string;
  until: string | null;
  onClose: () => void;
}) {
  const [failed, setFailed] = useState(false);
  const seen = useRead(
    "requests.list",
    { since, until: until ?? undefined, failed: failed || undefined, limit: 200 },
    { every: () => (until ? false : 1000), keep: true },
  );
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
        {seen.data?.length === 0 ? (
          <Empty title="None is remembered">
            Only the latest requests since Syncline was opened are kept, and only in memory.
          </Empty>
        ) : null}
        <ul className={styles.story} aria-label="Requests of the run">
          {seen.data?.map((one, at) => (
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
