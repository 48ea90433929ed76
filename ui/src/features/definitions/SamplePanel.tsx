import { Button, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { ArrowClockwiseRegular, WarningRegular } from "@fluentui/react-icons";
import { useEffect, useState } from "react";
import { type Explanation, type MappedSampleRow, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Skeleton, sentence } from "@/design";
import { plainText } from "@/lib/record";
import styles from "./definitions.module.css";

/** Ten real records as they would go, made anew as the definition changes. */
export function SamplePanel({ json, ready }: { json: string; ready: boolean }) {
  const [asked, setAsked] = useState(json);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(json), 600);
    return () => clearTimeout(timer);
  }, [json]);
  const sample = useRead("definitions.sample", { json: asked, limit: 10 }, { enabled: ready, keep: true });
  if (!ready && !sample.data)
    return (
      <Empty title="Ten records will show here">
        as soon as the definition has a source, a destination and an identifier without problems.
      </Empty>
    );
  if (sample.error && !sample.data)
    return <Fault fault={sample.error} onRetry={() => void sample.refetch()} />;
  if (!sample.data) return <Skeleton rows={12} label="Mapping ten records" />;
  return (
    <>
      {sample.error ? <Fault fault={sample.error} onRetry={() => void sample.refetch()} /> : null}
      <p className={styles.muted} style={{ margin: "2px 0 8px", fontSize: 12 }}>
        {sample.data.records.length} records as they would go,{" "}
        {sample.data.cached ? "from the store" : "read from the service"}
        <Button
          size="small"
          appearance="transparent"
          icon={<ArrowClockwiseRegular />}
          aria-label="Read ten records again"
          onClick={() => void sample.refetch()}
        />
      </p>
      {sample.data.records.length === 0 ? <Empty title="No record passes the filter" /> : null}
      {sample.data.records.map((row) => (
        <Sample key={row.source_id} row={row} />
      ))}
    </>
  );
}

function Sample({ row }: { row: MappedSampleRow }) {
  const identifiers = Object.entries(row.mapped.identifiers);
  const title = identifiers.map(([, value]) => plainText(value)).join(" · ") || row.source_id;
  const why = (field: string) => row.explanations.find((explanation) => explanation.field === field);
  return (
    <article className={styles.sample}>
      <div className={styles.sampleHead}>
        <Name text={title} />
        {row.skipped ? <Mark tone="warning">left out</Mark> : null}
      </div>
      {row.skipped ? <p className={styles.issue}>{sentence(row.skipped)}</p> : null}
      {row.issues.map((issue) => (
        <p key={`${issue.code}${issue.field}${issue.message}`} className={styles.issue}>
          <WarningRegular aria-label="Issue" /> <span>{sentence(issue.message)}</span>
        </p>
      ))}
      <dl>
        {[...identifiers, ...Object.entries(row.mapped.attributes)].map(([field, value], index) => (
          <div key={`${field}${index}`} style={{ display: "contents" }}>
            <dt>{field}</dt>
            <dd>
              <Value value={value} />
              <Why explanation={why(field)} />
            </dd>
          </div>
        ))}
        {(row.mapped.events ?? []).map((event, index) => (
          <div key={`event${index}`} style={{ display: "contents" }}>
            <dt>event</dt>
            <dd>
              {event.name} {event.timestamp}
            </dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === null) return <span className={styles.muted}>null</span>;
  const text = plainText(value);
  return (
    <bdi dir="auto" title={text.length > 160 ? text.slice(0, 800) : undefined}>
      {text.length > 160 ? `${text.slice(0, 160)}…` : text === "" ? "(empty)" : text}
    </bdi>
  );
}

/** How a value came to be, step by step. */
export function Why({ explanation }: { explanation: Explanation | undefined }) {
  if (!explanation || explanation.steps.length === 0) return null;
  return (
    <Popover positioning="before" trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <button type="button" className={styles.why} aria-label={`Why ${explanation.field} has this value`}>
          why
        </button>
      </PopoverTrigger>
      <PopoverSurface>
        <p style={{ marginBottom: 6 }}>
          <b>{explanation.field}</b> <code className={styles.muted}>{explanation.path}</code>
        </p>
        <ol className={styles.steps}>
          {explanation.steps.map((step, index) => (
            <li key={index}>
              {sentence(step.text)}
              <div>
                <code>{step.value === null ? "–" : JSON.stringify(step.value)}</code>{" "}
                <span className={styles.muted}>{step.rule}</span>
              </div>
            </li>
          ))}
        </ol>
      </PopoverSurface>
    </Popover>
  );
}
