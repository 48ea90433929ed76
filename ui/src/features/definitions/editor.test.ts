import { describe, expect, it } from "vitest";
import type { Column, ColumnType, FieldMapping } from "@/api";
import { changeTo, redo, undo, undoable } from "@/lib/undo";
import { compareDefinitions, inOneLine } from "./compare";
import { fixOf } from "./fixes";
import { keyOffers, type SchemaNode, schemasAt, valueOffers } from "./jsonSchema";
import { placeAt, syntaxFault } from "./jsonText";
import { lineDiff } from "./lineDiff";
import { foreignLookups, unreadWords } from "./MatchDialog";
import { freshDefinition, toJson } from "./model";
import { problemsOf, sectionOf } from "./sections";
import { eventName, mergedRows, pastedRows, rowsOf } from "./tableText";

const base = {
  ...freshDefinition("A", "contoso", "contact", ["contactid", "firstname"], "marketing", "profile"),
  identifiers: [{ to: "email", from: "emailaddress1" }],
  fields: [
    { to: "name", from: "firstname" },
    { to: "gender", from: "gendercode", label: true },
  ],
};

describe("comparing two definitions", () => {
  it("tells by meaning what was added, removed, changed and moved", () => {
    const other = {
      ...base,
      source: { ...base.source, columns: ["firstname", "lastname"], page_size: 1000 },
      fields: [
        { to: "gender", from: "gendercode" },
        { to: "name", from: "firstname" },
        { to: "surname", from: "lastname" },
      ],
    };
    const found = compareDefinitions(base, other).map(({ part, what, kind }) => `${part}/${what}/${kind}`);
    expect(found).toEqual([
      "Source/page_size/changed",
      "Columns/contactid/removed",
      "Columns/lastname/added",
      "Fields/gender/changed",
      "Fields/surname/added",
      "Fields/order/moved",
    ]);
  });
  it("does not count order of columns, white space and quotes of a filter", () => {
    const filter = "<condition attribute='statecode' operator='eq' value='0' />";
    const a = { ...base, source: { ...base.source, filter } };
    const b = {
      ...base,
      source: {
        ...base.source,
        columns: ["firstname", "contactid"],
        filter: '<condition  attribute="statecode"\n operator="eq" value="0"/>',
      },
    };
    expect(compareDefinitions(a, b)).toEqual([]);
  });
  it("tells a part that only one of them has by its keys", () => {
    const plain = freshDefinition("A", "contoso", "contact", ["contactid"], "marketing", "profile");
    const events = {
      name: { from: "kind", map: { "1": "bought" } },
      timestamp: { from: "createdon" },
      parameters: [{ to: "amount", from: "total" }],
      fixed: [],
    };
    const found = compareDefinitions(plain, { ...plain, events });
    expect(found.map(({ part, what, after }) => [part, what, inOneLine(after)])).toEqual([
      ["Events", "name", "← kind · map 1 → bought"],
      ["Events", "timestamp", "← createdon"],
      ["Events", "parameters amount", "← total"],
    ]);
  });
  it("says a field in one line", () => {
    expect(inOneLine({ to: "gender", from: "gendercode", label: true })).toBe("← gendercode · label");
  });
  it("puts equal lines of texts beside each other", () => {
    expect(lineDiff("a\nb\nc", "a\nx\nc\nd")).toEqual([
      { left: "a", right: "a" },
      { left: "b", right: "x" },
      { left: "c", right: "c" },
      { left: null, right: "d" },
    ]);
  });
});

describe("steps back and forth", () => {
  it("joins typing in one field, and goes back over form and text alike", () => {
    let state = undoable({ json: "0" });
    state = changeTo(state, { json: "1" }, "name#1");
    state = changeTo(state, { json: "12" }, "name#1");
    state = changeTo(state, { json: "12 text" }, "json#2");
    state = undo(state);
    expect(state.present.json).toBe("12");
    state = undo(state);
    expect(state.present.json).toBe("0");
    state = redo(redo(state));
    expect(state.present.json).toBe("12 text");
    expect(changeTo(undo(state), { json: "other" }).future).toEqual([]);
  });
});

const schema: SchemaNode = {
  type: "object",
  required: ["name"],
  properties: {
    options: { $ref: "#/$defs/Options" },
    name: { type: "string", description: "The name people use." },
    mode: { $ref: "#/$defs/Mode" },
    fields: { type: "array", items: { $ref: "#/$defs/Field" } },
  },
  $defs: {
    Options: { type: "object", properties: { skip_hook: { type: "boolean" } } },
    Mode: { oneOf: [{ const: "all", description: "Always all." }, { const: "updated" }] },
    Field: {
      type: "object",
      properties: {
        to: { type: "string" },
        map: { type: "object", additionalProperties: { type: "string" } },
      },
    },
  },
};

describe("the text beside the form", () => {
  const at = (text: string) => placeAt(text.replace("|", ""), text.indexOf("|"));
  it("knows where the cursor is, also in half a text", () => {
    expect(at('{ "source": { "fetch": { "mode": "a|')).toMatchObject({
      path: ["source", "fetch", "mode"],
      kind: "value",
    });
    expect(at('{ "fields": [ { "to": "x" }, { "|" } ] }')).toMatchObject({
      path: ["fields", "1"],
      kind: "key",
      siblings: [],
    });
    expect(at('{ "name": "a", "fields": [], |}')).toMatchObject({
      path: [],
      kind: "key",
      siblings: ["name", "fields"],
    });
    expect(at('{ "columns": ["a", "b|"]')).toMatchObject({ path: ["columns", "1"], kind: "value", from: 19 });
    expect(at("|{}")).toBeNull();
  });
  it("offers keys that are not there yet, needed ones first, and the values a schema names", () => {
    expect(keyOffers(schema, [], ["fields"]).map(({ label }) => label)).toEqual(["name", "options", "mode"]);
    expect(keyOffers(schema, [], [])[0]).toMatchObject({
      insert: '"name": ""',
      info: "The name people use.",
    });
    expect(keyOffers(schema, ["fields", "3"], ["to"]).map(({ insert }) => insert)).toEqual(['"map": {}']);
    expect(valueOffers(schema, ["mode"]).map(({ insert }) => insert)).toEqual(['"all"', '"updated"']);
    expect(valueOffers(schema, ["options", "skip_hook"]).map(({ insert }) => insert)).toEqual([
      "true",
      "false",
    ]);
    expect(schemasAt(schema, ["fields", "0", "map", "any"])[0]?.type).toBe("string");
  });
  it("says where a text stops being JSON", () => {
    expect(syntaxFault(toJson(base))).toBeNull();
    const fault = syntaxFault('{ "a": 1, }');
    expect(fault?.from).toBeGreaterThan(0);
  });
});

describe("parts and remedies", () => {
  it("knows the part of a path", () => {
    expect(
      [
        "source.columns[2]",
        "source.fetch.days",
        "source.retries",
        "fields[0].to",
        "phone.country_code",
        "",
        "events.name",
      ].map(sectionOf),
    ).toEqual(["columns", "source", "settings", "fields", "fields", "settings", "events"]);
  });
  it("columns that are chosen with their pairs are named where they are few", () => {
    expect(unreadWords(["a", "b"], 9)).toBe(
      "2 of these columns are not read yet and will be chosen, too: a, b.",
    );
    expect(unreadWords(["a"], 2)).toBe("One of these columns is not read yet and will be chosen, too: a.");
    expect(unreadWords(["a", "b"], 2)).toBe("2 of these columns are not read yet and will be chosen, too.");
  });
  it("leaves lookups to another connection unticked", () => {
    const target = (logical_name: string, type: ColumnType) => ({ logical_name, type }) as Column;
    const targets = [target("ownerid", "owner"), target("gender", "string"), target("parent", "lookup")];
    const pairs = [{ to: "gender" }, { to: "ownerid" }, { to: "parent" }] as FieldMapping[];
    expect(foreignLookups(pairs, targets, base)).toEqual(["ownerid", "parent"]);
    const within = { ...base, destination: { ...base.destination, connection: base.source.connection } };
    expect(foreignLookups(pairs, targets, within)).toEqual([]);
  });
  it("a text that is no JSON is no fault of a part", () => {
    const problem = { path: "", code: "not_json", message: "", hint: null };
    expect(problemsOf([problem], "settings")).toEqual([]);
    expect(problemsOf([{ ...problem, path: "options.strict" }], "settings")).toHaveLength(1);
  });
  it("chooses the column that is mapped but not read", () => {
    const problem = { path: "fields[1].from", code: "column_not_chosen", message: "", hint: null };
    const fix = fixOf({ ...problem, fix: { do: "choose_columns", columns: ["gendercode"] } });
    expect(fix?.label).toBe("Choose gendercode");
    expect(fix?.apply(base).source.columns).toEqual(["contactid", "firstname", "gendercode"]);
    expect(fixOf(problem)).toBeNull();
  });
  it("puts the name that was meant in the place of the wrong one", () => {
    const problem = { path: "fields[0].from", code: "unknown_column", message: "", hint: null };
    const fix = fixOf({ ...problem, fix: { do: "replace", path: "fields[0].from", with: "lastname" } });
    expect(fix?.label).toBe("Take lastname");
    expect(fix?.apply(base).fields[0]?.from).toBe("lastname");
    expect(base.fields[0]?.from).not.toBe("lastname");
  });
});

describe("value tables", () => {
  it("takes two columns of a sheet", () => {
    expect(pastedRows('1\tYes\r\n2\t"No, never"\r\n\r\n')).toEqual([
      { key: "1", value: "Yes" },
      { key: "2", value: "No, never" },
    ]);
    expect(pastedRows('1;"a ""b"""\n')).toEqual([{ key: "1", value: 'a "b"' }]);
  });
  it("makes a name of an event of a label", () => {
    expect([eventName("Closed – won!"), eventName("Übergabe 2"), eventName("日本")]).toEqual([
      "closed_won",
      "ubergabe_2",
      "",
    ]);
  });
  it("merges by key", () => {
    expect(mergedRows(rowsOf({ 1: "a", 2: "b" }), [{ key: "2", value: "c" }])).toEqual([
      { key: "1", value: "a" },
      { key: "2", value: "c" },
    ]);
  });
});
