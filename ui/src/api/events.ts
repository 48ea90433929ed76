import { useSyncExternalStore } from "react";
import { host } from "@/host";
import { call } from "./call";
import { invalidateTags } from "./client";
import type { Event } from "./generated/Event";
import { jobs } from "./jobs";

let linkUp = true;
const linkListeners = new Set<() => void>();

function setLink(up: boolean): void {
  const wasUp = linkUp;
  linkUp = up;
  for (const listener of linkListeners) listener();
  // What happened while the line was down is asked for.
  if (up && !wasUp) void refreshJobs();
}

async function refreshJobs(): Promise<void> {
  try {
    jobs.takeAll(await call("jobs.list", {}));
  } catch {
    // The screens show their own errors.
  }
}

function isEvent(value: unknown): value is Event {
  return typeof value === "object" && value !== null && "kind" in value;
}

export function onEvent(value: unknown): void {
  if (!isEvent(value)) return;
  switch (value.kind) {
    case "job":
      jobs.take(value.job);
      break;
    case "invalidate":
      void invalidateTags(value.tags);
      break;
    case "open_url":
      void host.openUrl(value.url);
      break;
  }
}

/** Connects the stores to the backend's events; call once at the start. */
export function startEvents(): () => void {
  void refreshJobs();
  return host.listen(onEvent, setLink);
}

/** False while the backend's events do not arrive. */
export function useLink(): boolean {
  return useSyncExternalStore(
    (listener) => {
      linkListeners.add(listener);
      return () => linkListeners.delete(listener);
    },
    () => linkUp,
  );
}
