import {
  Button,
  Checkbox,
  Field,
  Popover,
  PopoverSurface,
  PopoverTrigger,
  SpinButton,
} from "@fluentui/react-components";
import { ColumnTripleEditRegular } from "@fluentui/react-icons";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { Column } from "@/api";
import { Name, SearchField } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import styles from "./records.module.css";

/** Which columns are shown: search, tick, take all, go back to the first choice. */
export function ColumnPicker({
  all,
  shown,
  onChange,
  frozen,
  onFrozen,
}: {
  all: readonly Column[];
  shown: readonly string[];
  onChange: (columns: string[]) => void;
  /** Columns from the first that stay in place. */
  frozen: number;
  onFrozen: (frozen: number) => void;
}) {
  return (
    <Popover trapFocus positioning="below-end">
      <PopoverTrigger disableButtonEnhancement>
        <Button size="small" appearance="subtle" icon={<ColumnTripleEditRegular />} title="Choose columns">
          <span className={styles.word}>Columns</span>
        </Button>
      </PopoverTrigger>
      <PopoverSurface className={styles.picker} aria-label="Choose columns">
        <Picker all={all} shown={shown} onChange={onChange} frozen={frozen} onFrozen={onFrozen} />
      </PopoverSurface>
    </Popover>
  );
}

function Picker({
  all,
  shown,
  onChange,
  frozen,
  onFrozen,
}: {
  all: readonly Column[];
  shown: readonly string[];
  onChange: (columns: string[]) => void;
  /** Columns from the first that stay in place. */
  frozen: number;
  onFrozen: (frozen: number) => void;
}) {
  const [search, setSearch] = useState("");
  const scroll = useRef<HTMLDivElement>(null);
  const found = useMemo(() => {
    const readable = all.filter((column) => column.readable);
    const hits = fuzzyFilter(search, readable, (column) => `${column.display_name} ${column.logical_name}`);
    return search
      ? hits
      : [...hits].sort((a, b) =>
          (a.display_name || a.logical_name).localeCompare(b.display_name || b.logical_name),
        );
  }, [all, search]);
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 32,
    overscan: 6,
    initialRect: { width: 300, height: 320 },
  });
  const chosen = new Set(shown);
  return (
    <>
      <SearchField value={search} onChange={setSearch} label="Find a column" />
      <div className={styles.pickerTools}>
        <Button
          size="small"
          onClick={() =>
            onChange(all.filter((column) => column.readable).map((column) => column.logical_name))
          }
        >
          All
        </Button>
        <Button size="small" onClick={() => onChange([])}>
          Standard choice
        </Button>
        <span className={styles.muted}>{shown.length} shown</span>
      </div>
      <Field
        orientation="horizontal"
        size="small"
        label="Columns that stay in place"
        hint="Counted from the first; drag a column's head to put it there"
      >
        <SpinButton
          size="small"
          min={1}
          max={6}
          value={frozen}
          onChange={(_, { value, displayValue }) => {
            const wanted = Math.round(value ?? Number(displayValue ?? 1));
            if (wanted >= 1 && wanted <= 6) onFrozen(wanted);
          }}
        />
      </Field>
      <div ref={scroll} className={styles.pickerRows}>
        <div style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map((item) => {
            const column = found[item.index];
            if (!column) return null;
            const name = column.logical_name;
            return (
              <div
                key={name}
                className={styles.pickerRow}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Checkbox
                  checked={chosen.has(name)}
                  label={{ children: <Name text={column.display_name || name} />, style: { minWidth: 0 } }}
                  onChange={(_, { checked }) =>
                    onChange(checked ? [...shown, name] : shown.filter((other) => other !== name))
                  }
                />
                <code className={styles.muted}>{name}</code>
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}
