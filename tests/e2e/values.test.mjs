// Values in the editor: the language of labels, what a lookup points at, what an identifier must be, and which of the same records goes.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { journeyOf, signInOnPage, start } from "./lib/app.mjs";

const NAME = "Contacts to marketing";
let app;
let page;

before(async () => {
  app = await start({ context: { viewport: { width: 1440, height: 1000 } } });
  page = app.page;
});
after(() => app?.stop());

const step = journeyOf(() => app);
const line = (label) => page.getByRole("group", { name: label, exact: true });

/** The saved definition as soon as it is as wanted. */
async function savedWhen(test, what) {
  let definition;
  for (let turn = 0; turn < 150; turn++) {
    definition = (await app.rpc("definitions.get", { name: NAME })).definition;
    if (test(definition)) return definition;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`not saved: ${what}; ${JSON.stringify(definition)}`);
}

async function choose(field, option) {
  await field.click();
  await page.getByRole("option", { name: option }).first().click();
}

step("the sample tenant is there, and a definition begins from a starter", async () => {
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
  await page.getByRole("button", { name: /^Syncs/ }).click();
  await page.getByRole("button", { name: "New sync" }).first().click();
  for (const name of ["Leads to marketing", "Opportunities to marketing", "Orders to marketing"]) {
    await page.getByRole("radio", { name: new RegExp(`^${name}`) }).waitFor();
  }
  await page.getByRole("radio", { name: /^Contacts to marketing/ }).click();
  await page.getByRole("button", { name: "Make the definition" }).click();
  const all = page.getByRole("button", { name: "Show all on one page" });
  const parts = page.getByRole("navigation", { name: "Parts of the definition" });
  await all.or(parts).first().waitFor();
  if (await all.isVisible()) await all.click();
  await parts.waitFor();
  await page.getByText("no problems").waitFor();
});

step("labels are sent in a language of the environment", async () => {
  const table = page.getByRole("region", { name: "Ten records as a table" });
  await page.getByRole("radio", { name: "Table" }).click();
  await table
    .getByRole("button", { name: /^Why gender is (Fem|M)ale$/ })
    .first()
    .waitFor();
  await choose(page.getByRole("combobox", { name: "Language of labels" }), "German (1031)");
  await table
    .getByRole("button", { name: /^Why gender is (Weiblich|Männlich)$/ })
    .first()
    .click();
  await page.getByText("codes become their labels in German (1031)", { exact: false }).first().waitFor();
  await page.keyboard.press("Escape");
  await savedWhen(({ label_language }) => label_language === 1031, "German");
});

step("a column of the record that a lookup points at is chosen by name", async () => {
  await page.getByRole("button", { name: "Add field" }).click();
  const added = line(/field \d+$/);
  await added.getByRole("combobox", { name: "Target" }).fill("company_number");
  await page.keyboard.press("Tab");
  const field = line("field company_number");
  const column = field.getByRole("combobox", { name: "Column for company_number" });
  await column.click();
  await column.fill("parentcustomer");
  await page
    .getByRole("option", { name: /parentcustomerid/ })
    .first()
    .click();
  await field.getByRole("button", { name: "Choose parentcustomerid" }).click();
  await field.getByRole("button", { name: "How company_number is made" }).click();
  await choose(field.getByRole("combobox", { name: "Of the record it points at" }), /accountnumber/);
  const definition = await savedWhen(
    ({ fields }) => fields.at(-1).from === "parentcustomerid.accountnumber",
    "the column of the company",
  );
  assert.ok(definition.source.columns.includes("parentcustomerid"));
  await page.getByText("no problems").waitFor();
  const table = page.getByRole("region", { name: "Ten records as a table" });
  await table.getByRole("columnheader", { name: "company_number" }).waitFor();
  await table
    .getByRole("button", { name: /^Why company_number is [^n]/ })
    .first()
    .waitFor();
});

step(
  "an identifier has a pattern; a wrong one is told, and the rule for the same records is chosen",
  async () => {
    const uuid = line("identifier uuid");
    await choose(uuid.getByRole("combobox", { name: "What uuid must be" }), "a UUID");
    const pattern = uuid.getByRole("textbox", { name: "Pattern of uuid" });
    await pattern.fill("[0-9a-f-");
    await uuid.getByText(/the pattern can't be used/i).waitFor();
    await pattern.fill("[0-9a-f-]{36}");
    await page.getByText("no problems").waitFor();
    await choose(
      page.getByRole("combobox", { name: "When several records have the same identifiers" }),
      "The one changed last goes",
    );
    const definition = await savedWhen(({ on_duplicate }) => on_duplicate === "latest", "the rule");
    assert.deepEqual(
      definition.identifiers.find(({ to }) => to === "uuid"),
      { to: "uuid", from: "contactid", check: "uuid", pattern: "[0-9a-f-]{36}" },
    );
  },
);

step("a schedule says how many records a run by itself may write", async () => {
  await page.getByRole("radio", { name: "By a schedule" }).click();
  await page.getByRole("spinbutton", { name: "Most records a run by itself may write" }).fill("50");
  await savedWhen(({ schedule }) => schedule?.at_most === 50, "the limit");
  if (process.env.SYNCLINE_PICTURES) {
    for (const [name, place] of [
      ["identifiers", line("identifier uuid")],
      ["lookup", line("field company_number")],
      ["schedule", page.getByRole("spinbutton", { name: "Most records a run by itself may write" })],
    ]) {
      await place.scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${process.env.SYNCLINE_PICTURES}/values-${name}.png` });
    }
  }
});
