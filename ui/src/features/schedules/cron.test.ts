import { describe, expect, it, vi } from "vitest";
import { utcWords } from "./CronPicker";
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

it("the time in UTC beside the local one repeats no day, but for another one", () => {
  const words = (iso: string, zone: number) => {
    const day = vi
      .spyOn(Date.prototype, "getDate")
      .mockReturnValue(new Date(Date.parse(iso) + zone * 3_600_000).getUTCDate());
    const text = utcWords(iso);
    day.mockRestore();
    return text;
  };
  expect(words("2026-11-23T06:00:00Z", 1)).toBe("06:00 UTC");
  expect(words("2026-11-23T23:30:00Z", 1)).toMatch(/Monday.*23.*23:30 UTC$/);
});
