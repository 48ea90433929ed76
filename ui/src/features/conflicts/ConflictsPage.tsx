import { Button, Dropdown, Option } from "@fluentui/react-components";
import { ArrowSwapRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, change, toApiError, useRead } from "@/api";
import { Empty, Fault, Page, SearchField, Skeleton } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { counted } from "@/lib/numbers";
import { ConflictRecord } from "./ConflictRecord";
import styles from "./conflicts.module.css";
import { grouped, valueWords } from "./words";

/** Conflicts that are shown at once. */
const SHOWN = 1000;

/** What waits for a decision: fields that both sides changed since the last sync, record by record. */
export function ConflictsPage({
  definition,
  onDefinition,
  onOpenDefinition,
  onPairs,
}: {
  /** Only of this definition. */
  definition: string | null;
  onDefinition: (definition: string | null) => void;
  onOpenDefinition: (definition: string) => void;
  /** The pairs of records, of one definition or of the first. */
  onPairs: (definition: string | null) => void;
}) {
  const list = useRead("conflicts.list", { definition: definition ?? undefined, limit: SHOWN });
  const [search, setSearch] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const all = list.data?.conflicts ?? [];
  const total = list.data?.total ?? 0;
  const open = all.filter(({ decision }) => decision === null).length;
  const names = [
    ...new Set([...all.map((one) => one.definition), ...(definition ? [definition] : [])]),
  ].sort();
  const groups = fuzzyFilter(search, grouped(all), (group) =>
    [
      group.title,
      group.definition,
      ...group.conflicts.flatMap((one) => [
        one.destination_field,
        valueWords(one.source.value),
        valueWords(one.destination.value),
      ]),
    ].join(" "),
  );

  async function decide(ids: string[], side: "source" | "destination" | null) {
    setError(null);
    try {
      await change("conflicts.decide", { ids, side: side ?? undefined });
    } catch (fault) {
      setError(toApiError(fault));
    }
  }

  return (
    <Page
      scroll
      title="Conflicts"
      sub={
        list.data && total > 0 ? (
          <span>
            {counted(open, "field")} to decide
            {all.length > open ? `, ${all.length - open} decided: done at the next sync` : ""}
            {total > all.length ? `; the first ${all.length} of ${total} are shown` : ""}
          </span>
        ) : null
      }
      actions={
        <Button size="small" onClick={() => onPairs(definition)}>
          Pairs
        </Button>
      }
      toolbar={
        total > 0 || definition ? (
          <>
            <SearchField value={search} onChange={setSearch} label="Find a record" style={{ width: 260 }} />
            {names.length > 1 || definition ? (
              <Dropdown
                size="small"
                aria-label="Sync"
                value={definition ?? "All syncs"}
                selectedOptions={[definition ?? ""]}
                onOptionSelect={(_, { optionValue }) => onDefinition(optionValue ? optionValue : null)}
              >
                <Option value="">All syncs</Option>
                {names.map((name) => (
                  <Option key={name} value={name}>
                    {name}
                  </Option>
                ))}
              </Dropdown>
            ) : null}
            {definition ? (
              <Button size="small" onClick={() => onOpenDefinition(definition)}>
                Open the sync
              </Button>
            ) : null}
          </>
        ) : undefined
      }
      notices={
        <>
          {list.error ? <Fault fault={list.error} onRetry={() => void list.refetch()} /> : null}
          {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
        </>
      }
    >
      {list.isPending && !list.error ? <Skeleton rows={8} label="Loading conflicts" /> : null}
      {list.data && groups.length === 0 ? (
        <Empty
          icon={<ArrowSwapRegular />}
          title={search ? `No conflict matches “${search}”` : "Nothing waits for a decision"}
        >
          {search
            ? null
            : "When both sides of a two-way sync change the same field, and its rule is to ask, the field is decided here."}
        </Empty>
      ) : null}
      <div className={styles.groups}>
        {groups.map((group) => (
          <ConflictRecord
            key={group.key}
            group={group}
            onDecide={(ids, side) => void decide(ids, side)}
            onOpenDefinition={onOpenDefinition}
          />
        ))}
      </div>
    </Page>
  );
}
