import { useCallback, useState } from "react";
import {
  type ApiError,
  type Column,
  call,
  change,
  type EntitySchema,
  isDatabase,
  type RecordWrite,
  toApiError,
  useKept,
  useRead,
} from "@/api";
import type { Raw } from "@/lib/record";
import { type Clash, type Draft, isDraft, noDraft, outgoing, rebased, undoing } from "./draft";
import type { Input } from "./inputs";
import { asRequest, type Switch } from "./Switches";

/** What a person is told after a write. */
export interface Written {
  title: string;
  id: string | null;
  undo: (() => Promise<void>) | null;
}

/** The version that was seen is not the record's any more: Dataverse's code (If-Match), and what a database's row is refused with. */
const CHANGED_MEANWHILE = ["0x80060882", "row_changed"];

export const versionOf = (raw: Raw | null | undefined): string | null => {
  const etag = raw?.["@odata.etag"];
  return typeof etag === "string" ? etag : null;
};

/** Changing one record, or making one where `id` is null. */
export function useRecordEdit({
  connection,
  schema,
  id,
  onWritten,
}: {
  connection: string;
  schema: EntitySchema | undefined;
  id: string | null;
  onWritten: (written: Written) => void;
}) {
  const entity = schema?.logical_name ?? "";
  const [draft, setDraft, ready] = useKept<Draft>(
    `edit/${connection}/${entity}/${id ?? "new"}`,
    isDraft,
    noDraft,
  );
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  const [clashes, setClashes] = useState<Clash[]>([]);
  const [told, setTold] = useState("");
  /** An alternate key by which the new record is found, if it is there already. */
  const [key, setKey] = useState<readonly string[] | null>(null);
  /** Switches of the write; off again for another record. */
  const [chosen, setChosen] = useState<{ of: string | null; on: readonly Switch[] }>({ of: id, on: [] });
  const switches = chosen.of === id ? chosen.on : [];
  const connections = useRead("connections.list", {});
  const view = connections.data?.find(({ name }) => name === connection);
  const production = view?.kind === "production";
  const locked =
    view !== undefined &&
    !view.writable &&
    !(view.unlocked_until && Date.parse(view.unlocked_until) > Date.now());
  const columns = schema?.columns ?? [];
  const { changes, wrong } = outgoing(columns, draft);
  const request: RecordWrite = {
    connection,
    entity,
    ...asked(id, key, changes),
    etag: id === null ? undefined : (draft.etag ?? undefined),
    expect: production ? 1 : undefined,
    switches: asRequest(switches),
  };

  const meet = useCallback(async () => {
    if (id === null) return;
    const live = await call("records.get", { connection, entity, id, mode: "live" });
    const next = rebased(columns, draft, live.row.raw, versionOf(live.row.raw) ?? live.row.etag);
    setDraft(next.draft);
    setClashes(next.clashes);
    setTold(
      next.clashes.length > 0
        ? ""
        : "Somebody else changed other columns of this record meanwhile. Your changes stand on the new version; save again.",
    );
  }, [connection, entity, id, columns, draft, setDraft]);

  async function save(): Promise<void> {
    setBusy(true);
    setFault(null);
    setTold("");
    try {
      const written = await change("records.write", request);
      const undo =
        id === null
          ? undoOfCreate(request, written.id, written.record)
          : undoOfUpdate(columns, draft, request, written.record);
      setDraft(noDraft);
      setClashes([]);
      onWritten({ title: id === null ? "Record saved" : "Changes saved", id: written.id, undo });
    } catch (error) {
      const told = toApiError(error);
      if (CHANGED_MEANWHILE.includes(told.service_code?.toLowerCase() ?? "") && id !== null) {
        try {
          await meet();
        } catch (other) {
          setFault(toApiError(other));
        }
      } else setFault(told);
    } finally {
      setBusy(false);
    }
  }

  async function remove(etag: string | null): Promise<void> {
    if (id === null) return;
    await change("records.write", {
      connection,
      entity,
      operation: "delete",
      id,
      etag: etag ?? undefined,
      expect: production ? 1 : undefined,
      switches: asRequest(switches),
    });
    setDraft(noDraft);
    onWritten({ title: "Record deleted", id: null, undo: null });
  }

  return {
    draft,
    setDraft,
    ready,
    busy,
    fault,
    clearFault: () => setFault(null),
    clashes,
    settle: (name: string) => setClashes(clashes.filter(({ column }) => column.logical_name !== name)),
    told,
    wrong,
    request,
    production,
    locked,
    /** A row of a database: what only Dynamics 365 has is not offered. */
    database: view !== undefined && isDatabase(view),
    key,
    setKey,
    switches,
    setSwitches: (on: readonly Switch[]) => setChosen({ of: id, on }),
    save,
    remove,
    discard: () => {
      setDraft(noDraft);
      setClashes([]);
      setFault(null);
      setTold("");
    },
  };
}

export type RecordEdit = ReturnType<typeof useRecordEdit>;

function asked(
  id: string | null,
  key: readonly string[] | null,
  changes: Record<string, unknown>,
): Pick<RecordWrite, "operation" | "id" | "key" | "changes"> {
  if (id !== null) return { operation: "update", id, changes };
  if (key === null) return { operation: "create", changes };
  const named = Object.fromEntries(key.map((name) => [name, changes[name] ?? null]));
  const others = Object.fromEntries(Object.entries(changes).filter(([name]) => !key.includes(name)));
  return { operation: "upsert", key: named, changes: others };
}

function undoOfUpdate(
  columns: readonly Column[],
  draft: Draft,
  { connection, entity, id, expect, switches }: RecordWrite,
  after: Raw | null,
): (() => Promise<void>) | null {
  const etag = versionOf(after);
  if (etag === null) return null;
  const changes = undoing(columns, draft);
  return async () => {
    await change("records.write", {
      connection,
      entity,
      operation: "update",
      id,
      changes,
      etag,
      expect,
      switches,
    });
  };
}

/** What was made can be deleted again; an upsert may have changed what was there, so it has no way back. */
function undoOfCreate(
  { connection, entity, operation, expect, switches }: RecordWrite,
  id: string | null,
  after: Raw | null,
): (() => Promise<void>) | null {
  const etag = versionOf(after);
  if (operation !== "create" || id === null || etag === null) return null;
  return async () => {
    await change("records.write", { connection, entity, operation: "delete", id, etag, expect, switches });
  };
}

/** A new state takes a status reason that belongs to it. */
export function withStatus(
  columns: readonly Column[],
  column: Column,
  input: Input,
  status: (column: Column) => Input,
): { column: Column; input: Input } | null {
  if (column.type !== "state" || input.kind !== "code" || input.code === null) return null;
  const reason = columns.find(({ type }) => type === "status");
  if (!reason) return null;
  const fitting = (reason.options ?? []).filter(({ state }) => state === input.code);
  const now = status(reason);
  if (now.kind === "code" && fitting.some(({ value }) => value === now.code)) return null;
  const [first] = fitting;
  return first ? { column: reason, input: { kind: "code", code: first.value } } : null;
}
