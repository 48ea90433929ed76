import { Button, Link } from "@fluentui/react-components";
import {
  ChevronRightRegular,
  CopyRegular,
  DeleteRegular,
  EditRegular,
  HistoryRegular,
  OpenRegular,
} from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { type DataMode, type RecordRow, toApiError, useRead } from "@/api";
import {
  CodeEditor,
  Confirm,
  Fault,
  Name,
  Panel,
  SearchField,
  Segmented,
  Skeleton,
  Time,
  useCopy,
} from "@/design";
import { host } from "@/host";
import { counted } from "@/lib/numbers";
import { cellOf, cellText, type Raw } from "@/lib/record";
import { changedColumns } from "./edit/draft";
import { EditFoot, RecordEditor } from "./edit/RecordEditor";
import { RequestDialog } from "./edit/RequestDialog";
import { useRecordEdit, versionOf, type Written } from "./edit/useRecordEdit";
import { type Crumb, Fields } from "./RecordFields";
import styles from "./records.module.css";

/** One record whole: all columns, its JSON, where it came from; lookups are followed with a way back, and it can be changed. */
export function Inspector(props: InspectorProps) {
  const here = props.trail.at(-1);
  if (!here) return null;
  return <RecordPanel key={`${here.entity}/${here.id}`} {...props} here={here} />;
}

interface InspectorProps {
  connection: string;
  /** From the record of the grid to the one in sight. */
  trail: readonly Crumb[];
  mode: DataMode;
  onTrail: (trail: Crumb[]) => void;
  onClose: () => void;
  /** What runs did to a record. */
  onStory?: (entity: string, id: string, name: string) => void;
  /** After a write: what became of it, and the way back where there is one. */
  onWritten: (written: Written) => void;
}

function RecordPanel({
  connection,
  trail,
  here,
  mode,
  onTrail,
  onClose,
  onStory,
  onWritten,
}: InspectorProps & { here: Crumb }) {
  const [formatted, setFormatted] = useState<"formatted" | "raw" | "json">("formatted");
  const [which, setWhich] = useState<"all" | "filled">("filled");
  const [search, setSearch] = useState("");
  const [editing, setEditing] = useState(false);
  const [asked, setAsked] = useState<"save" | "delete" | "request" | null>(null);
  const [copied, copy] = useCopy();
  // A change is made on what the service has now.
  const from: DataMode = editing ? "live" : mode;
  const request = { connection, entity: here.entity, id: here.id, mode: from };
  const record = useRead("records.get", request, { fresh: from === "live" });
  const described = useRead("entities.describe", { connection, entity: here.entity });
  const schema = described.data?.schema;
  const edit = useRecordEdit({
    connection,
    schema,
    id: here.id,
    onWritten: (written) => {
      setEditing(false);
      void record.refetch();
      onWritten(written);
    },
  });
  const raw = useMemo(() => versioned(record.data?.row), [record.data]);
  const primary = schema?.primary_name;
  const title = (raw && primary && cellText(cellOf(raw, primary), true)) || here.title || here.id;
  const json = raw ? JSON.stringify(raw, null, 2) : "";
  const waiting = changedColumns(edit.draft).length;
  const save = () => (edit.production ? setAsked("save") : void edit.save());
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the panel, its controls have their own
    <div
      style={{ display: "contents" }}
      onKeyDown={(event) => {
        if (event.key === "F2" && !editing) setEditing(true);
        else if (editing && event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          if (waiting > 0 && Object.keys(edit.wrong).length === 0 && edit.clashes.length === 0) save();
        }
      }}
    >
      <Panel
        title={
          <>
            {trail.length > 1 ? <WayBack trail={trail} onTrail={onTrail} /> : null}
            <Name text={title} />
          </>
        }
        onClose={onClose}
        tools={
          <>
            {editing ? (
              <Button size="small" onClick={() => setEditing(false)}>
                Back to reading
              </Button>
            ) : (
              <>
                <Button
                  size="small"
                  icon={<EditRegular />}
                  title="Change this record (F2)"
                  onClick={() => setEditing(true)}
                >
                  Edit
                </Button>
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<DeleteRegular />}
                  aria-label="Delete this record"
                  title="Delete this record"
                  disabled={!raw}
                  onClick={() => setAsked("delete")}
                />
                <Segmented
                  label="How values are shown"
                  value={formatted}
                  onChange={setFormatted}
                  options={[
                    { value: "formatted", label: "Formatted" },
                    { value: "raw", label: "Raw" },
                    { value: "json", label: "JSON" },
                  ]}
                />
              </>
            )}
            {formatted === "json" && !editing ? (
              <Button size="small" appearance="subtle" icon={<CopyRegular />} onClick={() => copy(json)}>
                {copied ? "Copied" : "Copy"}
              </Button>
            ) : (
              <>
                <Segmented
                  label="Which columns"
                  value={which}
                  onChange={setWhich}
                  options={[
                    { value: "filled", label: "With values" },
                    { value: "all", label: "All" },
                  ]}
                />
                <SearchField
                  value={search}
                  onChange={setSearch}
                  label="Find a column"
                  style={{ width: 130 }}
                />
              </>
            )}
          </>
        }
        foot={
          editing ? (
            <EditFoot edit={edit} creating={false} onRequest={() => setAsked("request")} onSave={save} />
          ) : record.data ? (
            <Provenance
              pulledAt={record.data.row.pulled_at}
              etag={record.data.row.etag}
              source={record.data.source}
              openUrl={record.data.open_url}
              onStory={onStory ? () => onStory(here.entity, here.id, title) : undefined}
            />
          ) : undefined
        }
      >
        {record.error ? <Fault fault={record.error} onRetry={() => void record.refetch()} /> : null}
        {!editing && waiting > 0 ? (
          <p role="status" className={styles.waiting}>
            {counted(waiting, "column")} changed here, not saved yet.{" "}
            <Link as="button" onClick={() => setEditing(true)}>
              Go on
            </Link>{" "}
            <Link as="button" onClick={edit.discard}>
              Discard
            </Link>
          </p>
        ) : null}
        {(!raw || (editing && (!schema || !edit.ready))) && !record.error ? (
          <Skeleton rows={14} label="Loading the record" />
        ) : null}
        {raw && editing && schema && edit.ready ? (
          <RecordEditor
            connection={connection}
            schema={schema}
            raw={raw}
            edit={edit}
            search={search}
            all={which === "all"}
          />
        ) : null}
        {raw && !editing && formatted === "json" ? (
          <CodeEditor label="The record as JSON" language="json" readOnly value={json} />
        ) : null}
        {raw && !editing && formatted !== "json" ? (
          <Fields
            raw={raw}
            columns={schema?.columns ?? []}
            formatted={formatted === "formatted"}
            all={which === "all"}
            search={search}
            onFollow={(crumb) => onTrail([...trail.slice(0, -1), { ...here, title }, crumb])}
          />
        ) : null}
      </Panel>
      {asked === "request" ? <RequestDialog request={edit.request} onClose={() => setAsked(null)} /> : null}
      <Confirm
        open={asked === "save"}
        onClose={() => setAsked(null)}
        title={`Write to ${connection}`}
        action="Write 1 record"
        danger
        onConfirm={edit.save}
      >
        This is a production environment. {counted(waiting, "column")} of {title} will be changed.
      </Confirm>
      <Confirm
        open={asked === "delete"}
        onClose={() => setAsked(null)}
        title={`Delete ${title}`}
        action="Delete 1 record"
        danger
        toFault={toApiError}
        onConfirm={() => edit.remove(versionOf(raw) ?? record.data?.row.etag ?? null).then(onClose)}
      >
        The record is deleted from {connection} if nobody changed it since it was read. This can't be undone
        here.
      </Confirm>
    </div>
  );
}

/** A record with its version, which a database tells beside the row. */
function versioned(row: RecordRow | undefined): Raw | undefined {
  if (!row) return undefined;
  return row.etag === null || versionOf(row.raw) !== null ? row.raw : { ...row.raw, "@odata.etag": row.etag };
}

function WayBack({ trail, onTrail }: { trail: readonly Crumb[]; onTrail: (trail: Crumb[]) => void }) {
  return (
    <nav className={styles.crumbs} aria-label="Way back">
      {trail.slice(0, -1).map((crumb, index) => (
        <span
          key={`${crumb.entity}/${crumb.id}/${index}`}
          style={{ display: "inline-flex", alignItems: "center" }}
        >
          <Link as="button" onClick={() => onTrail(trail.slice(0, index + 1))}>
            <Name text={crumb.title} />
          </Link>
          <ChevronRightRegular aria-hidden />
        </span>
      ))}
    </nav>
  );
}

function Provenance({
  pulledAt,
  etag,
  source,
  openUrl,
  onStory,
}: {
  pulledAt: string | null;
  etag: string | null;
  source: string;
  openUrl: string | null;
  onStory: (() => void) | undefined;
}) {
  const [copied, copy] = useCopy();
  return (
    <div style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center" }}>
      <span>
        {pulledAt ? (
          <>
            pulled <Time iso={pulledAt} form="ago" />
          </>
        ) : (
          "live, just now"
        )}
        {etag ? ` · ${etag}` : ""}
      </span>
      <Link as="button" title={source} onClick={() => copy(source)}>
        {copied ? "Copied" : "Copy the request"}
      </Link>
      {onStory ? (
        <Link as="button" title="What runs did to this record" onClick={onStory}>
          <HistoryRegular /> Story
        </Link>
      ) : null}
      {openUrl ? (
        <Link as="button" onClick={() => void host.openUrl(openUrl)}>
          <OpenRegular /> Open in Dynamics
        </Link>
      ) : null}
    </div>
  );
}
