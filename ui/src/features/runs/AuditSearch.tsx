import { Dropdown, Option } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { type ApiError, type AuditQuery, type AuditRowView, toApiError, usePages, useRead } from "@/api";
import { Empty, Fault, Grid, type GridColumn, KnownRecord, Mark, Name, SearchField, Time } from "@/design";
import { counted } from "@/lib/numbers";
import { AuditMenu } from "./AuditMenu";
import type { StoryOf } from "./OutcomePanel";
import { tones } from "./outcome";
import styles from "./runs.module.css";

const SENT = "sent";
const EVERY = "every";

/** What a record can have come to, and the two that stand for several of them. */
const outcomes: readonly { value: string; label: string }[] = [
  { value: SENT, label: "All that was sent" },
  { value: EVERY, label: "Every outcome" },
  ...[
    "created",
    "updated",
    "upserted",
    "deleted",
    "failed",
    "drifted",
    "unknown",
    "unchanged",
    "skipped",
    "invalid",
    "held back",
    "not reached",
  ].map((one) => ({ value: one, label: one })),
];

/** What is asked of the audit for what was chosen. */
export function auditQuery(
  text: string,
  outcome: string,
  entity: string,
  connection: string | undefined,
): AuditQuery {
  return {
    search: text.trim() || undefined,
    outcome: outcome === SENT || outcome === EVERY ? undefined : outcome,
    sent: outcome === SENT ? true : undefined,
    entity: entity || undefined,
    connection,
  };
}

/** Records of all runs, found by name, id, value, message, outcome or entity; what is found can be written to a file. */
export function AuditSearch({
  connection,
  onStory,
}: {
  /** Where they were read or written; absent: anywhere. */
  connection: string | undefined;
  onStory: (of: StoryOf) => void;
}) {
  const [text, setText] = useState("");
  const [outcome, setOutcome] = useState(SENT);
  const [entity, setEntity] = useState("");
  const [fault, setFault] = useState<ApiError | null>(null);
  const definitions = useRead("definitions.list", {});
  const entities = useMemo(
    () =>
      [
        ...new Set(
          (definitions.data ?? []).flatMap(({ definition: { source, destination } }) => [
            source.entity ?? "",
            destination.entity,
          ]),
        ),
      ]
        .filter(Boolean)
        .sort(),
    [definitions.data],
  );
  const query = auditQuery(text, outcome, entity, connection);
  const rows = usePages("audit.rows", query);
  return (
    <div className={styles.audit}>
      <div className={styles.auditTools}>
        <SearchField
          value={text}
          onChange={setText}
          label="Find a record in all runs"
          placeholder="Name, id, value or message"
          style={{ width: 260 }}
        />
        <Dropdown
          size="small"
          aria-label="Outcome"
          value={outcomes.find(({ value }) => value === outcome)?.label ?? outcome}
          selectedOptions={[outcome]}
          onOptionSelect={(_, { optionValue }) => setOutcome(optionValue ?? SENT)}
          style={{ minWidth: 160 }}
        >
          {outcomes.map(({ value, label }) => (
            <Option key={value} value={value}>
              {label}
            </Option>
          ))}
        </Dropdown>
        <Dropdown
          size="small"
          aria-label="Entity"
          value={entity || "All entities"}
          selectedOptions={[entity]}
          onOptionSelect={(_, { optionValue }) => setEntity(optionValue ?? "")}
          style={{ minWidth: 160 }}
        >
          <Option value="">All entities</Option>
          {entities.map((name) => (
            <Option key={name} value={name}>
              {name}
            </Option>
          ))}
        </Dropdown>
        <span className={styles.muted} role="status">
          {counted(rows.total, "record")}
        </span>
        <AuditMenu
          query={query}
          name="audit-found"
          hint="Every record that is found, with what was planned, sent and answered"
          onError={(error) => setFault(toApiError(error))}
        />
      </div>
      {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
      {rows.error ? <Fault fault={rows.error} onRetry={rows.refetch} /> : null}
      <div className={styles.grid}>
        <Grid<AuditRowView>
          label="Records of all runs"
          columns={columns}
          rowCount={rows.total}
          rowAt={rows.rowAt}
          onRange={rows.onRange}
          onOpen={(row) =>
            onStory({
              connection: row.source,
              entity: row.source_entity,
              record: row.source_id,
              name: row.title || row.source_id,
            })
          }
          rowTone={(row) =>
            row.outcome === "failed" ? "danger" : row.outcome === "drifted" ? "warning" : undefined
          }
          resetKey={JSON.stringify(query)}
          empty={<Empty title="No such record">Look for other words, or for every outcome.</Empty>}
        />
      </div>
    </div>
  );
}

const columns: GridColumn<AuditRowView>[] = [
  {
    key: "title",
    title: "Record",
    width: 300,
    cell: (row) => <KnownRecord row={row} />,
    text: (row) => row.title || row.source_id,
  },
  {
    key: "entity",
    title: "Entity",
    width: 110,
    cell: (row) => <Name text={row.source_entity} />,
    text: (row) => row.source_entity,
  },
  {
    key: "outcome",
    title: "Outcome",
    width: 100,
    cell: (row) => <Mark tone={tones[row.outcome] ?? "neutral"}>{row.outcome}</Mark>,
    text: (row) => row.outcome,
  },
  {
    key: "definition",
    title: "Sync",
    width: 200,
    cell: (row) => <Name text={row.definition} />,
    text: (row) => row.definition,
  },
  {
    key: "started",
    title: "Run of",
    width: 120,
    cell: (row) => <Time iso={row.started_at} />,
    text: (row) => row.started_at,
  },
  {
    key: "message",
    title: "Message",
    width: 320,
    cell: (row) => (row.message ? <Name text={row.message} /> : null),
    text: (row) => row.message ?? "",
  },
];
