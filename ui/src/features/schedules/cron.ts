/** What the picker offers; everything else is written as five fields. */
export type Rhythm =
  | { kind: "minutes"; every: number }
  | { kind: "hourly"; minute: number }
  | { kind: "daily"; hour: number; minute: number }
  | { kind: "weekly"; days: readonly number[]; hour: number; minute: number }
  | { kind: "monthly"; day: number; hour: number; minute: number }
  | { kind: "custom"; text: string };

export const weekdays = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
] as const;

/** Distances in minutes that divide an hour. */
export const distances = [5, 10, 15, 20, 30] as const;

/** The five fields of a rhythm. */
export function cronOf(rhythm: Rhythm): string {
  switch (rhythm.kind) {
    case "minutes":
      return `*/${rhythm.every} * * * *`;
    case "hourly":
      return `${rhythm.minute} * * * *`;
    case "daily":
      return `${rhythm.minute} ${rhythm.hour} * * *`;
    case "weekly":
      return `${rhythm.minute} ${rhythm.hour} * * ${[...rhythm.days].sort((a, b) => a - b).join(",") || "1"}`;
    case "monthly":
      return `${rhythm.minute} ${rhythm.hour} ${rhythm.day} * *`;
    case "custom":
      return rhythm.text;
  }
}

function within(text: string | undefined, most: number, least = 0): number | null {
  if (text === undefined || !/^\d{1,2}$/.test(text)) return null;
  const number = Number(text);
  return number >= least && number <= most ? number : null;
}

function daysOf(text: string): number[] | null {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const range = /^(\d)(?:-(\d))?$/.exec(part);
    const from = within(range?.[1], 7);
    const to = range?.[2] === undefined ? from : within(range[2], 7);
    if (from === null || to === null || to < from) return null;
    for (let day = from; day <= to; day++) days.add(day % 7);
  }
  return [...days].sort((a, b) => a - b);
}

/** The rhythm behind five fields, where the picker has one. */
export function rhythmOf(cron: string): Rhythm {
  const [minutes, hours, day, month, weekday, ...rest] = cron.trim().split(/\s+/);
  const custom: Rhythm = { kind: "custom", text: cron };
  if (rest.length > 0 || weekday === undefined || month !== "*") return custom;
  const every = within(/^\*\/(\d{1,2})$/.exec(minutes ?? "")?.[1], 59, 1);
  if (every !== null && hours === "*" && day === "*" && weekday === "*")
    return distances.some((distance) => distance === every) ? { kind: "minutes", every } : custom;
  const minute = within(minutes, 59);
  if (minute === null) return custom;
  if (hours === "*" && day === "*" && weekday === "*") return { kind: "hourly", minute };
  const hour = within(hours, 23);
  if (hour === null) return custom;
  if (day === "*" && weekday === "*") return { kind: "daily", hour, minute };
  const days = day === "*" ? daysOf(weekday) : null;
  if (days) return { kind: "weekly", days, hour, minute };
  const date = within(day, 31, 1);
  return date !== null && weekday === "*" ? { kind: "monthly", day: date, hour, minute } : custom;
}
