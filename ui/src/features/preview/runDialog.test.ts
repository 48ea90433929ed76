import { expect, it } from "vitest";
import { writesWords } from "./RunDialog";

it("the last question names what is done, and nothing else", () => {
  expect(writesWords({ create: 4583, update: 0, delete: 0 })).toBe("4,583 created");
  expect(writesWords({ create: 0, update: 1, delete: 3 })).toBe("1 updated, 3 deleted");
  expect(writesWords({ create: 0, update: 0, delete: 0 })).toBe("nothing written");
});
