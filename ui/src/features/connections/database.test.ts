import { describe, expect, it } from "vitest";
import { databaseAddress, databaseUrl } from "./database";

describe("the address of a database", () => {
  it("is made of its parts and taken apart again", () => {
    for (const [host, url] of [
      ["db.contoso.com", "postgres://app%40x@db.contoso.com:6543/c%20rm"],
      ["::1", "postgres://app%40x@[::1]:6543/c%20rm"],
      ["/run/postgresql", "postgres://app%40x@/c%20rm?host=%2Frun%2Fpostgresql&port=6543"],
    ] as const) {
      const parts = { host, port: "6543", name: "c rm", user: "app@x", certificate: "" };
      expect(databaseUrl(parts)).toBe(url);
      expect(databaseAddress(url, "")).toEqual(parts);
    }
    expect(databaseUrl({ host: "h", port: "", name: "d", user: "u", certificate: "" })).toBe(
      "postgres://u@h:5432/d",
    );
  });
});
