import { describe, expect, it } from "vitest";
import { emptyForm, missingIn, saveRequest } from "./words";

describe("the connection form", () => {
  it("says what is missing, by way of signing in", () => {
    expect(missingIn(emptyForm, false)).toEqual(["the address", "a name", "the application (client) id"]);
    const app = {
      ...emptyForm,
      address: "contoso.crm4.dynamics.com",
      name: "Contoso",
      clientId: "x",
      auth: "client-credentials" as const,
    };
    expect(missingIn(app, false)).toEqual(["the client secret"]);
    expect(missingIn(app, true)).toEqual([]);
    expect(missingIn({ ...emptyForm, system: "csv", address: "/tmp/a", name: "Files" }, false)).toEqual([]);
  });

  it("sends a secret only when one was typed, and a new name as a renaming", () => {
    const form = { ...emptyForm, address: "https://a.crm.dynamics.com", name: "New", clientId: "id" };
    expect(saveRequest(form, "Old")).toMatchObject({
      name: "Old",
      rename: "New",
      create: false,
      secret: undefined,
    });
    expect(saveRequest({ ...form, secret: "s" }, null)).toMatchObject({
      name: "New",
      rename: undefined,
      create: true,
      secret: "s",
    });
  });

  it("does not take Dynamics' ways of signing in to other systems", () => {
    expect(
      saveRequest(
        { ...emptyForm, system: "insider", partner: "acme", address: "https://x", name: "M" },
        null,
      ),
    ).toMatchObject({
      auth: "access-token",
      options: { partner: "acme" },
      client_id: undefined,
    });
  });
});
