import { describe, expect, it } from "vitest";
import type { MappedSampleRow } from "@/api";
import { freshDefinition } from "./model";
import { cellsOf, changedCells, sampleColumns, targetAt, titleOf, withKeys } from "./sampleCells";

const step = (text: string) => ({ rule: "raw", text, value: null });
const row = (attributes: Record<string, string>): MappedSampleRow => ({
  source_id: "1",
  source: {},
  mapped: {
    identifiers: { email: "a@b.example" },
    attributes,
    events: [{ name: "seen", timestamp: "", parameters: { amount: 3 } }],
  },
  issues: [],
  skipped: null,
  explanations: [
    { field: "email", path: "identifiers[0]", steps: [step("column")] },
    { field: "name", path: "fields[0]", steps: [step("column")] },
    { field: "gender", path: "fields[1]", steps: [step("empty")] },
    { field: "event_name", path: "events.name", steps: [step("fixed")] },
    { field: "amount", path: "events.parameters[0]", steps: [step("column")] },
  ],
});

describe("ten records", () => {
  it("come in the definition's order, what is missing among them with its reason", () => {
    const cells = cellsOf(row({ name: "Ann" }));
    expect(cells.map(({ kind, field, value }) => `${kind} ${field} ${value}`)).toEqual([
      "identifier email a@b.example",
      "attribute name Ann",
      "attribute gender undefined",
      "event event_name seen",
      "event timestamp time of processing",
      "event amount 3",
    ]);
    expect(cells[2]?.explanation?.steps[0]?.text).toBe("empty");
    expect(sampleColumns([row({}), row({ extra: "x" })]).map(({ field }) => field)).toContain("extra");
    expect(titleOf(row({}))).toBe("a@b.example");
  });
  it("tell what a change made otherwise", () => {
    expect([...changedCells([row({ name: "Ann" })], [row({ name: "ANN", gender: "F" })])]).toEqual([
      "1|attribute:name",
      "1|attribute:gender",
    ]);
    expect(changedCells([], [row({ name: "Ann" })]).size).toBe(0);
  });
  it("know which target a line is about", () => {
    const definition = { fields: [{ to: "name" }, { to: "" }], events: { parameters: [{ to: "amount" }] } };
    expect(targetAt(definition, "fields[0]")).toBe("name");
    expect(targetAt(definition, "fields[1]")).toBeNull();
    expect(targetAt(definition, "events.parameters[0]")).toBe("amount");
    expect(targetAt(definition, "events.timestamp")).toBe("timestamp");
    expect(targetAt(definition, "source.columns")).toBeNull();
  });
  it("of a two-way definition tell by which columns they are found", () => {
    const source = { emailaddress1: "a@b.example", contactid: "1", phone: null };
    const plain = { ...row({ name: "Ann" }), source, explanations: [] };
    plain.mapped = { ...plain.mapped, identifiers: {}, events: [] };
    const keys = [
      { to: "email", from: "emailaddress1" },
      { to: "phone", from: "phone" },
      { to: "", from: "contactid" },
      { to: "customer", from: "parentcustomerid.accountnumber" },
    ];
    const known = withKeys(plain, {
      ...freshDefinition("two ways", "here", "contact", [], "there", "contact"),
      identifiers: keys,
    });
    expect(cellsOf(known).map(({ kind, field, value }) => `${kind} ${field} ${value}`)).toEqual([
      "identifier email a@b.example",
      "identifier phone null",
      "attribute name Ann",
    ]);
    expect(titleOf(known)).toBe("a@b.example");
  });
  it("are called by what tells them, not by an id alone", () => {
    const id = "00006175-62e5-4a84-bc2d-705e9c176cac";
    const known = (identifiers: Record<string, string>, source: Record<string, unknown>) =>
      titleOf({ ...row({}), source_id: id, source, mapped: { ...row({}).mapped, identifiers } });
    expect(known({ email: "a@b.example", uuid: id }, { fullname: "Ann Ito" })).toBe("a@b.example");
    expect(known({ contactid: id }, { firstname: "Ann", lastname: "Ito" })).toBe("Ann Ito");
    expect(known({ salesorderid: id }, { name: "Order 7" })).toBe("Order 7");
    expect(known({ contactid: id }, { firstname: null })).toBe(id);
    expect(known({}, {})).toBe(id);
  });
});
