import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it, vi } from "vitest";
import { invalidateTags } from "./client";
import { errorLook, errorLooks, errorText, startupFaults, toApiError } from "./errors";
import { commandTags } from "./generated/commands";
import type { JobView } from "./generated/JobView";
import { isOver, jobEnd, jobs } from "./jobs";
import { isWritable, ofClient } from "./lights";
import type { ConnectionView } from "./types";

const job = (part: Partial<JobView>): JobView => ({
  id: "1",
  kind: "pull",
  connection: "contoso",
  title: "pulling contact",
  state: "running",
  stage: "reading",
  done: 0,
  total: null,
  rate: null,
  seconds_left: null,
  calls: null,
  seconds: 0,
  started_at: "2026-11-21T08:00:00Z",
  finished_at: null,
  error: null,
  result: null,
  number: 1,
  ...part,
});

describe("errors", () => {
  it("have a title each, and words on the button wherever there is a remedy", () => {
    for (const [code, look] of Object.entries(errorLooks)) {
      expect(look.title, code).not.toBe("");
      expect(look.action !== "", code).toBe(look.remedy !== "none");
    }
    for (const code of startupFaults) expect(errorLooks[code].severity).toBe("error");
  });
  it("keep what the service said for a support case", () => {
    const text = errorText({
      code: "sign_in_refused",
      message: "the client secret is wrong",
      hint: "copy its value",
      detail: "AADSTS7000215: Invalid client secret",
      request_id: "0000-1111",
      service_code: "AADSTS7000215",
    });
    for (const part of ["wrong", "copy its value", "0000-1111", "AADSTS7000215"])
      expect(text).toContain(part);
  });
  it("of any other kind become one", () => {
    expect(toApiError(new Error("boom"))).toMatchObject({ code: "internal", message: "boom" });
    expect(toApiError({ code: "no_such_code", message: "x" }).code).toBe("internal");
    expect(errorLook(toApiError("text")).remedy).toBe("retry");
  });
});

describe("jobs", () => {
  it("ignore older news and tell an end once", () => {
    jobs.clear();
    const ended = vi.fn();
    const stop = jobs.onEnd(ended);
    jobs.take(job({ number: 2, done: 20 }));
    jobs.take(job({ number: 1, done: 10 }));
    expect(jobs.get("1")?.done).toBe(20);
    jobs.take(job({ number: 3, state: "done" }));
    jobs.take(job({ number: 3, state: "done" }));
    expect(ended).toHaveBeenCalledTimes(1);
    stop();
  });
  it("are over even when the last event was missed", async () => {
    jobs.clear();
    const ask = vi.fn(async () => job({ id: "2", number: 9, state: "failed" }));
    const ended = await jobEnd("2", ask, 5);
    expect(isOver(ended)).toBe(true);
  });
});

describe("tags", () => {
  it("make stale what provides them, and nothing else", async () => {
    const client = new QueryClient();
    const fetched: string[] = [];
    for (const [key, tags] of [
      ["a", ["cache"]],
      ["b", ["runs"]],
    ] as const)
      await client.fetchQuery({
        queryKey: [key],
        queryFn: () => {
          fetched.push(key);
          return 1;
        },
        meta: { tags },
        staleTime: Number.POSITIVE_INFINITY,
      });
    await invalidateTags(["cache", "metadata"], client);
    expect(client.getQueryState(["a"])?.isInvalidated).toBe(true);
    expect(client.getQueryState(["b"])?.isInvalidated).toBe(false);
    expect(fetched).toEqual(["a", "b"]);
  });
  it("of a change never forget the connections after forgetting one", () => {
    expect(commandTags["connections.forget"].stales).toEqual(
      expect.arrayContaining(["connections", "cache", "runs"]),
    );
  });
});

describe("connections", () => {
  const base = { writable: false, unlocked_until: null } as ConnectionView;
  it("may be written to only while unlocked", () => {
    const now = Date.parse("2026-11-21T08:00:00Z");
    expect(isWritable(base, now)).toBe(false);
    expect(isWritable({ ...base, unlocked_until: "2026-11-21T08:00:01Z" }, now)).toBe(true);
    expect(isWritable({ ...base, unlocked_until: "2026-11-21T07:59:59Z" }, now)).toBe(false);
    expect(isWritable({ ...base, writable: true }, now)).toBe(true);
  });
  it("of one client are kept from those of another", () => {
    const all = [
      { ...base, name: "a", client: "Contoso" },
      { ...base, name: "b", client: null },
      { ...base, name: "c", client: "Contoso" },
    ] as ConnectionView[];
    expect(ofClient(all, "Contoso").map(({ name }) => name)).toEqual(["a", "c"]);
    expect(ofClient(all, null).map(({ name }) => name)).toEqual(["b"]);
  });
});
