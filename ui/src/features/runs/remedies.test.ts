import { expect, it } from "vitest";
import { remedyOf } from "./remedies";

it("a missing row is told with the way to bring it; a code without a remedy has none", () => {
  expect(remedyOf("0x80040217")).toMatch(/run the sync that brings it first/);
  expect(remedyOf("0x80040216")).toBeUndefined();
});
