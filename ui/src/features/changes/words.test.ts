import { expect, test } from "vitest";
import type { ChangeRow } from "@/api";
import { lastValues, rowLine } from "./words";

const row: ChangeRow = { id: "1", kind: "changed", title: "Ann", fields: [], last: null };

test("a changed record is told column by column, labels before codes", () => {
  const fields = [
    { column: "lastname", old: "One", new: null, old_label: null, new_label: null },
    { column: "gendercode", old: 1, new: 2, old_label: "Male", new_label: "Female" },
  ];
  expect(rowLine({ ...row, fields })).toBe("lastname: One → empty; gendercode: Male → Female");
  expect(rowLine(row)).toBe("changed and changed back");
  expect(rowLine({ ...row, kind: "deleted" })).toBe("gone at the service");
});

test("what was known of a deleted record leaves annotations and nulls out", () => {
  const last = {
    fullname: "Ann",
    gendercode: 2,
    "gendercode@OData.Community.Display.V1.FormattedValue": "Female",
    description: null,
  };
  expect(lastValues(last)).toEqual([
    { column: "fullname", text: "Ann" },
    { column: "gendercode", text: "Female" },
  ]);
});
