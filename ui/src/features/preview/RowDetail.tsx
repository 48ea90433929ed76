import { useState } from "react";
import { type ConnectionView, type FieldChange, type PlanRow, type PlanRowDetail, useRead } from "@/api";
import { CodeEditor, Fault, Mark, Name, Panel, Segmented, Skeleton, sentence, useCopy } from "@/design";
import { afterMethod, prettyJson } from "@/lib/prettyJson";
import { plainText } from "@/lib/record";
import { actionTones } from "./planColumns";
import styles from "./preview.module.css";
import { SendOne } from "./SendOne";
import { Values } from "./Values";

type Part = "changes" | "source" | "mapped" | "request";

/** One row whole: what changes, the source, what it maps to, the exact request. */
export function RowDetail({
  plan,
  ordinal,
  comparedWith,
  destination,
  onClose,
}: {
  plan: string;
  ordinal: number;
  /** What old values are: what the destination holds, or what was last sent. */
  comparedWith: string;
  /** Where one record can be sent by itself; absent when the plan no longer runs. */
  destination: ConnectionView | undefined;
  onClose: () => void;
}) {
  const detail = useRead("plans.row", { plan, ordinal }, { keep: true });
  const [part, setPart] = useState<Part>("changes");
  const { data } = detail;
  return (
    <Panel
      title={<Name text={data?.row.title || data?.row.source_id || "Row"} />}
      onClose={onClose}
      tools={
        <Segmented<Part>
          label="Part of the row"
          value={part}
          onChange={setPart}
          options={[
            { value: "changes", label: "Changes" },
            { value: "source", label: "Source" },
            { value: "mapped", label: "Mapped" },
            { value: "request", label: "Request", disabled: data?.request === null },
          ]}
        />
      }
      foot={
        data?.request ? (
          <div className={styles.copies}>
            <CopyLink text={data.request.body}>Copy the request's body</CopyLink>
            <CopyLink text={JSON.stringify(data.request, null, 2)}>Copy as JSON</CopyLink>
            {data.curl ? <CopyLink text={data.curl}>Copy as curl</CopyLink> : null}
          </div>
        ) : (
          "No request: nothing is sent for this row."
        )
      }
    >
      {detail.error ? <Fault fault={detail.error} onRetry={() => void detail.refetch()} /> : null}
      {!data && !detail.error ? <Skeleton rows={10} label="Loading the row" /> : null}
      {data && part === "changes" ? <Changes data={data} comparedWith={comparedWith} /> : null}
      {data && part === "changes" ? (
        <SendOne key={`${plan}/${ordinal}`} plan={plan} detail={data} destination={destination} />
      ) : null}
      {data && part === "source" ? (
        data.source ? (
          <CodeEditor
            label="The source record"
            language="json"
            readOnly
            value={JSON.stringify(data.source, null, 2)}
          />
        ) : (
          <p className={styles.muted}>The source record is no longer in the store.</p>
        )
      ) : null}
      {data && part === "mapped" ? (
        <>
          <Values data={data} />
          <details className={styles.whole} open={data.explanations.length === 0}>
            <summary>As JSON</summary>
            <CodeEditor
              label="The mapped record"
              language="json"
              readOnly
              height="40vh"
              value={JSON.stringify(data.mapped, null, 2)}
            />
          </details>
        </>
      ) : null}
      {data?.request && part === "request" ? (
        <div className={styles.request}>
          <p>
            <Mark tone="brand">{data.request.method}</Mark> <code>{afterMethod(data.request)}</code>
          </p>
          <dl>
            {Object.entries(data.request.headers).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <CodeEditor
            label="Body of the request"
            language="json"
            readOnly
            height="40vh"
            value={prettyJson(data.request.body)}
          />
          {data.curl ? <pre className={styles.curl}>{data.curl}</pre> : null}
        </div>
      ) : null}
    </Panel>
  );
}

/** A link that copies, and says so in its own place. */
function CopyLink({ text, children }: { text: string; children: string }) {
  const [copied, copy] = useCopy();
  return (
    <button type="button" className={styles.copyButton} onClick={() => copy(text)}>
      {copied ? "Copied" : children}
    </button>
  );
}

function Changes({ data, comparedWith }: { data: PlanRowDetail; comparedWith: string }) {
  const { row } = data;
  // The issue that decided is the reason, and is not told twice.
  const reason = row.issues.find(({ message }) => message === row.reason);
  return (
    <>
      <p>
        <Mark tone={actionTones[row.action]}>{row.action}</Mark> {sentence(row.reason)}{" "}
        {reason ? <code className={styles.muted}>{reason.code}</code> : null}
      </p>
      {row.issues
        .filter((issue) => issue !== reason)
        .map((issue) => (
          <p key={`${issue.code}${issue.field}${issue.message}`} className={styles.issue}>
            {sentence(issue.message)} <code className={styles.muted}>{issue.code}</code>
          </p>
        ))}
      {row.changes.length > 0 ? (
        <table className={styles.diff}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">{comparedWith === "last sent" ? "Last sent" : "Now there"}</th>
              <th scope="col">Would be</th>
            </tr>
          </thead>
          <tbody>
            {row.changes.map((change) => (
              <Change
                key={change.field}
                change={change}
                steps={data.explanations.find(({ field }) => field === change.field)?.steps ?? []}
              />
            ))}
          </tbody>
        </table>
      ) : (
        <p className={styles.muted}>No field would change.</p>
      )}
      {row.events.map((event) => (
        <Sent key={`${event.name} ${event.timestamp}`} event={event} />
      ))}
    </>
  );
}

/** An event that would be sent, with its parameters. */
function Sent({ event }: { event: PlanRow["events"][number] }) {
  const parameters = Object.entries(event.parameters);
  return (
    <table className={styles.diff}>
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col">{event.name}</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">timestamp</th>
          <td>{event.timestamp || <span className={styles.muted}>when it is sent</span>}</td>
        </tr>
        {parameters.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td dir="auto">{plainText(value) || <span className={styles.muted}>–</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Change({
  change,
  steps,
}: {
  change: FieldChange;
  steps: PlanRowDetail["explanations"][number]["steps"];
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <tr>
        <th scope="row">
          {change.field}{" "}
          {steps.length > 0 ? (
            <button
              type="button"
              className={styles.why}
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              aria-label={`Why ${change.field} has this value`}
            >
              why
            </button>
          ) : null}
        </th>
        <td dir="auto">{plainText(change.from) || <span className={styles.muted}>–</span>}</td>
        <td dir="auto">{plainText(change.to) || <span className={styles.muted}>–</span>}</td>
      </tr>
      {open ? (
        <tr>
          <td colSpan={3}>
            <ol className={styles.steps}>
              {steps.map((step, index) => (
                <li key={index}>
                  {sentence(step.text)} <code>{step.value === null ? "–" : JSON.stringify(step.value)}</code>
                </li>
              ))}
            </ol>
          </td>
        </tr>
      ) : null}
    </>
  );
}
