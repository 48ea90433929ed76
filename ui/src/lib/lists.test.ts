import { expect, test } from "vitest";
import { listLine } from "./lists";

test("a list is told by type, members and last use", () => {
  expect(listLine({ dynamic: false, members: 1, active: true, last_used: null })).toBe(
    "static · 1 member · never used",
  );
  expect(listLine({ dynamic: true, members: null, active: false, last_used: null })).toBe(
    "dynamic · never used · inactive",
  );
});
