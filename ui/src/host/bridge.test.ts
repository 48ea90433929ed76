import { describe, expect, it } from "vitest";
import { takeMessages } from "./bridge";

describe("server-sent events", () => {
  it("gives whole messages and keeps a broken one for later", () => {
    const seen: unknown[] = [];
    const rest = takeMessages('id: 1\ndata: {"a":1}\n\n: ping\n\ndata: {"b":', (event) => seen.push(event));
    expect(seen).toEqual([{ a: 1 }]);
    expect(takeMessages(`${rest}2}\n\n`, (event) => seen.push(event))).toBe("");
    expect(seen).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it("drops what is not JSON", () => {
    const seen: unknown[] = [];
    takeMessages("data: hello\r\n\r\n", (event) => seen.push(event));
    expect(seen).toEqual([]);
  });
});
