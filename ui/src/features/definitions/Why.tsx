import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import type { Explanation, MappedSampleRow } from "@/api";
import { sentence } from "@/design";
import { plainText } from "@/lib/record";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import type { SampleCell } from "./sampleCells";
import sampleStyles from "./samples.module.css";

/** A value that tells how it came to be when it is asked; one that is missing tells why. */
export function CellValue({ cell, record }: { cell: SampleCell; record: MappedSampleRow }) {
  const { explanation, field, value } = cell;
  const shown = <Shown value={value} />;
  if (!explanation || explanation.steps.length === 0) return shown;
  return (
    <Popover positioning={{ position: "before", fallbackPositions: ["below", "above"] }} trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <button type="button" className={sampleStyles.cell} aria-label={`Why ${field} is ${wordsOf(value)}`}>
          {shown}
        </button>
      </PopoverTrigger>
      <PopoverSurface className={sampleStyles.why} aria-label={`How ${field} came to be`}>
        <Chain explanation={explanation} value={value} record={record} />
      </PopoverSurface>
    </Popover>
  );
}

function wordsOf(value: unknown): string {
  if (value === undefined) return "not sent";
  if (value === null) return "null";
  return plainText(value).slice(0, 80) || "empty";
}

function Shown({ value }: { value: unknown }) {
  if (value === undefined) return <span className={sampleStyles.missing}>not sent</span>;
  if (value === null) return <span className={styles.muted}>null</span>;
  const text = plainText(value);
  return (
    <bdi dir="auto" title={text.length > 160 ? text.slice(0, 800) : undefined}>
      {text.length > 160 ? `${text.slice(0, 160)}…` : text === "" ? "(empty)" : text}
    </bdi>
  );
}

/** The chain from what is stored at the source to what is sent. */
function Chain({
  explanation,
  value,
  record,
}: {
  explanation: Explanation;
  value: unknown;
  record: MappedSampleRow;
}) {
  const { reveal } = useParts();
  return (
    <>
      <p className={sampleStyles.whyHead}>
        <b>{explanation.field}</b>{" "}
        {explanation.path ? (
          <button type="button" className={styles.link} onClick={() => reveal(explanation.path)}>
            {explanation.path}
          </button>
        ) : null}
        <span className={styles.muted}> of {record.source_id}</span>
      </p>
      <ol className={sampleStyles.steps}>
        {explanation.steps.map((step, index) => (
          <li key={index}>
            <span className={sampleStyles.rule}>{step.rule.replaceAll("_", " ")}</span> {sentence(step.text)}
            <div>
              <code>
                {step.value === null || step.value === undefined ? "–" : JSON.stringify(step.value)}
              </code>
            </div>
          </li>
        ))}
        <li className={sampleStyles.lastStep}>
          {value === undefined ? (
            "It is not sent."
          ) : (
            <>
              Goes as <code>{JSON.stringify(value)}</code>
            </>
          )}
        </li>
      </ol>
    </>
  );
}
