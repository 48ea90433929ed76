import { dateFormat } from "./locale";

/** How long ago in a few letters: `just now`, `5 min`, `2 h`, `3 d`. */
export function age(iso: string, now: number = Date.now()): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return iso;
  const seconds = Math.max(0, (now - then) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `2 h ago`, `just now`. */
export function ago(iso: string, now?: number): string {
  const text = age(iso, now);
  return text === "just now" || text === iso ? text : `${text} ago`;
}

/** Local and short: `today 09:12`, `Mon 17:40`, `3 Feb`, `3 Feb 2019`. */
export function shortLocal(iso: string, now: Date = new Date()): string {
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return iso;
  const time = dateFormat("time", { hour: "2-digit", minute: "2-digit" }).format(then);
  const days = Math.round((startOfDay(now) - startOfDay(then)) / 86_400_000);
  if (days === 0) return `today ${time}`;
  if (days === 1) return `yesterday ${time}`;
  if (days > 1 && days < 7) return `${dateFormat("weekday", { weekday: "short" }).format(then)} ${time}`;
  if (then.getFullYear() === now.getFullYear())
    return `${dateFormat("day", { day: "numeric", month: "short" }).format(then)} ${time}`;
  return dateFormat("date", { day: "numeric", month: "short", year: "numeric" }).format(then);
}

/** Local, whole, for lists that must line up. */
export function fullLocal(iso: string): string {
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return iso;
  return dateFormat("full", { dateStyle: "medium", timeStyle: "medium" }).format(then);
}

/** Local time of day to the second, for what is soon: `14:03:20`. */
export function clock(iso: string): string {
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return iso;
  return dateFormat("clock", { timeStyle: "medium" }).format(then);
}

/** `2026-11-21 08:12:03 UTC`: what the hover says. */
export function utc(iso: string): string {
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return iso;
  return `${then.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
