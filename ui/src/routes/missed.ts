import { useEffect, useRef } from "react";
import { type ScheduleView, useRead } from "@/api";
import { counted } from "@/lib/numbers";
import { nav } from "./nav";
import { type Notice, notify } from "./toasts";

/** What went by without a run, in one notice; null: nothing did. */
export function missedNotice(missed: readonly ScheduleView[]): Notice | null {
  const [first] = missed;
  if (!first) return null;
  return {
    tone: "warning",
    title:
      missed.length === 1
        ? `Missed ${counted(first.missed, "time")}: ${first.definition}`
        : `${counted(missed.length, "sync")} missed their times`,
    text: first.missed_why ?? undefined,
    action: { words: "Show the schedules", run: () => nav.go({ at: "schedules" }) },
  };
}

/**
 * How many syncs missed a time while the application was closed. Which ones is said once; what to do about it stands with the
 * schedules.
 */
export function useMissedTimes(): number {
  const { data } = useRead("schedules.list", {});
  const told = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const missed = (data ?? []).filter((one) => one.missed > 0);
    const keys = missed.map((one) => `${one.definition} ${one.missed_at}`);
    const fresh = missed.filter((_, index) => !told.current.has(keys[index] ?? ""));
    told.current = new Set(keys);
    const notice = nav.get().place.at === "schedules" ? null : missedNotice(fresh);
    if (notice) notify(notice);
  }, [data]);
  return (data ?? []).filter((one) => one.missed > 0).length;
}
