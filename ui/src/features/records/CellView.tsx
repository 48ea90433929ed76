import { ChevronRightRegular } from "@fluentui/react-icons";
import type { Column } from "@/api";
import { Time } from "@/design";
import { bothText, type Cell, cellText } from "@/lib/record";
import styles from "./records.module.css";

/** A cell: a value, no value, an empty text, or not pulled. Each looks different. */
export function CellView({
  cell,
  column,
  formatted,
  both = false,
  onFollow,
}: {
  cell: Cell;
  column: Column;
  formatted: boolean;
  /** Labels and codes beside each other. */
  both?: boolean;
  onFollow?: (entity: string, id: string, title: string) => void;
}) {
  switch (cell.state) {
    case "missing":
      return (
        <span className={styles.missing} title="Not pulled">
          <span className="visually-hidden">not pulled</span>
        </span>
      );
    case "null":
      return (
        <span className={styles.null} title="No value (null)">
          –
        </span>
      );
    case "empty":
      return (
        <span className={styles.emptyText} title="An empty text">
          empty
        </span>
      );
    case "value": {
      const text = both ? bothText(cell) : cellText(cell, formatted);
      if (
        formatted &&
        !both &&
        column.type === "datetime" &&
        column.behavior !== "dateonly" &&
        column.behavior !== "timezoneindependent"
      )
        return <Time iso={cell.text} />;
      const other =
        formatted && cell.label !== null && cell.label !== cell.text ? cell.text : (cell.label ?? undefined);
      const { lookup } = cell;
      return (
        <>
          <bdi dir="auto" className={styles.text} title={hover(text, other)}>
            {oneLine(text)}
          </bdi>
          {lookup && onFollow ? (
            <button
              type="button"
              tabIndex={-1}
              className={styles.follow}
              aria-label={`Open ${cell.label ?? lookup.id}`}
              title={`Open this ${lookup.entity}`}
              onClick={(event) => {
                event.stopPropagation();
                onFollow(lookup.entity, lookup.id, cell.label ?? lookup.id);
              }}
            >
              <ChevronRightRegular />
            </button>
          ) : null}
        </>
      );
    }
  }
}

function hover(text: string, other: string | undefined): string {
  const shown = text.length > 600 ? `${text.slice(0, 600)}…` : text;
  return other ? `${shown}\n${other}` : shown;
}

/** A hundred kilobytes in one cell would only slow the grid down. */
function oneLine(text: string): string {
  const cut = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return cut.replaceAll(/\s+/g, " ");
}
