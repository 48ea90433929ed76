import { describe, expect, it } from "vitest";
import type { Column } from "@/api";
import { changedColumns, needed, noDraft, outgoing, rebased, typed, undoing } from "./draft";
import { type Input, inputOf, lockedBecause, toValue } from "./inputs";
import { likePattern } from "./LookupPicker";
import { withStatus } from "./useRecordEdit";

function column(logical_name: string, type: Column["type"], more: Partial<Column> = {}): Column {
  return {
    logical_name,
    display_name: logical_name,
    type,
    required: "none",
    readable: true,
    creatable: true,
    updatable: true,
    custom: false,
    ...more,
  };
}
const text = (value: string): Input => ({ kind: "text", text: value });

describe("a typed text becomes a value", () => {
  const cases: [string, Column, string, unknown][] = [
    ["a text stays as it is", column("a", "string"), " Zoë ", " Zoë "],
    ["an empty text is no value", column("a", "string"), "", null],
    ["money keeps its digits", column("a", "money"), "20000.0000", "20000.0000"],
    [
      "a number beyond a double keeps its digits",
      column("a", "decimal"),
      "12345678901234567.89",
      "12345678901234567.89",
    ],
    ["a point without digits on a side is made whole", column("a", "decimal"), "-.5", "-0.5"],
    ["a big whole number keeps its digits", column("a", "bigint"), "9007199254740993", "9007199254740993"],
    ["a date stays a date", column("a", "datetime", { behavior: "dateonly" }), "1969-07-20", "1969-07-20"],
    [
      "a time without a zone is not shifted",
      column("a", "datetime", { behavior: "timezoneindependent" }),
      "1969-07-20T20:17",
      "1969-07-20T20:17:00Z",
    ],
  ];
  for (const [name, of, written, value] of cases)
    it(name, () => expect(toValue(of, text(written))).toEqual({ ok: true, value }));

  const refused: [string, Column, string][] = [
    ["letters in a whole number", column("a", "integer"), "12a"],
    ["decimals in a whole number", column("a", "integer"), "1.5"],
    ["a comma in a number", column("a", "money"), "1,50"],
    ["a day that is none", column("a", "datetime", { behavior: "dateonly" }), "2025-02-30"],
    ["an hour that is none", column("a", "datetime", { behavior: "userlocal" }), "2025-02-01T25:00"],
    ["a text that is too long", column("a", "string", { max_length: 3 }), "four"],
    ["nothing where a value is needed", column("a", "string", { required: "system" }), ""],
  ];
  for (const [name, of, written] of refused)
    it(`refuses ${name}`, () => expect(toValue(of, text(written)).ok).toBe(false));
});

it("a local time goes to the service and back unchanged", () => {
  const at = column("at", "datetime", { behavior: "userlocal" });
  for (const iso of ["2026-07-01T12:00:00Z", "1960-01-01T00:30:00Z", "2026-01-31T23:59:59Z"]) {
    const read = inputOf(at, { at: iso });
    expect(toValue(at, read)).toEqual({ ok: true, value: iso });
  }
});

it("a lookup is read with its entity and sent as a reference", () => {
  const parent = column("parentcustomerid", "customer", { targets: ["account", "contact"] });
  const raw = {
    _parentcustomerid_value: "5b1c0f3e-0000-4abc-8def-001122334455",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "contact",
    "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Ann",
  };
  const input = inputOf(parent, raw);
  expect(input).toEqual({
    kind: "lookup",
    to: { entity: "contact", id: "5b1c0f3e-0000-4abc-8def-001122334455", title: "Ann" },
  });
  expect(toValue(parent, input)).toEqual({
    ok: true,
    value: { entity: "contact", id: "5b1c0f3e-0000-4abc-8def-001122334455" },
  });
  expect(likePattern("50%_[a]")).toBe("%50[%][_][[]a]%");
});

describe("a draft", () => {
  const first = column("firstname", "string");
  const last = column("lastname", "string");
  const columns = [first, last];
  const raw = { firstname: "Ann", lastname: "Lee", "@odata.etag": 'W/"1"' };

  it("holds only what differs from what was read", () => {
    let draft = typed(noDraft, first, raw, 'W/"1"', text("Anna"));
    expect(outgoing(columns, draft)).toEqual({ changes: { firstname: "Anna" }, wrong: {} });
    expect(undoing(columns, draft)).toEqual({ firstname: "Ann" });
    draft = typed(draft, first, raw, 'W/"1"', text("Ann"));
    expect(changedColumns(draft)).toEqual([]);
  });

  it("keeps what nobody else touched, and asks about the rest", () => {
    let draft = typed(noDraft, first, raw, 'W/"1"', text("Anna"));
    draft = typed(draft, last, raw, 'W/"1"', text("Li"));
    const theirs = { firstname: "Anne", lastname: "Lee" };
    const { draft: next, clashes } = rebased(columns, draft, theirs, 'W/"2"');
    expect(next.etag).toBe('W/"2"');
    expect(clashes.map(({ column: { logical_name } }) => logical_name)).toEqual(["firstname"]);
    expect(outgoing(columns, next).changes).toEqual({ firstname: "Anna", lastname: "Li" });
    // What the other one wrote too is no change any more.
    expect(rebased(columns, draft, { firstname: "Anna", lastname: "Li" }, null).draft.wanted).toEqual({});
  });
});

it("a new state takes a status reason of its own", () => {
  const state = column("statecode", "state");
  const status = column("statuscode", "status", {
    options: [
      { value: 1, label: "Active", state: 0 },
      { value: 2, label: "Inactive", state: 1 },
    ],
  });
  const inactive: Input = { kind: "code", code: 1 };
  expect(withStatus([state, status], state, inactive, () => ({ kind: "code", code: 1 }))).toEqual({
    column: status,
    input: { kind: "code", code: 2 },
  });
  expect(withStatus([state, status], state, inactive, () => ({ kind: "code", code: 2 }))).toBeNull();
});

it("what can't be changed says why", () => {
  expect(lockedBecause(column("a", "string"), false)).toBeNull();
  expect(lockedBecause(column("a", "string", { updatable: false }), false)).toMatch(/set by the service/);
  expect(lockedBecause(column("a", "file"), true)).toMatch(/not edited here/);
});

it("a moment is shown as the browser itself would write it, so that showing it is no change", () => {
  for (const [behavior, iso, shown] of [
    ["timezoneindependent", "2024-05-05T03:50:00Z", "2024-05-05T03:50"],
    ["timezoneindependent", "2024-05-05T03:00:07Z", "2024-05-05T03:00:07"],
    ["dateonly", "2024-05-05", "2024-05-05"],
  ] as const)
    expect(inputOf(column("a", "datetime", { behavior }), { a: iso })).toEqual(text(shown));
});

it("a new row needs no value where the database puts one in, a row that is there does", () => {
  const given = column("a", "boolean", { required: "application", given: "true" });
  expect([needed(given, true), needed(given, false)]).toEqual([false, true]);
  const asked = column("b", "string", { required: "application" });
  expect([needed(asked, true), needed(asked, false)]).toEqual([true, true]);
});
