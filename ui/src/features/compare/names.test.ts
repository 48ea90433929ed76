import { describe, expect, it } from "vitest";
import { namesIn, wordAtEnd } from "./names";

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
});
