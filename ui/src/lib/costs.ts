import type { CostView, JobCalls } from "@/api";
import { count, counted, duration } from "./numbers";
import { clock } from "./time";

/** `about 60 requests · 15 s · 3 % of the service's limit`. */
export function costWords(cost: CostView): string {
  const share = limitShare(cost);
  const parts = [`about ${counted(cost.calls, "request")}`, duration(cost.seconds)];
  if (share > 0) parts.push(`${share} % of the service's limit`);
  return parts.join(" · ");
}

/** `request 12 of about 40` of work under way; `12 requests` where nobody can tell how many there will be. */
export function callWords({ spent, expected }: JobCalls): string {
  return expected === null
    ? counted(spent, "request")
    : `request ${count(spent)} of about ${count(expected)}`;
}

/** The larger part of what the service lets one user do in five minutes, in percent; above 100 it imposes pauses. */
export function limitShare(cost: CostView): number {
  return Math.ceil(Math.max(cost.share_of_requests, cost.share_of_time) * 100);
}

/** Why nothing comes: the service imposed a pause (429 with `Retry-After`). */
export const pauseWords = (until: string): string => `the service asked to wait until ${clock(until)}`;

/** What the words mean. */
export const costMeaning =
  "An estimate. Dataverse lets one user send 6,000 requests that take 20 minutes together within five minutes; beyond that it asks to wait. It is corrected while the work goes on.";
