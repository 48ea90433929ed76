import { expect, test } from "vitest";
import type { Column, DestinationDescription } from "@/api";
import { identifierTargets } from "./targets";

const column = (logical_name: string, type: Column["type"] = "string"): Column => ({
  logical_name,
  display_name: "",
  type,
  required: "none",
  readable: true,
  creatable: true,
  updatable: true,
  custom: false,
});

const destination: DestinationDescription = {
  schema: {
    columns: [
      column("accountid", "uniqueidentifier"),
      column("accountnumber"),
      column("name"),
      column("tags", "multiselectpicklist"),
    ],
    keys: [{ name: "number_key", columns: ["accountnumber"], active: true }],
    relationships: [],
    open: false,
    logical_name: "account",
    set_name: "accounts",
    display_name: "Account",
    display_collection_name: "Accounts",
    primary_id: "accountid",
    primary_name: "name",
    custom: false,
    change_tracking: true,
  },
  identifiers: ["accountid", "accountnumber"],
} as unknown as DestinationDescription;

test("keys come first, then what rows of Dataverse can be looked up by", () => {
  expect(identifierTargets(destination, "dataverse").map(({ name, note }) => [name, note])).toEqual([
    ["accountid", "primary key"],
    ["accountnumber", "alternate key"],
    ["name", "looked up, no key"],
  ]);
  expect(identifierTargets(destination, "postgres").map(({ name }) => name)).toEqual([
    "accountid",
    "accountnumber",
  ]);
  expect(identifierTargets(undefined, "dataverse")).toEqual([]);
});
