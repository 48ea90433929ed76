import { prettyJson } from "@/lib/prettyJson";
import { Mark, Name, Time } from "./basics";
import styles from "./Exchange.module.css";

/** A request and its answer, without secrets. */
export interface ExchangeSeen {
  at: string;
  took_ms: number;
  method: string;
  origin: string;
  path: string;
  request_headers: Record<string, string | undefined>;
  request_body: string | null;
  status: number | null;
  answer_headers: Record<string, string | undefined>;
  answer_body: string | null;
  fault: string | null;
}

/** One line for a request and how it was answered; opened, both to the letter. */
export function Exchange({ one, open }: { one: ExchangeSeen; open?: boolean }) {
  const good = one.status !== null && one.status < 400;
  return (
    <details open={open}>
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
