import { describe, expect, it } from "vitest";
import { cronOf, rhythmOf } from "./cron";

describe("the picker and the five fields", () => {
  it.each([
    "*/15 * * * *",
    "7 * * * *",
    "30 6 * * *",
    "0 6 * * 1,2,5",
    "5 0 31 * *",
    "0 0 L * *",
    "*/7 * * * *",
  ])("%s comes back as it was", (cron) => {
    expect(cronOf(rhythmOf(cron))).toBe(cron);
  });
  it("knows a rhythm behind its spellings", () => {
    expect(rhythmOf("0 6 * * 1-5")).toEqual({ kind: "weekly", days: [1, 2, 3, 4, 5], hour: 6, minute: 0 });
    expect(rhythmOf("0 6 * * 7")).toEqual({ kind: "weekly", days: [0], hour: 6, minute: 0 });
    expect(rhythmOf("*/7 * * * *").kind).toBe("custom");
    expect(rhythmOf("0 6 1 * 1").kind).toBe("custom");
    expect(rhythmOf("60 * * * *").kind).toBe("custom");
    expect(rhythmOf("nonsense").kind).toBe("custom");
  });
});
