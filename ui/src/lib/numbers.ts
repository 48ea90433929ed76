import { numberFormat } from "./locale";

/** `12,402`. */
export function count(value: number): string {
  return numberFormat("count", { maximumFractionDigits: 0 }).format(value);
}

/** `98 k`, `1.2 M`; small numbers in full. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return count(Math.round(value));
  const [divisor, unit] = Math.abs(value) < 1_000_000 ? [1_000, "k"] : [1_000_000, "M"];
  const scaled = value / divisor;
  const digits = Math.abs(scaled) < 10 ? 1 : 0;
  return `${numberFormat(`compact${digits}`, { maximumFractionDigits: digits }).format(scaled)} ${unit}`;
}

/** `3 contacts`, `1 contact`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `4.2 MB`. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && scaled < 10 ? 1 : 0;
  return `${numberFormat(`bytes${digits}`, { maximumFractionDigits: digits }).format(scaled)} ${units[unit]}`;
}

/** `0.4 s`, `6 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(seconds: number): string {
  if (seconds < 10)
    return `${numberFormat("tenths", { maximumFractionDigits: 1 }).format(Math.max(0, seconds))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A part of a whole in percent, 0 to 100; 0 for an empty whole. */
export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.max(0, (part / whole) * 100)) : 0;
}
