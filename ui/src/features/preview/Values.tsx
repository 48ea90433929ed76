import { useState } from "react";
import type { Explanation, MappedRecord, PlanRowDetail } from "@/api";
import { Name, sentence } from "@/design";
import { plainText } from "@/lib/record";
import styles from "./preview.module.css";

/** Every value of the mapping's lines, and how it came to be; of what is not sent, why. */
export function Values({ data }: { data: PlanRowDetail }) {
  if (data.explanations.length === 0) return null;
  return (
    <table className={styles.diff} aria-label="How each value came to be">
      <thead>
        <tr>
          <th scope="col">Target</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {data.explanations.map((one) => (
          <Line key={`${one.path}/${one.field}`} explanation={one} value={lineValue(one, data.mapped)} />
        ))}
      </tbody>
    </table>
  );
}

/** What a line of the definition gave; undefined: it is not sent. */
export function lineValue({ path, field }: Explanation, mapped: MappedRecord): unknown {
  if (path.startsWith("identifiers")) return mapped.identifiers[field];
  if (!path.startsWith("events")) return mapped.attributes[field];
  const event = mapped.events?.[0];
  if (!event) return undefined;
  if (field === "event_name") return event.name;
  if (field === "timestamp") return event.timestamp || "time of processing";
  return event.parameters?.[field];
}

function Line({ explanation, value }: { explanation: Explanation; value: unknown }) {
  const [open, setOpen] = useState(false);
  const { field, path, steps } = explanation;
  return (
    <>
      <tr>
        <th scope="row">
          <Name text={field} />{" "}
          <button
            type="button"
            className={styles.why}
            aria-expanded={open}
            aria-label={`Why ${field} ${value === undefined ? "is not sent" : "has this value"}`}
            onClick={() => setOpen(!open)}
          >
            why
          </button>
        </th>
        <td dir="auto">
          {value === undefined ? (
            <i className={styles.muted}>not sent</i>
          ) : value === null ? (
            <span className={styles.muted}>null</span>
          ) : (
            plainText(value) || <span className={styles.muted}>(empty)</span>
          )}
        </td>
      </tr>
      {open ? (
        <tr>
          <td colSpan={2}>
            <p className={styles.muted}>
              Line <code>{path}</code> of the definition
            </p>
            <ol className={styles.steps}>
              {steps.map((step, index) => (
                <li key={index}>
                  {sentence(step.text)} <code>{step.value === null ? "–" : JSON.stringify(step.value)}</code>
                </li>
              ))}
              {value === undefined ? <li>It is not sent.</li> : null}
            </ol>
          </td>
        </tr>
      ) : null}
    </>
  );
}
