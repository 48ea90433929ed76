import { describe, expect, it } from "vitest";
import { makeRoom } from "./toasts";

const act = { words: "Undo", run: () => undefined };

describe("notices in sight", () => {
  it("passing ones give way before those that can be acted on, and errors stay longest", () => {
    const shown = [
      { tone: "error" as const },
      { tone: "success" as const, action: act },
      { tone: "success" as const },
      { tone: "info" as const },
    ];
    expect(makeRoom(shown, 4)).toEqual([]);
    expect(makeRoom(shown, 3)).toEqual([shown[2]]);
    expect(makeRoom(shown, 2)).toEqual([shown[2], shown[3]]);
    expect(makeRoom(shown, 0)).toEqual([shown[2], shown[3], shown[0], shown[1]]);
  });
});
