import { describe, expect, it } from "vitest";
import { fileName } from "./fileNames";

describe("a file's name", () => {
  it("keeps letters of every script and takes out what no system may hold", () => {
    expect(fileName("Müşteriler 株式会社", "csv")).toBe("Müşteriler 株式会社.csv");
    expect(fileName('a/b\\c: "d"\n<e>|?*', "xlsx")).toBe("a b c d e.xlsx");
    expect(fileName("../../etc/passwd", "csv")).toBe("etc passwd.csv");
    expect(fileName("\u202egnp.exe", "csv")).toBe("gnp.exe.csv");
  });

  it("is never empty, a device of Windows, or too long", () => {
    expect(fileName(" . ", "db")).toBe("export.db");
    expect(fileName("NUL", "csv")).toBe("NUL_.csv");
    const long = fileName("🙂".repeat(300), "json");
    expect([...long]).toHaveLength(85);
    expect(() => encodeURIComponent(long)).not.toThrow();
  });
});
