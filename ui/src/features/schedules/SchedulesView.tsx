import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { AddRegular, ClockRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, change, type ScheduleView, toApiError, useRead } from "@/api";
import { Confirm, Empty, Fault, Mark, Name, Page, Skeleton, Time } from "@/design";
import { counted } from "@/lib/numbers";
import { AtMost } from "./AtMost";
import { CronPicker, localWords, NextTimes } from "./CronPicker";
import styles from "./schedules.module.css";
import { Texts } from "./Texts";

interface Editing {
  name: string;
  cron: string;
  atMost: number | undefined;
}

/** Syncs that run by themselves: when next, what was missed; paused, resumed, begun now. */
export function SchedulesView({
  belongs,
  onOpen,
  onOpenRun,
}: {
  belongs: (source: string, destination: string) => boolean;
  onOpen: (definition: string) => void;
  onOpenRun: (run: string) => void;
}) {
  const list = useRead("schedules.list", {}, { every: () => 30_000 });
  const definitions = useRead("definitions.list", {});
  const [editing, setEditing] = useState<Editing | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const shown = (list.data ?? []).filter((one) => belongs(one.source, one.destination));
  const scheduled = new Set((list.data ?? []).map((one) => one.definition));
  const others = (definitions.data ?? []).filter(
    ({ name, definition }) =>
      !scheduled.has(name) && belongs(definition.source.connection, definition.destination.connection),
  );
  async function act(work: () => Promise<unknown>) {
    setError(null);
    try {
      await work();
    } catch (fault) {
      setError(toApiError(fault));
    }
  }
  return (
    <Page
      scroll
      title="Schedules"
      sub="Syncs that run by themselves while Syncline is open"
      actions={
        others.length > 0 ? (
          <Menu positioning={{ autoSize: true }}>
            <MenuTrigger disableButtonEnhancement>
              <Button size="small" appearance="primary" icon={<AddRegular />}>
                Schedule a sync
              </Button>
            </MenuTrigger>
            <MenuPopover>
              <MenuList>
                {others.map(({ name }) => (
                  <MenuItem
                    key={name}
                    onClick={() => setEditing({ name, cron: "0 * * * *", atMost: undefined })}
                  >
                    {name}
                  </MenuItem>
                ))}
              </MenuList>
            </MenuPopover>
          </Menu>
        ) : undefined
      }
      notices={
        <>
          {list.error ? <Fault fault={list.error} onRetry={() => void list.refetch()} /> : null}
          {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
        </>
      }
    >
      {list.isPending && !list.error ? <Skeleton label="Loading schedules" /> : null}
      {list.data && shown.length === 0 ? (
        <Empty icon={<ClockRegular />} title="Nothing runs by itself">
          A sync with a schedule runs at its times while Syncline is open. The same schedule can be written
          out for systemd, cron, Windows or a CI job.
        </Empty>
      ) : null}
      <ul className={styles.list}>
        {shown.map((one) => (
          <One
            key={one.definition}
            schedule={one}
            onOpen={() => onOpen(one.definition)}
            onOpenRun={onOpenRun}
            onEdit={() =>
              setEditing({ name: one.definition, cron: one.cron, atMost: one.at_most ?? undefined })
            }
            act={act}
          />
        ))}
      </ul>
      {editing ? (
        <Confirm
          open
          onClose={() => setEditing(null)}
          title={`When “${editing.name}” runs`}
          action={scheduled.has(editing.name) ? "Save" : "Save and switch on"}
          toFault={toApiError}
          onConfirm={async () => {
            const fresh = scheduled.has(editing.name) ? {} : { paused: false };
            const { name, cron, atMost } = editing;
            await change("schedules.set", { name, cron, at_most: atMost ?? 0, ...fresh });
          }}
        >
          <div className={styles.edit}>
            <CronPicker cron={editing.cron} onChange={(cron) => setEditing({ ...editing, cron })} />
            <NextTimes cron={editing.cron} />
            <AtMost value={editing.atMost} onChange={(atMost) => setEditing({ ...editing, atMost })} />
            <p className={styles.muted}>
              It writes without a question where the destination may be written to, and never more than this.
            </p>
          </div>
        </Confirm>
      ) : null}
    </Page>
  );
}

function One({
  schedule,
  onOpen,
  onOpenRun,
  onEdit,
  act,
}: {
  schedule: ScheduleView;
  onOpen: () => void;
  onOpenRun: (run: string) => void;
  onEdit: () => void;
  act: (work: () => Promise<unknown>) => Promise<void>;
}) {
  const [texts, setTexts] = useState(false);
  const name = schedule.definition;
  const next = schedule.next[0];
  return (
    <li className={styles.one}>
      <div className={styles.head}>
        <h2>
          <button type="button" className={styles.name} onClick={onOpen}>
            <Name text={name} />
          </button>
        </h2>
        <Mark tone={schedule.running ? "brand" : schedule.paused ? "neutral" : "success"}>
          {schedule.running ? "running" : schedule.paused ? "paused" : "on"}
        </Mark>
        <span className={styles.muted}>
          {schedule.source} → {schedule.destination}
        </span>
        <span className={styles.grow} />
        <Button
          size="small"
          onClick={() => void act(() => change("schedules.set", { name, paused: !schedule.paused }))}
          aria-label={`${schedule.paused ? "Resume" : "Pause"} ${name}`}
        >
          {schedule.paused ? "Resume" : "Pause"}
        </Button>
        <Button
          size="small"
          disabled={schedule.running}
          onClick={() => void act(() => change("schedules.run", { name }))}
          aria-label={`Run ${name} now`}
        >
          Run now
        </Button>
        <Button size="small" onClick={onEdit} aria-label={`Change when ${name} runs`}>
          Change…
        </Button>
        <Button
          size="small"
          appearance="subtle"
          aria-expanded={texts}
          onClick={() => setTexts(!texts)}
          aria-label={`${name} for other schedulers`}
        >
          For other schedulers
        </Button>
      </div>
      <p>
        {schedule.words}
        {schedule.at_most === null ? null : (
          <span className={styles.muted}> · at most {counted(schedule.at_most, "record")}</span>
        )}
        {next ? (
          <span className={styles.muted} title={next.utc}>
            {" "}
            · next {localWords(next.at)}
          </span>
        ) : null}
      </p>
      {schedule.missed > 0 ? (
        <p className={styles.warn} role="status">
          {counted(schedule.missed, "time")} missed
          {schedule.missed_at ? (
            <>
              , the last <Time iso={schedule.missed_at} form="full" />
            </>
          ) : null}
          {schedule.missed_why ? `: ${schedule.missed_why}` : ""}.{" "}
          <Button
            size="small"
            disabled={schedule.running}
            onClick={() =>
              void act(async () => {
                await change("schedules.run", { name });
                await change("schedules.seen", { name });
              })
            }
            aria-label={`Run ${name} now, for the times that were missed`}
          >
            Run it now
          </Button>{" "}
          <Button
            size="small"
            appearance="subtle"
            onClick={() => void act(() => change("schedules.seen", { name }))}
            aria-label={`Leave the missed times of ${name}`}
          >
            Leave it
          </Button>
        </p>
      ) : null}
      {schedule.began ? (
        <p className={styles.muted}>
          Last begun <Time iso={schedule.began} />
          {schedule.run_id ? (
            <>
              {" · "}
              <button
                type="button"
                className={styles.name}
                onClick={() => schedule.run_id && onOpenRun(schedule.run_id)}
              >
                its run
              </button>
            </>
          ) : null}
        </p>
      ) : null}
      {schedule.error ? <Fault fault={schedule.error} /> : null}
      {texts ? <Texts name={name} /> : null}
    </li>
  );
}
