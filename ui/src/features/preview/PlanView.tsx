import { Button } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import {
  type Action,
  type ApiError,
  type ConnectionView,
  change,
  type PlanRow,
  toApiError,
  usePages,
  useRead,
} from "@/api";
import {
  CountBar,
  Empty,
  Fault,
  Grid,
  type GridSort,
  Mark,
  Name,
  Page,
  SearchField,
  Skeleton,
  Split,
  Time,
} from "@/design";
import { counted } from "@/lib/numbers";
import { Causes } from "./Causes";
import { EventsNote } from "./EventsNote";
import { Foot } from "./Foot";
import { Origin } from "./Origin";
import { planColumns, writes } from "./planColumns";
import styles from "./preview.module.css";
import { RowDetail } from "./RowDetail";
import { RunDialog } from "./RunDialog";
import { SignedNote, SignOffButton } from "./SignOff";
import { StepsNote, VanishedNote } from "./StepsNote";
import { Ways, written } from "./Ways";

/** A plan: what would happen to each record and why; rows and groups can be taken out; then it runs, exactly as shown. */
export function PlanView({
  plan: first,
  connections,
  onRun,
  onOpenRun,
  onOpenDefinition,
  onUnlock,
  onAgain,
  onConflicts,
  onPairs,
}: {
  plan: string;
  connections: readonly ConnectionView[];
  /** A run began. */
  onRun: (job: string) => void;
  onOpenRun: (run: string) => void;
  onOpenDefinition: (name: string) => void;
  onUnlock: (connection: ConnectionView) => void;
  /** The same definition is previewed anew, in a job. */
  onAgain: (job: string) => void;
  /** Shows what waits for a decision in a two-way sync. */
  onConflicts: (definition: string) => void;
  /** The pairs of records that the definition keeps. */
  onPairs: (definition: string) => void;
}) {
  // Of a two-way sync the other way's plan may be in sight; both run together.
  const [way, setWay] = useState(first);
  const plan = way;
  const summary = useRead("plans.get", { plan });
  const [action, setAction] = useState<Action | null>(null);
  const [issue, setIssue] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  const [sort, setSort] = useState<GridSort | null>(null);
  const [opened, setOpened] = useState<number | null>(null);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const rows = usePages("plans.rows", {
    plan,
    action: action ?? undefined,
    issue: issue ?? undefined,
    search: search.trim() || undefined,
    sort: sort?.key === "title" || sort?.key === "action" ? sort.key : undefined,
    descending: sort?.descending || undefined,
  });

  async function exclude(request: {
    ordinals?: number[];
    action?: Action;
    issue?: string;
    excluded: boolean;
  }) {
    setError(null);
    try {
      await change("plans.exclude", { plan, ...request });
    } catch (fault) {
      setError(toApiError(fault));
    }
  }
  const columns = useMemo(
    () =>
      planColumns(
        (row, excluded) =>
          void change("plans.exclude", { plan, ordinals: [row.ordinal], excluded }).catch((fault) =>
            setError(toApiError(fault)),
          ),
      ),
    [plan],
  );

  if (summary.error && !summary.data)
    return (
      <div style={{ padding: 16 }}>
        <Fault fault={summary.error} onRetry={() => void summary.refetch()} />
      </div>
    );
  if (!summary.data) return <Skeleton rows={14} label="Loading the preview" />;
  const data = summary.data;
  const { summary: counts } = data;
  const nothing = counts.read + counts.vanished === 0;
  const destination = connections.find(({ name }) => name === data.destination);
  const source = connections.find(({ name }) => name === data.source);
  const two = data.two_way;
  const changes = written(counts) + (two ? written(two.other_counts) : 0);
  return (
    <Page
      title={<Name text={data.definition} />}
      sub={
        <>
          <span>
            {data.undo_of ? "undo previewed" : data.replay_of ? "replay previewed" : "preview made"}
          </span>{" "}
          <Time iso={data.created_at} />
          <span>
            · {data.source} {data.source_entity} → {data.destination} {data.destination_entity}
          </span>
          {[destination, two ? source : undefined].some((one) => one?.kind === "production") ? (
            <Mark tone="danger">PRODUCTION</Mark>
          ) : null}
          {data.cached ? <span>· from cached records</span> : null}
        </>
      }
      actions={
        <>
          <SignOffButton plan={data} user={source?.identity?.user_name ?? ""} />
          <Button size="small" onClick={() => onOpenDefinition(data.definition)}>
            Edit the definition
          </Button>
        </>
      }
      notices={
        <>
          {two ? (
            <Ways
              plan={data}
              onWay={(next) => {
                setWay(next);
                setOpened(null);
                setAction(null);
                setIssue(null);
              }}
              onConflicts={() => onConflicts(data.definition)}
              onPairs={() => onPairs(data.definition)}
            />
          ) : null}
          <CountBar<Action>
            label="Filter by what would happen"
            total={counts.read}
            selected={action}
            onSelect={(next) => {
              setAction(next);
            }}
            parts={[
              {
                key: "create",
                label: "create",
                value: counts.create,
                tone: "create",
                hint: "Not there yet: would be made",
              },
              {
                key: "update",
                label: "update",
                value: counts.update,
                tone: "update",
                hint: "There, but different: would be changed",
              },
              ...(counts.delete > 0
                ? [
                    {
                      key: "delete" as const,
                      label: "delete",
                      value: counts.delete,
                      tone: "delete" as const,
                      hint: "There: would be deleted; its values are kept, so that it can be brought back",
                    },
                  ]
                : []),
              {
                key: "unchanged",
                label: "unchanged",
                value: counts.unchanged,
                tone: "same",
                hint: "There, and the same: left alone",
              },
              { key: "skip", label: "skip", value: counts.skip, tone: "skip", hint: "Left out by a rule" },
              {
                key: "invalid",
                label: "invalid",
                value: counts.invalid,
                tone: "bad",
                hint: "Would be refused; not sent",
              },
            ]}
          />
          <Causes
            groups={data.issues}
            selected={issue}
            onSelect={setIssue}
            onExclude={(code) => void exclude({ issue: code, excluded: true })}
          />
          <Origin plan={data} onOpenRun={onOpenRun} />
          <SignedNote plan={data} />
          <EventsNote key={plan} plan={data} onAgain={onAgain} />
          <StepsNote steps={counts.steps} />
          <VanishedNote vanished={counts.vanished} />
          {data.status === "incomplete" ? (
            <p className={styles.note}>
              This preview was stopped before it was whole; it can't be run. Make it again.
            </p>
          ) : null}
          {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
          {rows.error ? <Fault fault={rows.error} onRetry={rows.refetch} /> : null}
        </>
      }
      toolbar={
        <>
          <SearchField value={search} onChange={setSearch} label="Find a row" style={{ width: 240 }} />
          <span className={styles.muted} role="status">
            {counted(rows.total, "row")}
          </span>
          {action && writes(action) ? (
            <>
              <Button size="small" onClick={() => void exclude({ action, excluded: true })}>
                Hold all “{action}” back
              </Button>
              <Button size="small" onClick={() => void exclude({ action, excluded: false })}>
                Put all back
              </Button>
            </>
          ) : null}
        </>
      }
    >
      <div className={styles.frame}>
        <div className={styles.place}>
          <Split
            label="Row"
            initial={520}
            side={
              opened === null ? null : (
                <RowDetail
                  plan={plan}
                  ordinal={opened}
                  comparedWith={data.compared_with}
                  destination={data.status === "ready" && !data.undo_of && !two ? destination : undefined}
                  onClose={() => setOpened(null)}
                />
              )
            }
          >
            <div className={styles.grid}>
              {rows.pending && !rows.error ? (
                <Skeleton rows={14} label="Loading rows" />
              ) : (
                <Grid<PlanRow>
                  label="Rows of the preview"
                  columns={columns}
                  rowCount={rows.total}
                  rowAt={rows.rowAt}
                  onRange={rows.onRange}
                  sort={sort}
                  onSort={setSort}
                  onToggle={(row) => {
                    if (writes(row.action))
                      void exclude({ ordinals: [row.ordinal], excluded: !row.excluded });
                  }}
                  resetKey={`${action}/${issue}/${search}/${sort?.key}/${sort?.descending}`}
                  onOpen={(row) => setOpened(row.ordinal)}
                  onActive={(row) => row && setOpened((old) => (old === null ? old : row.ordinal))}
                  rowTone={(row) =>
                    row.excluded
                      ? "muted"
                      : row.action === "invalid"
                        ? "danger"
                        : row.action === "skip"
                          ? "warning"
                          : undefined
                  }
                  empty={
                    <Empty title={nothing ? "The selection is empty" : "No row here"}>
                      {nothing
                        ? "No record of the source passes the definition's filter, or none was made or changed in the time that it looks at."
                        : "Nothing in this preview matches."}
                    </Empty>
                  }
                />
              )}
            </div>
          </Split>
        </div>
        <Foot
          data={data}
          changes={changes}
          destination={destination}
          source={two ? source : undefined}
          onAsk={() => setAsking(true)}
          onOpenRun={onOpenRun}
          onUnlock={onUnlock}
        />
      </div>
      {asking && destination ? (
        <RunDialog
          plan={data}
          changes={changes}
          destination={destination}
          source={two ? source : undefined}
          onClose={() => setAsking(false)}
          onRun={onRun}
        />
      ) : null}
    </Page>
  );
}
