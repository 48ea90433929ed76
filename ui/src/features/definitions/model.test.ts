import { describe, expect, it } from "vitest";
import {
  freshDefinition,
  locate,
  neededColumns,
  parseFixed,
  problemsAt,
  toJson,
  withNeededColumns,
} from "./model";

const definition = {
  ...freshDefinition("A", "contoso", "contact", ["contactid"], "marketing", "profile"),
  identifiers: [{ to: "email", from: "emailaddress1" }],
  fields: [
    { to: "name", from: "firstname" },
    { to: "note", from: "description" },
  ],
};

describe("a definition in the editor", () => {
  it("finds a problem's place in the text", () => {
    const text = toJson(definition);
    const place = locate(text, "fields[1].from");
    expect(place && text.slice(place.from, place.to)).toBe('"description"');
    const list = locate(text, "identifiers");
    expect(list && text.slice(list.from, list.to)).toContain("emailaddress1");
  });
  it("falls back to the nearest parent, and is not confused by brackets in texts", () => {
    const text = '{ "name": "a } ] \\" b", "fields": [ { "to": "x" } ] }';
    const place = locate(text, "fields[0].from");
    expect(place && text.slice(place.from, place.to)).toBe('{ "to": "x" }');
    expect(locate(text, "fields[7]")?.from).toBe(text.indexOf("[", text.indexOf("fields")));
  });
  it("lists problems of a line", () => {
    const problem = (path: string) => ({ path, code: "c", message: "m", hint: null });
    const all = [problem("fields[1].from"), problem("fields[11].from"), problem("fields[1]")];
    expect(problemsAt(all, "fields[1]")).toHaveLength(2);
  });
  it("reads what it maps", () => {
    expect(neededColumns(definition)).toEqual(["emailaddress1", "firstname", "description"]);
    expect(withNeededColumns(definition).source.columns).toEqual([
      "contactid",
      "emailaddress1",
      "firstname",
      "description",
    ]);
  });
  it("takes numbers and booleans as such", () => {
    expect([parseFixed("true"), parseFixed("4.5"), parseFixed("Dynamics"), parseFixed("007")]).toEqual([
      true,
      4.5,
      "Dynamics",
      "007",
    ]);
  });
});
