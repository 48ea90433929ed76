import { Button, Switch } from "@fluentui/react-components";
import {
  AddRegular,
  ArrowSwapRegular,
  ArrowUploadRegular,
  PlayMultiple16Regular,
} from "@fluentui/react-icons";
import { type ReactNode, useState } from "react";
import { type ApiError, type DefinitionView, useRead } from "@/api";
import { Empty, Fault, Name, Page, SearchField, Skeleton, Time } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { counted } from "@/lib/numbers";

import listStyles from "./list.module.css";
import { RowMenu } from "./RowMenu";
import { useImport } from "./useImport";

/** Definitions of this client; others only when asked for. */
export function DefinitionsList({
  belongs,
  outcome,
  onOpen,
  onNew,
  onRunAll,
  onConflicts,
}: {
  belongs: (definition: DefinitionView) => boolean;
  /** How its last run is shown. */
  outcome: (definition: DefinitionView) => ReactNode;
  onOpen: (name: string) => void;
  onNew: () => void;
  /** Several of them in their order. */
  onRunAll: () => void;
  /** Shows what waits for a decision. */
  onConflicts: () => void;
}) {
  const list = useRead("definitions.list", {});
  const waiting = useRead("conflicts.list", { limit: 1 });
  const [search, setSearch] = useState("");
  const [everyone, setEveryone] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const { take, said } = useImport(onOpen);
  const all = list.data ?? [];
  const mine = all.filter(belongs);
  const shown = fuzzyFilter(
    search,
    everyone ? all : mine,
    ({ name, definition }) =>
      `${name} ${definition.source.connection} ${definition.destination.connection} ${definition.source.entity ?? ""}`,
  );
  return (
    <Page
      scroll
      title="Syncs"
      sub="What is read, how it maps, where it goes"
      actions={
        <>
          {waiting.data && waiting.data.total > 0 ? (
            <Button size="small" onClick={onConflicts}>
              {counted(waiting.data.total, "conflict")}
            </Button>
          ) : null}
          <Button size="small" icon={<ArrowUploadRegular />} onClick={() => void take()}>
            Import
          </Button>
          {mine.length > 1 ? (
            <Button size="small" icon={<PlayMultiple16Regular />} onClick={onRunAll}>
              Run several…
            </Button>
          ) : null}
          <Button size="small" appearance="primary" icon={<AddRegular />} onClick={onNew}>
            New sync
          </Button>
        </>
      }
      toolbar={
        all.length > 0 ? (
          <>
            <SearchField value={search} onChange={setSearch} label="Find a sync" style={{ width: 260 }} />
            {mine.length < all.length ? (
              <Switch
                checked={everyone}
                onChange={(_, { checked }) => setEveryone(checked)}
                label="Of all clients"
              />
            ) : null}
          </>
        ) : undefined
      }
      notices={
        <>
          {list.error ? <Fault fault={list.error} onRetry={() => void list.refetch()} /> : null}
          {said}
          {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
        </>
      }
    >
      {list.isPending && !list.error ? <Skeleton label="Loading syncs" /> : null}
      {list.data && shown.length === 0 ? (
        <Empty
          icon={<ArrowSwapRegular />}
          title={search ? `No sync matches “${search}”` : "No syncs yet"}
          actions={
            search ? null : (
              <Button appearance="primary" onClick={onNew}>
                New sync
              </Button>
            )
          }
        >
          {search
            ? null
            : "A sync says which records go where and how they look there. You see each change before anything is written."}
        </Empty>
      ) : null}
      {shown.length > 0 ? (
        <table className={listStyles.rows} aria-label="Syncs">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Last run</th>
              <th scope="col">Changed</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.name}>
                <td>
                  <button
                    type="button"
                    id={`definition-${one.hash}`}
                    className={listStyles.openRow}
                    onClick={() => onOpen(one.name)}
                  >
                    <Name text={one.name} />
                  </button>
                </td>
                <td>
                  <Name
                    text={`${one.definition.source.connection} · ${one.definition.source.entity ?? one.definition.source.list ?? ""}`}
                  />
                </td>
                <td>
                  <Name
                    text={`${one.definition.destination.connection} · ${one.definition.destination.entity}`}
                  />
                </td>
                <td>{outcome(one)}</td>
                <td>
                  <Time iso={one.changed_at} />
                </td>
                <td className={listStyles.rowMenu}>
                  <RowMenu
                    one={one}
                    describedBy={`definition-${one.hash}`}
                    onOpen={onOpen}
                    onError={setError}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </Page>
  );
}
