import { describe, expect, it } from "vitest";
import { listed, namesIn, wordAtEnd } from "./names";

describe("names with commas between", () => {
  it("are told apart, each once", () => {
    expect(namesIn(" lastname, emailaddress1,,lastname , ")).toEqual(["lastname", "emailaddress1"]);
    expect(namesIn("")).toEqual([]);
  });
  it("end with the word that is being typed", () => {
    expect(wordAtEnd("lastname, ema")).toBe("ema");
    expect(wordAtEnd("lastname, ")).toBe("");
    expect(wordAtEnd("la")).toBe("la");
  });
  it("go on behind those that are settled", () => {
    expect(listed(["lastname", "emailaddress1"])).toBe("lastname, emailaddress1, ");
    expect(wordAtEnd(listed(["lastname"]))).toBe("");
    expect(listed([])).toBe("");
  });
});
