import { describe, expect, it } from "vitest";
import { locate } from "./jsonText";
import { copyOf, freeName, freshDefinition, neededColumns, parseFixed, toJson } from "./model";
import { problemsAt, problemWords, withoutBroken } from "./problems";

const definition = {
  ...freshDefinition("A", "contoso", "contact", ["contactid"], "marketing", "profile"),
  identifiers: [{ to: "email", from: "emailaddress1" }],
  fields: [
    { to: "name", from: "firstname" },
    { to: "note", from: "description" },
  ],
};
const problem = (path: string) => ({ path, code: "c", message: "m", hint: null });

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
    const all = [problem("fields[1].from"), problem("fields[11].from"), problem("fields[1]")];
    expect(problemsAt(all, "fields[1]")).toHaveLength(2);
  });
  it("goes on without the lines that have problems, and knows where the others stand", () => {
    const rest = withoutBroken(definition, [problem("fields[0].from")]);
    expect(rest?.definition.fields.map(({ to }) => to)).toEqual(["note"]);
    expect(rest?.wholePath("fields[0]")).toBe("fields[1]");
    expect(rest?.wholePath("identifiers[0].to")).toBe("identifiers[0].to");
    expect(withoutBroken(definition, [problem("identifiers[0].from")])).toBeNull();
    expect(withoutBroken(definition, [problem("source.filter")])).toBeNull();
  });
  it("goes on without events while they have problems", () => {
    const events = {
      name: { fixed: "signed_up" },
      timestamp: "processing",
      parameters: [],
      fixed: [],
    } as const;
    const rest = withoutBroken({ ...definition, events: { ...events, parameters: [], fixed: [] } }, [
      problem("events.parameters[0].from"),
    ]);
    expect(rest?.definition.events).toBeUndefined();
    expect(rest?.definition.fields).toHaveLength(2);
  });
  it("writes names in problems as they are", () => {
    const said = (message: string) => problemWords({ ...problem("fields[0].from"), message }, definition);
    expect(said("firstname is not among source.columns")).toBe("firstname is not among source.columns.");
    expect(said("the pattern can't be used")).toBe("The pattern can't be used.");
  });
  it("knows what it maps", () => {
    expect(neededColumns(definition)).toEqual(["emailaddress1", "firstname", "description"]);
    const more = {
      ...definition,
      fields: [{ to: "name", from: "firstname", first_of: ["nickname"], phone_country: "country" }],
    };
    expect(neededColumns(more)).toEqual(["emailaddress1", "firstname", "nickname", "country"]);
  });
  it("takes numbers and booleans as such", () => {
    expect([parseFixed("true"), parseFixed("4.5"), parseFixed("Dynamics"), parseFixed("007")]).toEqual([
      true,
      4.5,
      "Dynamics",
      "007",
    ]);
  });
  it("copies under a free name, and paused", () => {
    expect(freeName("A", [])).toBe("A (copy)");
    expect(freeName("A (copy)", ["A", "A (copy)"])).toBe("A (copy 2)");
    const copy = copyOf({ ...definition, schedule: { cron: "0 * * * *", paused: false } }, ["A"]);
    expect(copy).toMatchObject({ name: "A (copy)", schedule: { cron: "0 * * * *", paused: true } });
  });
});
