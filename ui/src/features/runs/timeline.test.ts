import { describe, expect, it } from "vitest";
import { fastest } from "./Timeline";

describe("the most rows in a second", () => {
  it("is told of whole seconds, however short the stretches", () => {
    expect(fastest([100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50], 0.1)).toBeCloseTo(100);
    expect(fastest([10, 30, 20], 2)).toBe(15);
  });
  it("is the mean of a run that took less", () => {
    expect(fastest([100, 50], 0.25)).toBe(300);
  });
});
