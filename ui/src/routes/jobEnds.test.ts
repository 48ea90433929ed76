import { expect, it } from "vitest";
import type { JobView } from "@/api";
import { endNotice } from "./jobEnds";

const job: JobView = {
  id: "1",
  kind: "export",
  connection: "contoso",
  title: "comparing account",
  state: "done",
  stage: "",
  done: 0,
  total: null,
  rate: null,
  seconds_left: null,
  calls: null,
  seconds: 2,
  started_at: "2026-01-01T00:00:00Z",
  finished_at: "2026-01-01T00:00:02Z",
  error: null,
  result: null,
  number: 1,
};

it("a comparison says how the two differ, not that nothing was written", () => {
  const notice = endNotice({
    ...job,
    result: { same: 7, different: 2, only_left: 9, only_right: 1, ambiguous: 0, rows: [], path: null },
  });
  expect(notice?.title).toBe("Comparing account: done");
  expect(notice?.text).toBe("7 the same, 2 different, 10 in one only");
});

it("an export says how much was written and where", () => {
  const notice = endNotice({ ...job, title: "exporting", result: { records: 2, path: "/tmp/a.csv" } });
  expect([notice?.title, notice?.text]).toEqual(["2 records written", "/tmp/a.csv"]);
});

it("a signed document is no write of records", () => {
  const notice = endNotice({
    ...job,
    title: "signing off people",
    result: { records: 4583, path: "/tmp/a.html" },
  });
  expect([notice?.title, notice?.text]).toEqual(["Signing off people: done", "/tmp/a.html"]);
});

it("several syncs say what all of them wrote, and which of them did not go well", () => {
  const step = (name: string, state: string) => ({ name, state });
  const several = { ...job, kind: "run" as const, title: "running 2 syncs" };
  const well = endNotice({ ...several, result: { writes: 835, steps: [step("a", "succeeded")] } });
  expect([well?.tone, well?.title]).toEqual(["success", "Running 2 syncs: 835 records written"]);
  const ill = endNotice({
    ...several,
    result: { writes: 3, steps: [step("a", "failed"), step("b", "not_reached")] },
  });
  expect([ill?.tone, ill?.text]).toEqual(["warning", "2 steps of 2 did not go well, first a"]);
});

it("a run says what was held back, beside what failed", () => {
  const run = { ...job, kind: "run" as const, title: "running drifts" };
  const notice = endNotice({ ...run, result: { run_id: "1", updated: 42, failed: 0, drifted: 1 } });
  expect([notice?.tone, notice?.text]).toEqual(["warning", "1 record held back: changed since the preview"]);
});
