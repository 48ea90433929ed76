import { Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useState } from "react";
import { useRead } from "@/api";
import { sentence } from "@/design";
import { cronOf, distances, type Rhythm, rhythmOf, weekdays } from "./cron";
import styles from "./schedules.module.css";

const starts: Record<Rhythm["kind"], Rhythm> = {
  minutes: { kind: "minutes", every: 15 },
  hourly: { kind: "hourly", minute: 0 },
  daily: { kind: "daily", hour: 6, minute: 0 },
  weekly: { kind: "weekly", days: [1, 2, 3, 4, 5], hour: 6, minute: 0 },
  monthly: { kind: "monthly", day: 1, hour: 6, minute: 0 },
  custom: { kind: "custom", text: "0 * * * *" },
};

/** A time in words, in the zone of this window. */
export function localWords(iso: string): string {
  return new Intl.DateTimeFormat(undefined, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(new Date(iso));
}

/** A time in UTC where the local one is beside it: without the day, unless that is another one. */
export function utcWords(iso: string): string {
  const at = new Date(iso);
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" } as const;
  const otherDay = at.getDate() !== at.getUTCDate();
  const words = new Intl.DateTimeFormat(
    undefined,
    otherDay ? { weekday: "long", day: "numeric", month: "long", ...clock } : clock,
  ).format(at);
  return `${words} UTC`;
}

const two = (number: number) => String(number).padStart(2, "0");

/** When something runs: chosen, or written as five fields. All in UTC, as the definition keeps it. */
export function CronPicker({ cron, onChange }: { cron: string; onChange: (cron: string) => void }) {
  const [custom, setCustom] = useState(rhythmOf(cron).kind === "custom");
  const rhythm: Rhythm = custom ? { kind: "custom", text: cron } : rhythmOf(cron);
  const set = (next: Rhythm) => onChange(cronOf(next));
  const timed =
    rhythm.kind === "daily" || rhythm.kind === "weekly" || rhythm.kind === "monthly" ? rhythm : null;
  return (
    <div className={styles.picker} role="group" aria-label="When it runs">
      <Field label="How often">
        <Select
          value={rhythm.kind}
          onChange={(_, { value }) => {
            const kind = value as Rhythm["kind"];
            setCustom(kind === "custom");
            set(kind === "custom" ? { kind, text: cron } : starts[kind]);
          }}
        >
          <option value="minutes">every few minutes</option>
          <option value="hourly">every hour</option>
          <option value="daily">every day</option>
          <option value="weekly">on days of the week</option>
          <option value="monthly">once a month</option>
          <option value="custom">as five fields (cron)</option>
        </Select>
      </Field>
      {rhythm.kind === "minutes" ? (
        <Field label="Every">
          <Select
            value={String(rhythm.every)}
            onChange={(_, { value }) => set({ ...rhythm, every: Number(value) })}
          >
            {distances.map((distance) => (
              <option key={distance} value={distance}>
                {distance} minutes
              </option>
            ))}
          </Select>
        </Field>
      ) : null}
      {rhythm.kind === "hourly" ? (
        <Field label="At minute">
          <Input
            type="number"
            min={0}
            max={59}
            value={String(rhythm.minute)}
            onChange={(_, { value }) =>
              set({ ...rhythm, minute: Math.min(59, Math.max(0, Number(value) || 0)) })
            }
          />
        </Field>
      ) : null}
      {rhythm.kind === "monthly" ? (
        <Field label="On day">
          <Input
            type="number"
            min={1}
            max={31}
            value={String(rhythm.day)}
            onChange={(_, { value }) =>
              set({ ...rhythm, day: Math.min(31, Math.max(1, Number(value) || 1)) })
            }
          />
        </Field>
      ) : null}
      {timed ? (
        <Field label="At (UTC)">
          <Input
            type="time"
            value={`${two(timed.hour)}:${two(timed.minute)}`}
            onChange={(_, { value }) => {
              const [hour, minute] = value.split(":").map(Number);
              if (hour !== undefined && minute !== undefined && !Number.isNaN(hour + minute))
                set({ ...timed, hour, minute });
            }}
          />
        </Field>
      ) : null}
      {rhythm.kind === "weekly" ? (
        <div className={styles.days} role="group" aria-label="Days of the week">
          {weekdays.map((name, day) => (
            <Checkbox
              key={name}
              label={name.slice(0, 3)}
              aria-label={name}
              checked={rhythm.days.includes(day)}
              onChange={(_, { checked }) => {
                const days = checked ? [...rhythm.days, day] : rhythm.days.filter((one) => one !== day);
                if (days.length > 0) set({ ...rhythm, days });
              }}
            />
          ))}
        </div>
      ) : null}
      {rhythm.kind === "custom" ? (
        <Field label="Minute, hour, day, month, weekday (UTC)">
          <Input
            value={cron}
            onChange={(_, { value }) => onChange(value)}
            style={{ fontFamily: "var(--fontFamilyMonospace)" }}
          />
        </Field>
      ) : null}
    </div>
  );
}

/** A schedule in words and its next five times, in the zone of this machine and in UTC. */
export function NextTimes({ cron }: { cron: string }) {
  const times = useRead("schedules.times", { cron }, { keep: true });
  const { data } = times;
  if (!data) return null;
  if (data.words === null)
    return (
      <p role="alert" className={styles.problem}>
        {sentence(data.problem ?? "This is no schedule")}
      </p>
    );
  return (
    <div aria-live="polite">
      <p>
        {data.words} <code className={`${styles.muted} ${styles.cron}`}>{cron}</code>
      </p>
      {data.problem ? <p className={styles.problem}>{sentence(data.problem)}</p> : null}
      <ol className={styles.times} aria-label="The next times">
        {data.next.map((time) => (
          <li key={time.at}>
            {localWords(time.at)} <span className={styles.muted}>· {utcWords(time.at)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
