import { Checkbox, Dropdown, Field, Option, Radio, RadioGroup, SpinButton } from "@fluentui/react-components";
import { type ReactNode, useEffect, useState } from "react";
import { change, type FetchMode, type PullItem, toApiError, useRead } from "@/api";
import { Confirm, Name } from "@/design";
import { costMeaning, costWords } from "@/lib/costs";
import { listLine } from "@/lib/lists";
import { fetchModes } from "@/lib/modes";
import { counted } from "@/lib/numbers";
import styles from "./records.module.css";
import { Watermark } from "./Watermark";

/** Marketing lists have members of these entities (Dynamics 365 Sales, marketing lists). */
const listed = ["account", "contact", "lead"];

/** What is pulled, and which records of it. */
export function PullDialog({
  connection,
  entity,
  columns,
  filter,
  counter,
  onClose,
}: {
  connection: string;
  entity: string;
  columns: readonly string[];
  filter: string;
  /** How many rows a filter lets through. */
  counter?: (filter: string) => ReactNode;
  onClose: () => void;
}) {
  const [which, setWhich] = useState<"all" | "these">("all");
  const [filtered, setFiltered] = useState(filter !== "");
  const [full, setFull] = useState(false);
  const [mode, setMode] = useState<FetchMode>("new-and-updated");
  const [days, setDays] = useState(0);
  const [lists, setLists] = useState<readonly string[]>([]);
  const fromLists = lists.length > 0;
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Pull ${entity}`}
      action="Pull"
      toFault={toApiError}
      onConfirm={async () => {
        const item = {
          entity,
          columns: which === "these" ? [...columns] : undefined,
          filter: filtered && filter !== "" ? filter : undefined,
          mode: fromLists ? ("all" as const) : mode,
          days: fromLists || mode !== "all" || days === 0 ? undefined : days,
          full: full || undefined,
        };
        const [list, ...more] = lists;
        if (list !== undefined && more.length > 0)
          await change("cache.pull_many", {
            connection,
            items: lists.map((one) => ({ ...item, list: one })),
          });
        else await change("cache.pull", { connection, ...item, list });
      }}
    >
      <div className={styles.stack}>
        <p className={styles.muted}>
          The records are kept in the encrypted store on this computer, where they can be searched without a
          network. An interrupted pull goes on where it stopped.
        </p>
        {listed.includes(entity) ? (
          <Lists connection={connection} entity={entity} chosen={lists} onChange={setLists} />
        ) : null}
        <RadioGroup
          value={fromLists ? "" : mode}
          disabled={fromLists}
          onChange={(_, { value }) => setMode(value as FetchMode)}
          aria-label="Which records"
        >
          {fetchModes.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </RadioGroup>
        {mode === "all" && !fromLists ? (
          <Field
            label="Days to get"
            hint={
              days === 0
                ? "0: every record, whenever it was modified; what is gone at the service leaves the cache"
                : `Only records modified in the last ${counted(days, "day")}; the others stay as they are`
            }
          >
            <SpinButton
              min={0}
              max={3650}
              value={days}
              onChange={(_, data) =>
                setDays(Math.max(0, Math.round(data.value ?? Number(data.displayValue ?? 0)) || 0))
              }
            />
          </Field>
        ) : null}
        {fromLists ? null : <Watermark connection={connection} entity={entity} />}
        <RadioGroup
          value={which}
          onChange={(_, { value }) => setWhich(value === "these" ? "these" : "all")}
          aria-label="Columns"
        >
          <Radio value="all" label="All columns I may read" />
          <Radio value="these" label={`Only the ${columns.length} columns shown`} />
        </RadioGroup>
        {filter === "" ? null : (
          <Checkbox
            checked={filtered}
            onChange={(_, { checked }) => setFiltered(checked === true)}
            label="Only records that pass the filter"
          />
        )}
        <Cost
          connection={connection}
          item={{
            entity,
            columns: which === "these" ? [...columns] : undefined,
            filter: filtered && filter !== "" ? filter : undefined,
            mode: fromLists ? "all" : mode,
            days: fromLists || mode !== "all" || days === 0 ? undefined : days,
            list: lists.length === 1 ? lists[0] : undefined,
          }}
        />
        {counter && !fromLists ? counter(filtered ? filter : "") : null}
        <Checkbox
          checked={full}
          onChange={(_, { checked }) => setFull(checked === true)}
          label="Begin anew, even if an interrupted pull could go on"
        />
      </div>
    </Confirm>
  );
}

/** What the pull would cost. It is asked a moment after the last change. */
function Cost({ connection, item }: { connection: string; item: PullItem }) {
  const asked = useSettled(item, 400);
  const cost = useRead("cache.cost", { connection, ...asked });
  if (!cost.data) return null;
  const { records, exact } = cost.data;
  const size =
    records === null ? "As many records as changed" : `${exact ? "" : "About "}${counted(records, "record")}`;
  return (
    <p className={styles.muted} title={costMeaning} data-cost>
      {`${size}: ${records === null ? "at least " : ""}${costWords(cost.data.cost)}`}
    </p>
  );
}

/** A value once it has not changed for so many milliseconds. */
function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text) as T), milliseconds);
    return () => clearTimeout(timer);
  }, [text, milliseconds]);
  return settled;
}

/** Marketing lists whose members are pulled in place of all records. */
function Lists({
  connection,
  entity,
  chosen,
  onChange,
}: {
  connection: string;
  entity: string;
  chosen: readonly string[];
  onChange: (lists: readonly string[]) => void;
}) {
  const found = useRead("lists.list", { connection });
  const all = (found.data ?? []).filter((list) => list.entity === entity);
  const only = chosen.length === 1 ? chosen[0] : undefined;
  const counting = useRead("lists.count", { connection, list: only ?? "" }, { enabled: only !== undefined });
  const names = all.filter(({ id }) => chosen.includes(id)).map(({ name }) => name);
  const hint =
    chosen.length === 0
      ? found.data && all.length === 0
        ? "There is no list of these records that you may see"
        : "None: all records"
      : counting.data && only
        ? `${counting.data.exact ? "" : "At least "}${counted(counting.data.members, "member")} now; all of them are read on each run`
        : "All members are read on each run";
  return (
    <Field
      label="Members of marketing lists"
      hint={found.error ? "The lists can't be read now" : hint}
      validationState={counting.data?.warning ? "warning" : "none"}
      validationMessage={counting.data?.warning ?? undefined}
    >
      <Dropdown
        multiselect
        disabled={all.length === 0}
        placeholder="Choose lists"
        value={names.join(", ")}
        selectedOptions={[...chosen]}
        onOptionSelect={(_, { selectedOptions }) => onChange(selectedOptions)}
      >
        {all.map((list) => (
          <Option key={list.id} value={list.id} text={list.name}>
            <span className={styles.listOption}>
              <Name text={list.name} />
              <span className={styles.muted}>{listLine(list)}</span>
            </span>
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}
