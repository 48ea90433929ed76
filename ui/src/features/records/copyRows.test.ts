import { describe, expect, it } from "vitest";
import type { Column, RecordRow } from "@/api";
import { asText, cellAsText } from "./copyRows";

const column = (logical_name: string, display_name: string) => ({ logical_name, display_name }) as Column;
const columns = [
  column("fullname", "Full Name"),
  column("gendercode", "Gender"),
  column("parentcustomerid", "parentcustomerid"),
];
const label = "@OData.Community.Display.V1.FormattedValue";
const row = (raw: RecordRow["raw"]) => ({ id: "1", raw, etag: null }) as unknown as RecordRow;
const rows = [
  row({
    fullname: "Ann\tIto",
    gendercode: 2,
    [`gendercode${label}`]: "Female",
    _parentcustomerid_value: "a-1",
    [`_parentcustomerid_value${label}`]: "Fabrikam",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
  }),
  row({ fullname: "Bo", gendercode: null, _parentcustomerid_value: null }),
];

describe("copied rows", () => {
  it("labels and codes are cells of their own, each under its name", () => {
    expect(asText("headers", rows, columns, { formatted: true, both: true }).split("\n")).toEqual([
      "Full Name\tGender\tgendercode\tparentcustomerid\tparentcustomerid (code)",
      '"Ann\tIto"\tFemale\t2\tFabrikam\ta-1',
      "Bo\t\t\t\t",
    ]);
  });

  it("otherwise they are what the grid shows", () => {
    expect(asText("cells", rows.slice(0, 1), columns, { formatted: true })).toBe(
      '"Ann\tIto"\tFemale\tFabrikam',
    );
    expect(asText("cells", rows.slice(0, 1), columns, { formatted: false })).toBe('"Ann\tIto"\t2\ta-1');
  });

  it("a single cell is copied as it reads", () => {
    const [first] = rows;
    if (!first || !columns[1]) throw new Error("no row");
    expect(cellAsText(first, columns[1], { formatted: true, both: true })).toBe("Female (2)");
    expect(cellAsText(first, columns[1], { formatted: false })).toBe("2");
  });
});
