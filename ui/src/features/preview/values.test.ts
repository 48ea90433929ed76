import { expect, test } from "vitest";
import { changesText } from "./planColumns";
import { lineValue } from "./Values";

test("a line's value is looked for where its kind of line puts it", () => {
  const line = (path: string, field: string) => ({ path, field, steps: [] });
  const mapped = {
    identifiers: { email: "a@b.example" },
    attributes: { email: "other", gender: null },
    events: [{ name: "signed_up", timestamp: "", parameters: { amount: 3 } }],
  };
  expect(lineValue(line("identifiers[0]", "email"), mapped)).toBe("a@b.example");
  expect(lineValue(line("fields[0]", "email"), mapped)).toBe("other");
  expect(lineValue(line("fields[1]", "gender"), mapped)).toBeNull();
  expect(lineValue(line("fields[2]", "name"), mapped)).toBeUndefined();
  expect(lineValue(line("events.name", "event_name"), mapped)).toBe("signed_up");
  expect(lineValue(line("events.timestamp", "timestamp"), mapped)).toBe("time of processing");
  expect(lineValue(line("events.parameters[0]", "amount"), mapped)).toBe(3);
  expect(lineValue(line("events.name", "event_name"), { ...mapped, events: [] })).toBeUndefined();
});

test("a row that is left out shows no event as if it were sent", () => {
  const row = {
    ordinal: 0,
    source_id: "1",
    title: "Ann",
    action: "update",
    reason: "",
    identifiers: {},
    changes: [{ field: "name", from: "A", to: "B" }],
    events: [{ name: "seen", timestamp: "2026-01-01T00:00:00Z", parameters: {} }],
    issues: [],
    excluded: false,
  } as unknown as Parameters<typeof changesText>[0];
  expect(changesText(row)).toBe("event seen, 2026-01-01T00:00:00Z; name: A → B");
  expect(changesText({ ...row, action: "skip", changes: [] })).toBe("");
});
