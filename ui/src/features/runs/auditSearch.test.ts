import { expect, it } from "vitest";
import { auditQuery } from "./AuditSearch";

it("what is chosen narrows the audit, what is not does not", () => {
  expect(auditQuery(" Ito ", "failed", "contact", "contoso")).toEqual({
    search: "Ito",
    outcome: "failed",
    sent: undefined,
    entity: "contact",
    connection: "contoso",
  });
  expect(auditQuery("", "sent", "", undefined)).toEqual({ sent: true });
  expect(auditQuery("", "every", "", undefined)).toEqual({});
});
