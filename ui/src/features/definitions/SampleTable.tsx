import { WarningRegular } from "@fluentui/react-icons";
import { useEffect, useRef } from "react";
import type { MappedSampleRow } from "@/api";
import { Name, sentence } from "@/design";
import { cellsOf, sampleColumns, titleOf } from "./sampleCells";
import sampleStyles from "./samples.module.css";
import { CellValue } from "./Why";

/** Ten records under each other: one look down a column tells what a rule does. The column being changed comes into sight. */
export function SampleTable({
  rows,
  target,
  changed,
}: {
  rows: readonly MappedSampleRow[];
  /** The target that is being changed. */
  target: string | null;
  /** Cells that differ from the former ten records. */
  changed: ReadonlySet<string>;
}) {
  const columns = sampleColumns(rows);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (target === null) return;
    const head = [...(frame.current?.querySelectorAll<HTMLElement>("[data-target]") ?? [])].find(
      (one) => one.dataset.target === target,
    );
    const place = frame.current;
    if (!head || !place) return;
    const first = place.querySelector("th")?.getBoundingClientRect().width ?? 0;
    const from = head.offsetLeft - first;
    if (from < place.scrollLeft || head.offsetLeft + head.offsetWidth > place.scrollLeft + place.clientWidth)
      place.scrollLeft = from;
  }, [target]);
  return (
    <section className={sampleStyles.sampleTable} ref={frame} aria-label="Ten records as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Record</th>
            {columns.map(({ key, field, kind }) => (
              <th
                key={key}
                scope="col"
                data-target={field}
                className={field === target ? sampleStyles.inFocus : undefined}
                title={kind}
              >
                {field}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const cells = new Map(cellsOf(row).map((cell) => [`${cell.kind}:${cell.field}`, cell]));
            const words = [row.skipped, ...row.issues.map(({ message }) => message)].filter(
              (text): text is string => text !== null,
            );
            return (
              <tr key={row.source_id} className={row.skipped ? sampleStyles.leftOut : undefined}>
                <th scope="row">
                  {words.length > 0 ? (
                    <WarningRegular
                      className={sampleStyles.warn}
                      aria-label={words.map(sentence).join(" ")}
                      title={words.map(sentence).join("\n")}
                    />
                  ) : null}
                  <Name text={titleOf(row)} />
                </th>
                {columns.map(({ key, field }) => {
                  const cell = cells.get(key);
                  return (
                    <td
                      key={key}
                      className={`${field === target ? sampleStyles.inFocus : ""} ${changed.has(`${row.source_id}|${key}`) ? sampleStyles.changed : ""}`}
                    >
                      {cell ? <CellValue cell={cell} record={row} /> : null}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
