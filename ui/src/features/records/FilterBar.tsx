import { Button, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { AddRegular, CodeRegular, DismissRegular, FilterRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type Column, operatorWords, useRead } from "@/api";
import { type Condition, fromFetchXml, toFetchXml } from "@/lib/filter";
import { ConditionForm } from "./ConditionForm";
import { FilterText } from "./FilterText";
import styles from "./records.module.css";

/** Conditions as chips; what chips can't say is edited as FetchXML. */
export function FilterBar({
  connection,
  entity,
  columns,
  filter,
  onChange,
}: {
  connection: string;
  entity: string;
  columns: readonly Column[];
  filter: string;
  onChange: (filter: string) => void;
}) {
  const operators = useRead("filters.operators", {});
  const [open, setOpen] = useState<number | "new" | "text" | null>(null);
  const conditions = fromFetchXml(filter);
  const labelOf = (condition: Condition): string => {
    const column = columns.find(({ logical_name }) => logical_name === condition.attribute);
    const operator = operatorWords(condition.operator);
    const values = condition.values.map(
      (value) => column?.options?.find((option) => String(option.value) === value)?.label ?? value,
    );
    return [column?.display_name || condition.attribute, operator, values.join(", ")]
      .filter(Boolean)
      .join(" ");
  };
  const put = (index: number, condition: Condition | null) => {
    const next = [...(conditions ?? [])];
    if (condition === null) next.splice(index, 1);
    else next[index] = condition;
    onChange(toFetchXml(next) ?? "");
    setOpen(null);
  };
  const form = (index: number) => (
    <ConditionForm
      columns={columns}
      operators={operators.data ?? []}
      initial={conditions?.[index] ?? null}
      onSave={(condition) => put(index, condition)}
      onCancel={() => setOpen(null)}
    />
  );
  return (
    <div className={styles.chips} role="group" aria-label="Filter">
      {conditions === null ? (
        <span className={styles.chip}>
          <button type="button" onClick={() => setOpen("text")} title={filter}>
            <FilterRegular /> <span>FetchXML filter</span>
          </button>
          <button type="button" aria-label="Remove the filter" onClick={() => onChange("")}>
            <DismissRegular />
          </button>
        </span>
      ) : (
        conditions.map((condition, index) => (
          <Popover
            key={`${condition.attribute}/${condition.operator}/${index}`}
            trapFocus
            open={open === index}
            onOpenChange={(_, data) => setOpen(data.open ? index : null)}
            positioning="below-start"
          >
            <span className={styles.chip}>
              <PopoverTrigger disableButtonEnhancement>
                <button type="button" title={labelOf(condition)}>
                  <span dir="auto">{labelOf(condition)}</span>
                </button>
              </PopoverTrigger>
              <button
                type="button"
                aria-label={`Remove ${labelOf(condition)}`}
                onClick={() => put(index, null)}
              >
                <DismissRegular />
              </button>
            </span>
            <PopoverSurface className={styles.filterSurface}>{form(index)}</PopoverSurface>
          </Popover>
        ))
      )}
      {conditions === null ? null : (
        <Popover
          trapFocus
          open={open === "new"}
          onOpenChange={(_, data) => setOpen(data.open ? "new" : null)}
          positioning="below-start"
        >
          <PopoverTrigger disableButtonEnhancement>
            <Button size="small" appearance="subtle" icon={<AddRegular />}>
              Filter
            </Button>
          </PopoverTrigger>
          <PopoverSurface className={styles.filterSurface}>{form(conditions.length)}</PopoverSurface>
        </Popover>
      )}
      <Button
        size="small"
        appearance="subtle"
        icon={<CodeRegular />}
        aria-label="Edit the filter as FetchXML"
        title="Edit the filter as FetchXML"
        onClick={() => setOpen("text")}
      />
      {open === "text" ? (
        <FilterText
          connection={connection}
          entity={entity}
          initial={filter}
          onClose={() => setOpen(null)}
          onSave={(next) => {
            onChange(next);
            setOpen(null);
          }}
        />
      ) : null}
    </div>
  );
}
