import { useSyncExternalStore } from "react";
import type { JobView } from "./generated/JobView";

/** Jobs by id, newest news first-hand from events. Events are numbered; an older one than seen is ignored. */
class JobStore {
  private jobs: ReadonlyMap<string, JobView> = new Map();
  private listeners = new Set<() => void>();
  private endings = new Set<(job: JobView) => void>();

  /** Takes one view of a job in; tells listeners when it is news. */
  take(job: JobView): void {
    const known = this.jobs.get(job.id);
    if (known && known.number > job.number) return;
    const next = new Map(this.jobs);
    next.set(job.id, job);
    this.jobs = next;
    for (const listener of this.listeners) listener();
    if (isOver(job) && !(known && isOver(known))) for (const ending of this.endings) ending(job);
  }

  takeAll(jobs: readonly JobView[]): void {
    for (const job of jobs) this.take(job);
  }

  get(id: string): JobView | undefined {
    return this.jobs.get(id);
  }

  snapshot = (): ReadonlyMap<string, JobView> => this.jobs;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Called once for each job that ends while the window is open. */
  onEnd(listener: (job: JobView) => void): () => void {
    this.endings.add(listener);
    return () => this.endings.delete(listener);
  }

  clear(): void {
    this.jobs = new Map();
  }
}

export const jobs = new JobStore();

export function isOver(job: JobView): boolean {
  return job.state === "done" || job.state === "failed" || job.state === "cancelled";
}

export function useJobs(): JobView[] {
  const all = useSyncExternalStore(jobs.subscribe, jobs.snapshot);
  return [...all.values()].sort((a, b) => b.started_at.localeCompare(a.started_at));
}

export function useJob(id: string | null | undefined): JobView | undefined {
  const all = useSyncExternalStore(jobs.subscribe, jobs.snapshot);
  return id ? all.get(id) : undefined;
}

/** Resolves when the job is over. The backend's list is asked too, so that an event missed in between does no harm. */
export function jobEnd(id: string, ask: () => Promise<JobView>, everyMs = 1500): Promise<JobView> {
  return new Promise((resolve, reject) => {
    const known = jobs.get(id);
    if (known && isOver(known)) return resolve(known);
    const finish = (job: JobView) => {
      stop();
      clearInterval(timer);
      resolve(job);
    };
    const stop = jobs.subscribe(() => {
      const job = jobs.get(id);
      if (job && isOver(job)) finish(job);
    });
    const timer = setInterval(() => {
      ask().then(
        (job) => jobs.take(job),
        (error) => {
          stop();
          clearInterval(timer);
          reject(error);
        },
      );
    }, everyMs);
  });
}
