import { describe, expect, it } from "vitest";
import { readableOn } from "./colours";
import { toTsv } from "./copy";
import { fromFetchXml, toFetchXml } from "./filter";
import { fuzzyFilter } from "./fuzzy";
import { matchesKey } from "./keys";
import { bytes, compact, counted, duration, percent } from "./numbers";
import { prettyJson } from "./prettyJson";
import { cellOf, cellText, columnsPresent, plainText } from "./record";
import { age, ago, shortLocal, utc } from "./time";
import { changeTo, redo, undo, undoable } from "./undo";

describe("numbers", () => {
  it("are short where space is short", () => {
    expect(compact(98_400)).toBe("98 k");
    expect(compact(1_240_000)).toBe("1.2 M");
    expect(compact(212)).toBe("212");
    expect(bytes(4_210_000)).toBe("4.2 MB");
    expect(duration(0.42)).toBe("0.4 s");
    expect(duration(125)).toBe("2 min 5 s");
    expect(duration(3780)).toBe("1 h 3 min");
    expect(counted(1, "row")).toBe("1 row");
    expect(percent(5, 0)).toBe(0);
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  it("say their age", () => {
    expect(ago("2026-11-21T11:59:50Z", now)).toBe("just now");
    expect(age("2026-11-21T10:00:00Z", now)).toBe("2 h");
    expect(ago("2026-11-18T12:00:00Z", now)).toBe("3 d ago");
    expect(ago("nonsense", now)).toBe("nonsense");
  });
  it("show UTC on hover, dates before 1970 too", () => {
    expect(utc("1931-05-02T00:00:00Z")).toBe("1931-05-02 00:00:00 UTC");
    expect(shortLocal("1931-05-02T12:00:00Z", new Date(now))).toContain("1931");
  });
});

describe("a cell", () => {
  const raw = {
    fullname: "Ann",
    nickname: "",
    telephone1: null,
    gendercode: 2,
    "gendercode@OData.Community.Display.V1.FormattedValue": "Female",
    _parentcustomerid_value: "a1",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
    "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Fabrikam",
  };
  it("tells null, empty and not pulled apart", () => {
    expect(cellOf(raw, "telephone1").state).toBe("null");
    expect(cellOf(raw, "nickname").state).toBe("empty");
    expect(cellOf(raw, "birthdate").state).toBe("missing");
  });
  it("knows label and code", () => {
    const cell = cellOf(raw, "gendercode");
    expect(cellText(cell, true)).toBe("Female");
    expect(cellText(cell, false)).toBe("2");
  });
  it("finds a lookup by its logical name", () => {
    expect(cellOf(raw, "parentcustomerid")).toMatchObject({
      lookup: { entity: "account", id: "a1" },
      label: "Fabrikam",
    });
    expect(columnsPresent(raw)).toContain("parentcustomerid");
  });
});

describe("a value in words", () => {
  it("names a lookup by its table and id, and other objects as JSON", () => {
    expect(plainText({ entity: "account", id: "2f1c" })).toBe("account 2f1c");
    expect(plainText({ entity: "account", id: "2f1c", name: "x" })).toBe(
      '{"entity":"account","id":"2f1c","name":"x"}',
    );
    expect(plainText([1, 2])).toBe("[1,2]");
    expect(plainText(null)).toBe("");
  });
});

describe("filters", () => {
  it("become FetchXML and come back", () => {
    const conditions = [
      { attribute: "emailaddress1", operator: "not-null", values: [] },
      { attribute: "lastname", operator: "eq", values: ["O'Brien & <Sons>"] },
      { attribute: "statecode", operator: "in", values: ["0", "1"] },
    ];
    const xml = toFetchXml(conditions) ?? "";
    expect(xml).toContain("O&apos;Brien &amp; &lt;Sons&gt;");
    expect(fromFetchXml(xml)).toEqual(conditions);
  });
  it("that say more than chips can are left as text", () => {
    expect(fromFetchXml('<filter type="or"><condition attribute="a" operator="null"/></filter>')).toBeNull();
    expect(fromFetchXml("<filter><condition")).toBeNull();
    expect(fromFetchXml(" ")).toEqual([]);
  });
});

describe("undo", () => {
  it("joins typing in one field into one step", () => {
    let state = undoable("a");
    state = changeTo(state, "ab", "name");
    state = changeTo(state, "abc", "name");
    state = changeTo(state, "x", "other");
    expect(undo(state).present).toBe("abc");
    expect(undo(undo(state)).present).toBe("a");
    expect(redo(undo(state)).present).toBe("x");
  });
});

describe("small things", () => {
  it("copies cells as spreadsheets take them", () => {
    expect(
      toTsv([
        ["a", 'b"c'],
        ["d\te", ""],
      ]),
    ).toBe('a\t"b""c"\n"d\te"\t');
  });
  it("finds by letters in order, beginnings first", () => {
    expect(fuzzyFilter("con", ["Second", "Contact", "lead"], (text) => text)).toEqual(["Contact", "Second"]);
  });
  it("matches key combinations", () => {
    expect(matchesKey(new KeyboardEvent("keydown", { key: "k", ctrlKey: true }), "Ctrl+K")).toBe(true);
    expect(matchesKey(new KeyboardEvent("keydown", { key: "k" }), "Ctrl+K")).toBe(false);
    expect(matchesKey(new KeyboardEvent("keydown", { key: "?", shiftKey: true }), "?")).toBe(true);
  });
  it("writes readably on a colour", () => {
    expect(readableOn("#c19c00")).toBe("#000000");
    expect(readableOn("#5c2e91")).toBe("#ffffff");
  });
});

describe("JSON laid out for reading", () => {
  it("keeps every digit and escape", () => {
    const text = '{"a":20000.0000,"b":[1.50,{"c":"x, {y}: \\"z\\" \\u00e9"}],"d":{},"e":[ ]}';
    const laid = prettyJson(text);
    expect(laid).toContain('"a": 20000.0000');
    expect(laid).toContain("1.50");
    expect(laid).toContain('"x, {y}: \\"z\\" \\u00e9"');
    expect(laid).toContain('"d": {}');
    expect(laid.replaceAll(/\n\s*/g, "").replaceAll('": ', '":')).toBe(text.replace("[ ]", "[]"));
  });
  it("leaves other bodies alone", () => {
    expect(prettyJson("a,b\n1,2")).toBe("a,b\n1,2");
    expect(prettyJson('{"cut')).toContain('"cut');
  });
});
