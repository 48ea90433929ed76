import { Button, Combobox, Dropdown, Option } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { useDeferredValue, useState } from "react";
import { type Column, useRead } from "@/api";
import { whenChosen } from "@/design";
import { toFetchXml } from "@/lib/filter";
import { cellOf, cellText } from "@/lib/record";
import styles from "./edit.module.css";
import type { Target } from "./inputs";

const MOST = 20;

/** A text as a pattern of `like`, its own wildcards taken as they are. */
export const likePattern = (text: string): string => `%${text.replace(/[[%_]/g, (sign) => `[${sign}]`)}%`;

/** A row of another entity, found by its name; of several entities the one to look in is chosen first. */
export function LookupPicker({
  connection,
  column,
  chosen,
  onChoose,
}: {
  connection: string;
  column: Column;
  chosen: Target | null;
  onChoose: (to: Target | null) => void;
}) {
  const targets = column.targets ?? [];
  const label = column.display_name || column.logical_name;
  const [entity, setEntity] = useState(chosen?.entity || (targets[0] ?? ""));
  const [typed, setTyped] = useState<string | null>(null);
  const wanted = useDeferredValue(typed?.trim() ?? "");
  const list = useRead("entities.list", { connection }, { enabled: typed !== null || targets.length > 1 });
  const found = list.data?.entities.find(({ logical_name }) => logical_name === entity);
  const name = found?.primary_name ?? null;
  const rows = useRead(
    "records.query",
    {
      connection,
      entity,
      mode: "live",
      columns: found ? [found.primary_id, ...(name ? [name] : [])] : [],
      filter:
        name && wanted !== ""
          ? toFetchXml([{ attribute: name, operator: "like", values: [likePattern(wanted)] }])
          : undefined,
      order: name ? [{ column: name, descending: false }] : undefined,
      limit: MOST,
    },
    { enabled: typed !== null && found !== undefined, keep: true },
  );
  const options = (typed === null ? [] : (rows.data?.rows ?? [])).slice(0, MOST).map((row) => ({
    id: row.id,
    title: (name && cellText(cellOf(row.raw, name), true)) || row.id,
  }));
  const titleOf = (logical: string) =>
    list.data?.entities.find(({ logical_name }) => logical_name === logical)?.display_name || logical;
  const message =
    list.data && !found
      ? `There is no entity ${entity} here`
      : (rows.error?.message ?? (rows.isFetching ? "Looking…" : "Nothing found"));
  return (
    <div className={styles.lookup}>
      {targets.length > 1 ? (
        <Dropdown
          size="small"
          aria-label={`${label}: of which entity`}
          value={titleOf(entity)}
          selectedOptions={[entity]}
          style={{ minWidth: 0, width: 104 }}
          onOptionSelect={(_, { optionValue }) => {
            setEntity(optionValue ?? entity);
            setTyped(null);
          }}
        >
          {targets.map((target) => (
            <Option key={target} value={target} text={titleOf(target)}>
              {titleOf(target)}
            </Option>
          ))}
        </Dropdown>
      ) : null}
      <Combobox
        size="small"
        freeform
        aria-label={label}
        placeholder="no value"
        value={typed ?? chosen?.title ?? ""}
        selectedOptions={chosen ? [chosen.id] : []}
        style={{ minWidth: 0, flex: 1 }}
        input={{ style: { minWidth: 0 } }}
        onOpenChange={(_, { open }) => setTyped(open ? (typed ?? "") : null)}
        onChange={(event) => setTyped(event.target.value)}
        onOptionSelect={whenChosen((id, title) => {
          onChoose({ entity, id, title });
          setTyped(null);
        })}
      >
        {options.length === 0 ? (
          <Option key="" value="" text="" disabled>
            {message}
          </Option>
        ) : null}
        {options.map(({ id, title }) => (
          <Option key={id} value={id} text={title}>
            <bdi dir="auto">{title}</bdi>
          </Option>
        ))}
      </Combobox>
      {chosen && column.required !== "system" ? (
        <Button
          size="small"
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label={`${label}: no value`}
          title="No value"
          onClick={() => {
            onChoose(null);
            setTyped(null);
          }}
        />
      ) : null}
    </div>
  );
}
