import { describe, expect, it } from "vitest";
import type { EntityView, Relationship } from "@/api";
import { layout } from "./Diagram";
import { kinds, neighboursOf, wayWords } from "./neighbours";
import { share } from "./statisticsColumns";

function relationship(kind: Relationship["kind"], other: string, column?: string): Relationship {
  return { name: `${kind}_${other}_${column ?? ""}`, kind, other_entity: other, column };
}

const contact = { logical_name: "contact", display_name: "Contact" } as EntityView;

describe("neighbours", () => {
  it("are one an entity and kind, by display name", () => {
    const groups = neighboursOf(
      [
        relationship("many-to-one", "systemuser", "createdby"),
        relationship("many-to-one", "systemuser", "modifiedby"),
        relationship("many-to-one", "contact", "primarycontactid"),
        relationship("one-to-many", "contact", "parentcustomerid"),
      ],
      [contact],
    );
    const left = groups.get("many-to-one") ?? [];
    expect(left.map(({ name }) => name)).toEqual(["Contact", "systemuser"]);
    expect(left.map(wayWords)).toEqual(["primarycontactid", "createdby and 1 more"]);
    expect(groups.get("one-to-many")?.map(({ entity }) => entity)).toEqual(["contact"]);
    expect(groups.get("many-to-many")).toEqual([]);
  });

  it("do not overlap in the diagram, however many there are", () => {
    const many = kinds.flatMap((kind) =>
      Array.from({ length: 150 }, (_, at) => relationship(kind, `entity${at}`, `c${at}`)),
    );
    const { placed, height, centre } = layout(neighboursOf(many, []));
    expect(placed.length).toBeLessThan(50);
    for (const [at, one] of placed.entries()) {
      expect(one.y).toBeGreaterThanOrEqual(0);
      expect(one.y + 40).toBeLessThanOrEqual(height);
      expect(one.x + 200).toBeLessThanOrEqual(820);
      for (const other of placed.slice(at + 1)) {
        expect(Math.abs(one.x - other.x) < 200 && Math.abs(one.y - other.y) < 40).toBe(false);
      }
      const onCentre = Math.abs(one.x + 100 - centre.x) < 190 && Math.abs(one.y + 20 - centre.y) < 48;
      expect(onCentre).toBe(false);
    }
  });

  it("are none for a lonely entity", () => {
    expect(layout(neighboursOf([], [])).placed).toEqual([]);
  });
});

describe("shares", () => {
  it("never round something to nothing or to all", () => {
    expect(share(0, 10)).toBe("0 %");
    expect(share(1, 1000)).toBe("< 1 %");
    expect(share(999, 1000)).toBe("> 99 %");
    expect(share(10, 10)).toBe("100 %");
    expect(share(0, 0)).toBe("0 %");
  });
});
