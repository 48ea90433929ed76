import { describe, expect, it } from "vitest";
import type { Relationship } from "@/api";
import { aliasOf, linkOf } from "./links";

const contact = { logical_name: "contact", primary_id: "contactid" };
const relationship = (part: Partial<Relationship>): Relationship => ({
  name: "r",
  kind: "many-to-one",
  other_entity: "account",
  column: "parentcustomerid",
  ...part,
});

describe("links of the builder", () => {
  it("join on the column that the metadata names", () => {
    const task = relationship({
      other_entity: "task",
      column: "regardingid",
      referenced_column: "activityid",
    });
    expect(linkOf(task, contact, [], "")).toContain('name="task" from="activityid" to="regardingid"');
    const children = relationship({ kind: "one-to-many", other_entity: "task", column: "regardingid" });
    expect(linkOf(children, contact, [], "")).toContain('from="regardingid" to="contactid"');
  });

  it("go through the table between both sides of a many-to-many", () => {
    const lists = relationship({
      kind: "many-to-many",
      other_entity: "list",
      column: undefined,
      intersect_entity: "listcontact",
    });
    expect(linkOf(lists, contact, [], "")).toMatch(
      /name="listcontact" from="contactid" to="contactid" visible="false" intersect="true">\s*<link-entity name="list" from="listid" to="listid"/,
    );
    expect(linkOf(relationship({ column: undefined }), contact, [], "")).toBeNull();
  });

  it("have aliases that no other link has", () => {
    expect(aliasOf("account", 'alias="acc1" alias="acc2"')).toBe("acc3");
    expect(aliasOf("new_x", "")).toBe("new1");
  });
});
