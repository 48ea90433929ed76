import { Button, Dropdown, Option } from "@fluentui/react-components";
import { LinkRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import {
  change,
  type DefinitionView,
  type LinkState,
  type LinkView,
  toApiError,
  usePages,
  useRead,
} from "@/api";
import {
  Confirm,
  Empty,
  Fault,
  Grid,
  type GridColumn,
  type GridSelection,
  Mark,
  Name,
  Page,
  SearchField,
  Skeleton,
  Time,
} from "@/design";
import { counted } from "@/lib/numbers";
import styles from "./links.module.css";

const states: readonly { value: LinkState | ""; label: string }[] = [
  { value: "", label: "All pairs" },
  { value: "gone", label: "Deleted on one side" },
  { value: "conflict", label: "With conflicts" },
];

/** Which records of both sides belong together, as a two-way sync keeps them. */
export function LinksPage({
  definition,
  isTwoWay,
  onDefinition,
  onOpenDefinition,
  onConflicts,
}: {
  /** Of this definition; absent: of the first one that is two-way. */
  definition: string | null;
  isTwoWay: (definition: DefinitionView["definition"]) => boolean;
  onDefinition: (definition: string) => void;
  onOpenDefinition: (definition: string) => void;
  onConflicts: (definition: string) => void;
}) {
  const all = useRead("definitions.list", {});
  const twoWay = useMemo(
    () => (all.data ?? []).filter((one) => isTwoWay(one.definition)),
    [all.data, isTwoWay],
  );
  const shown = twoWay.find(({ name }) => name === definition) ?? (definition ? undefined : twoWay[0]);
  return (
    <Page
      title="Pairs"
      sub={
        shown ? (
          <span>
            {shown.definition.source.connection} · {shown.definition.source.entity} ⇄{" "}
            {shown.definition.destination.connection} · {shown.definition.destination.entity}
          </span>
        ) : null
      }
      actions={
        shown ? (
          <Button size="small" onClick={() => onOpenDefinition(shown.name)}>
            Open the sync
          </Button>
        ) : undefined
      }
      notices={all.error ? <Fault fault={all.error} onRetry={() => void all.refetch()} /> : undefined}
      toolbar={
        twoWay.length > 1 || (definition && !shown) ? (
          <Dropdown
            size="small"
            aria-label="Sync"
            value={shown?.name ?? "Choose a sync"}
            selectedOptions={shown ? [shown.name] : []}
            onOptionSelect={(_, { optionValue }) => optionValue && onDefinition(optionValue)}
          >
            {twoWay.map(({ name }) => (
              <Option key={name} value={name}>
                {name}
              </Option>
            ))}
          </Dropdown>
        ) : undefined
      }
    >
      {all.isPending && !all.error ? <Skeleton rows={8} label="Loading the syncs" /> : null}
      {all.data && !shown ? (
        <Empty
          icon={<LinkRegular />}
          title={definition ? `${definition} is no two-way sync` : "No two-way sync yet"}
        >
          A sync whose changes come back keeps which record of one side is which of the other. Its pairs are
          listed here.
        </Empty>
      ) : null}
      {shown ? <Pairs key={shown.name} sync={shown} onConflicts={() => onConflicts(shown.name)} /> : null}
    </Page>
  );
}

function Pairs({ sync, onConflicts }: { sync: DefinitionView; onConflicts: () => void }) {
  const [search, setSearch] = useState("");
  const [state, setState] = useState<LinkState | "">("");
  const [selection, setSelection] = useState<GridSelection>(new Set());
  const [active, setActive] = useState<LinkView | null>(null);
  const [asking, setAsking] = useState(false);
  const links = usePages("links.list", {
    name: sync.name,
    search: search.trim() || undefined,
    state: state || undefined,
  });
  const columns = useMemo(() => pairColumns(sync), [sync]);
  const ticked = [...selection].map(links.rowAt).filter((row) => row !== undefined);
  const chosen = ticked.length > 0 ? ticked : active && links.total > 0 ? [active] : [];
  const narrow = (then: () => void) => {
    setSelection(new Set());
    setActive(null);
    then();
  };
  return (
    <div className={styles.pairs}>
      <div className={styles.bar}>
        <SearchField
          value={search}
          onChange={(text) => narrow(() => setSearch(text))}
          label="Find a pair by name, value or id"
          style={{ width: 280 }}
        />
        <Dropdown
          size="small"
          aria-label="State"
          className={styles.state}
          value={states.find(({ value }) => value === state)?.label ?? ""}
          selectedOptions={[state]}
          onOptionSelect={(_, { optionValue }) =>
            narrow(() => setState(states.find(({ value }) => value === optionValue)?.value ?? ""))
          }
        >
          {states.map(({ value, label }) => (
            <Option key={value} value={value}>
              {label}
            </Option>
          ))}
        </Dropdown>
        <span className={styles.muted}>{counted(links.total, "pair")}</span>
        <Button size="small" disabled={chosen.length === 0} onClick={() => setAsking(true)}>
          {chosen.length > 1 ? `Forget ${chosen.length} pairs…` : "Forget pair…"}
        </Button>
        {state === "conflict" && links.total > 0 ? (
          <Button size="small" onClick={onConflicts}>
            Decide the conflicts
          </Button>
        ) : null}
      </div>
      {links.error ? <Fault fault={links.error} onRetry={links.refetch} /> : null}
      <div className={styles.grid}>
        <Grid<LinkView>
          label="Pairs of records"
          columns={columns}
          rowCount={links.total}
          rowAt={links.rowAt}
          onRange={links.onRange}
          selection={selection}
          onSelection={setSelection}
          onActive={(row) => setActive(row ?? null)}
          rowTone={(row) => (row.gone ? "muted" : row.conflicts > 0 ? "warning" : undefined)}
          resetKey={`${search}/${state}`}
          empty={
            links.pending && !links.error ? null : (
              <Empty title={search || state ? "No such pair" : "No pairs yet"}>
                {search || state ? null : "The first run of the sync makes them."}
              </Empty>
            )
          }
        />
      </div>
      {asking ? (
        <Confirm
          open
          onClose={() => setAsking(false)}
          title={chosen.length === 1 ? "Forget this pair?" : `Forget ${chosen.length} pairs?`}
          action="Forget"
          danger
          toFault={toApiError}
          onConfirm={async () => {
            await change("links.forget", { name: sync.name, ids: chosen.map(({ id }) => id) });
            setSelection(new Set());
            setActive(null);
          }}
        >
          <p>
            Both records stay as they are. At the next sync they are matched by their keys, as before the
            first one; where the keys differ, each is new to the other side. What both held after the last
            sync is forgotten, so a field that differs then is a conflict.
          </p>
          {chosen.length <= 5 ? (
            <ul className={styles.list}>
              {chosen.map((one) => (
                <li key={one.id}>
                  <Name text={one.title || one.source_id} />
                </li>
              ))}
            </ul>
          ) : null}
        </Confirm>
      ) : null}
    </div>
  );
}

function stateOf(row: LinkView, sync: DefinitionView): string {
  if (row.gone) return `deleted at ${sync.definition[row.gone].connection}`;
  return row.conflicts > 0 ? counted(row.conflicts, "conflict") : "paired";
}

function pairColumns(sync: DefinitionView): GridColumn<LinkView>[] {
  const { source, destination } = sync.definition;
  return [
    {
      key: "title",
      title: "Known by",
      width: 240,
      cell: (row) => (row.title ? <Name text={row.title} /> : null),
      text: (row) => row.title,
    },
    {
      key: "source",
      title: `Id at ${source.connection}`,
      width: 320,
      cell: (row) => <Name text={row.source_id} />,
      text: (row) => row.source_id,
    },
    {
      key: "destination",
      title: `Id at ${destination.connection}`,
      width: 320,
      cell: (row) => <Name text={row.destination_id} />,
      text: (row) => row.destination_id,
    },
    {
      key: "state",
      title: "State",
      width: 180,
      cell: (row) => (
        <Mark tone={row.gone ? "neutral" : row.conflicts > 0 ? "warning" : "success"}>
          {stateOf(row, sync)}
        </Mark>
      ),
      text: (row) => stateOf(row, sync),
    },
    {
      key: "at",
      title: "Last sync",
      width: 150,
      cell: (row) => <Time iso={row.at} />,
      text: (row) => row.at,
    },
  ];
}
