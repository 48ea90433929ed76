import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Snippet, splitHits } from "./Snippet";

describe("a hit's text", () => {
  it("is split at its marks, and never read as markup", () => {
    expect(splitHits("a ⟦b⟧ c")).toEqual([
      { text: "a ", hit: false },
      { text: "b", hit: true },
      { text: " c", hit: false },
    ]);
    const { container } = render(<Snippet text={'<img src=x onerror="1"> ⟦Ann⟧'} />);
    expect(container.querySelector("img")).toBeNull();
    expect(container.querySelector("mark")?.textContent).toBe("Ann");
  });
  it("survives a mark without an end", () => {
    expect(splitHits("⟦a")).toEqual([{ text: "⟦a", hit: false }]);
  });
});
