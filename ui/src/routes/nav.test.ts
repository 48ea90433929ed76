import { beforeEach, describe, expect, it } from "vitest";
import { nav, numberOf } from "./nav";
import { fromHash, type Place, toHash } from "./places";

beforeEach(() => {
  history.replaceState(null, "", "#");
  nav.reset();
});

describe("places", () => {
  it("are written in the address and read back", () => {
    const places: Place[] = [
      { at: "home" },
      {
        at: "entity",
        entity: "contact",
        tab: "records",
        filter: "<condition attribute='a b' operator='eq' value='1&2'/>",
        record: "1-2",
      },
      { at: "entity", entity: "new_project", tab: "schema", filter: undefined, record: undefined },
      { at: "search", text: "Ÿusuf & Söhne / 100 %" },
      { at: "sync", name: "Active / contacts", draft: undefined },
      { at: "run", run: "41" },
    ];
    for (const place of places)
      expect(fromHash(toHash("Contoso UAT", place))).toEqual({ connection: "Contoso UAT", place });
  });
  it("that are none are refused", () => {
    expect(fromHash("#/x/nowhere")).toBeNull();
    expect(fromHash("")).toBeNull();
  });
});

describe("tabs", () => {
  const contact: Place = { at: "entity", entity: "contact", tab: "records" };
  const lead: Place = { at: "entity", entity: "lead", tab: "records" };
  it("open once and close to their neighbour", () => {
    nav.go(contact, "contoso");
    nav.go(lead);
    nav.go({ ...contact, tab: "schema" });
    expect(nav.get().tabs.contoso).toHaveLength(2);
    nav.close(contact);
    expect(nav.get().place).toEqual(lead);
    nav.close(lead);
    expect(nav.get().place.at).toBe("entities");
  });
  it("of another connection are hidden, not closed", () => {
    nav.go(contact, "contoso");
    nav.switchTo("fabrikam");
    expect(nav.get().place.at).toBe("entities");
    nav.switchTo("contoso");
    expect(nav.get().place).toEqual(contact);
  });
  it("keep their number under another name, and another one of the former name has its own", () => {
    const sync = (name: string): Place => ({ at: "sync", name });
    nav.go(sync("people"), "contoso");
    const number = numberOf("contoso", sync("people"));
    nav.rename(sync("people"), sync("customers"));
    expect(nav.get().place).toEqual(sync("customers"));
    expect(numberOf("contoso", sync("customers"))).toBe(number);
    expect(numberOf("contoso", sync("people"))).not.toBe(number);
    expect(numberOf("fabrikam", sync("customers"))).not.toBe(number);
  });
  it("go with a forgotten connection", () => {
    nav.go(contact, "contoso");
    nav.renameConnection("contoso", null);
    expect(nav.get()).toMatchObject({ connection: null, place: { at: "home" }, tabs: {} });
  });
  it("are restored, and rubbish is not", () => {
    nav.restore({ connection: "contoso", place: lead, tabs: { contoso: [lead] } });
    expect(nav.get().connection).toBe("contoso");
    history.replaceState(null, "", "#");
    nav.reset();
    nav.restore({ connection: 4, place: { at: "moon" } });
    expect(nav.get().place.at).toBe("home");
  });
});
