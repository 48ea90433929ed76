import { Button } from "@fluentui/react-components";
import { ArrowClockwiseRegular, PlayRegular, WarningRegular } from "@fluentui/react-icons";
import { useEffect, useMemo, useRef, useState } from "react";
import { call, type MappedSampleRow, usePausedUntil, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Skeleton, sentence } from "@/design";
import { useParts } from "./context";
import { toJson } from "./model";
import { withoutBroken } from "./problems";
import { SampleTable } from "./SampleTable";
import { cellsOf, changedCells, targetAt, titleOf, withKeys } from "./sampleCells";
import sampleStyles from "./samples.module.css";
import { isTwoWay } from "./TwoWay";
import { CellValue } from "./Why";

const PAUSE_MS = 350;

/**
 * Ten real records as they would go, made anew as the definition changes; a question that is no longer of use is given up. Lines
 * with problems are left out meanwhile.
 */
export function SamplePanel({ look, focused }: { look: "cards" | "table"; focused: string | null }) {
  const { editor } = useParts();
  const { definition, problems, check, json, unreadable } = editor;
  const whole = problems.length === 0;
  const asking = useMemo(() => {
    if (!check || unreadable) return null;
    if (whole) return { json, wholePath: (path: string) => path };
    const rest = withoutBroken(definition, problems);
    return rest ? { json: toJson(rest.definition), wholePath: rest.wholePath } : null;
  }, [check, unreadable, whole, json, definition, problems]);
  const [asked, setAsked] = useState(asking);
  useEffect(() => {
    if (asking === null) return;
    const timer = setTimeout(() => setAsked(asking), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asking]);
  const sample = useRead(
    "definitions.sample",
    { json: asked?.json ?? "", limit: 10 },
    { enabled: asked !== null, keep: true, abandon: true },
  );
  const pausedUntil = usePausedUntil(definition.source.connection, sample.isLoading);
  const target = targetAt(definition, focused);
  const former = useRef<{ now: readonly MappedSampleRow[]; changed: ReadonlySet<string> }>({
    now: [],
    changed: new Set(),
  });
  const fetched = sample.data?.records;
  if (fetched && fetched !== former.current.now)
    former.current = { now: fetched, changed: changedCells(former.current.now, fetched) };
  const { changed } = former.current;
  if (asked === null && !sample.data)
    return (
      <Empty title="Ten records will show here">
        as soon as the definition has a source, a destination and an identifier without problems.
      </Empty>
    );
  if (sample.error && !sample.data)
    return <Fault fault={sample.error} onRetry={() => void sample.refetch()} />;
  if (!sample.data) return <Skeleton rows={12} label="Mapping ten records" pausedUntil={pausedUntil} />;
  const { cached } = sample.data;
  async function again() {
    if (asked)
      await call("definitions.sample", { json: asked.json, limit: 10, again: true }).catch(() => null);
    await sample.refetch();
  }
  const both = isTwoWay(definition);
  const records = sample.data.records.map((row) => ({
    ...(both ? withKeys(row, definition) : row),
    explanations: row.explanations.map((one) => ({
      ...one,
      path: asked?.wholePath(one.path) ?? one.path,
    })),
  }));
  return (
    <div aria-busy={sample.isFetching} className={sampleStyles.samples}>
      {sample.error ? <Fault fault={sample.error} onRetry={() => void sample.refetch()} /> : null}
      <p className={sampleStyles.sampleNote} role="status">
        {records.length} records as they would go, {cached ? "from the store" : "read from the service"}
        {asking === null
          ? "; from before the last change, until its problems are mended"
          : whole
            ? ""
            : "; lines with problems are left out"}
        <Button
          size="small"
          appearance="transparent"
          icon={<ArrowClockwiseRegular />}
          aria-label="Read ten records again"
          onClick={() => void again()}
        />
      </p>
      {records.length === 0 ? (
        <Empty title="No record passes the filter">Change the filter, or take another source.</Empty>
      ) : look === "table" ? (
        <SampleTable rows={records} target={target} changed={changed} />
      ) : (
        records.map((row) => <Card key={row.source_id} row={row} target={target} changed={changed} />)
      )}
    </div>
  );
}

interface SampleMarks {
  /** The target that is being changed. */
  target: string | null;
  /** Cells that differ from the former ten records. */
  changed: ReadonlySet<string>;
}

function Card({ row, target, changed }: SampleMarks & { row: MappedSampleRow }) {
  const { editor, previewOne } = useParts();
  const title = titleOf(row);
  return (
    <article className={sampleStyles.sample} aria-label={title}>
      <div className={sampleStyles.sampleHead}>
        <Name text={title} />
        {row.skipped ? <Mark tone="warning">left out</Mark> : null}
        <Button
          size="small"
          appearance="transparent"
          icon={<PlayRegular />}
          aria-label={`Preview ${title} by itself`}
          title="Preview this record by itself"
          disabled={editor.problems.length > 0 || editor.unreadable}
          onClick={() => previewOne(row.source_id)}
        />
      </div>
      {row.skipped ? <p className={sampleStyles.issue}>{sentence(row.skipped)}</p> : null}
      <Issues row={row} />
      <dl>
        {cellsOf(row).map((cell) => (
          <div
            key={`${cell.kind}${cell.field}`}
            className={cell.field === target ? sampleStyles.inFocus : undefined}
            style={{ display: "contents" }}
          >
            <dt>{cell.field}</dt>
            <dd
              className={
                changed.has(`${row.source_id}|${cell.kind}:${cell.field}`) ? sampleStyles.changed : undefined
              }
            >
              <CellValue cell={cell} record={row} />
            </dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

export function Issues({ row }: { row: MappedSampleRow }) {
  return (
    <>
      {row.issues.map((issue) => (
        <p key={`${issue.code}${issue.field}${issue.message}`} className={sampleStyles.issue}>
          <WarningRegular aria-label="Issue" /> <span>{sentence(issue.message)}</span>
        </p>
      ))}
    </>
  );
}
