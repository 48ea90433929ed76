import { useState } from "react";
import { type DataMode, toApiError, usePausedUntil, useRead } from "@/api";
import { Fault, Page, Segmented, Skeleton } from "@/design";
import { ChangesView } from "@/features/changes";
import { AccessNotice, Schema } from "@/features/entities";
import { CodeDialog, fetchOf, newDraft, RowCount } from "@/features/query";
import { RecordsView, type Written } from "@/features/records";
import { nav } from "./nav";
import { openQuery } from "./openQuery";
import type { Place } from "./places";
import { notify } from "./toasts";

/** One entity: its records and its schema. */
export function EntityRoute({
  connection,
  place,
}: {
  connection: string;
  place: Extract<Place, { at: "entity" }>;
}) {
  const { entity } = place;
  const described = useRead("entities.describe", { connection, entity });
  const list = useRead("entities.list", { connection });
  const pausedUntil = usePausedUntil(connection, described.isPending || list.isPending);
  const summary = list.data?.entities.find(({ logical_name }) => logical_name === entity);
  const [code, setCode] = useState<string | null>(null);
  const [chosen, setChosen] = useState<DataMode | null>(null);
  const cached = summary?.cached_records ?? null;
  // What was pulled is there at once and works without a network; live is one click away.
  const mode: DataMode = chosen ?? (cached === null ? "live" : "cached");
  const schema = described.data?.schema;
  return (
    <Page
      title={schema?.display_collection_name || summary?.display_collection_name || entity}
      sub={<code>{entity}</code>}
      actions={
        <Segmented
          label="Records, changes or schema"
          value={place.tab}
          onChange={(tab) => nav.refine({ ...place, tab })}
          options={[
            { value: "records", label: "Records" },
            { value: "changes", label: "What changed", title: "What the pulls of these records changed" },
            { value: "schema", label: "Schema" },
          ]}
        />
      }
      notices={
        described.error && !schema ? (
          <Fault fault={described.error} onRetry={() => void described.refetch()} />
        ) : // Reading live is refused with the same words.
        summary?.missing_privilege && !(place.tab === "records" && mode === "live") ? (
          <AccessNotice connection={connection} entity={entity} />
        ) : undefined
      }
    >
      {place.tab === "schema" ? (
        <Schema
          connection={connection}
          entity={entity}
          cachedRecords={cached}
          onOpen={(other) => nav.go({ at: "entity", entity: other, tab: "schema" })}
        />
      ) : place.tab === "changes" ? (
        <ChangesView
          key={`${connection}/${entity}`}
          connection={connection}
          entity={entity}
          columns={schema?.columns ?? []}
          onRecord={(record) => nav.go({ at: "entity", entity, tab: "records", record })}
        />
      ) : described.data && (list.data || list.error) ? (
        <RecordsView
          key={`${connection}/${entity}/${place.record ?? ""}`}
          connection={connection}
          description={described.data}
          mode={mode}
          onMode={setChosen}
          cachedRecords={cached}
          pulledAt={summary?.pulled_at ?? null}
          filter={place.filter ?? ""}
          onFilter={(filter) => nav.refine({ ...place, filter: filter || undefined })}
          record={place.record ?? null}
          onRecord={() => undefined}
          access={<AccessNotice connection={connection} entity={entity} />}
          onWritten={tellWritten}
          onStory={(of, record, name) => nav.go({ at: "story", entity: of, record, name })}
          counter={(filter) => <RowCount connection={connection} text={fetchOf(entity, filter)} />}
          onQuery={(query, as) => {
            const text = fetchOf(entity, query.filter, query.columns, query.order);
            if (as === "code") setCode(text);
            else void openQuery(connection, newDraft(text));
          }}
        />
      ) : described.error ? null : (
        <Skeleton rows={16} label="Loading the entity" pausedUntil={pausedUntil} />
      )}
      {code !== null ? (
        <CodeDialog connection={connection} language="fetchxml" text={code} onClose={() => setCode(null)} />
      ) : null}
    </Page>
  );
}

/** Tells what was written, with the way back where there is one. */
function tellWritten(written: Written, refetch: () => void): void {
  const { undo } = written;
  notify({
    tone: "success",
    title: written.title,
    action: undo
      ? {
          words: "Undo",
          run: () =>
            void undo().then(
              () => {
                refetch();
                notify({ tone: "success", title: "Undone" });
              },
              (error: unknown) => {
                const fault = toApiError(error);
                notify({ tone: "error", title: fault.message, text: fault.hint ?? undefined, fault });
              },
            ),
        }
      : undefined,
  });
}
