// A definition made step by step in the guided way, then changed on one page: what the form, the text and the ten records say is one.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { journeyOf, signInOnPage, started } from "./lib/app.mjs";

const NAME = "People to marketing";
let app;
let page;

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);

/** Chooses in a field that offers while one types. */
async function pick(place, text, option) {
  await place.click();
  await place.fill(text);
  await page.getByRole("option", { name: option }).first().click();
}

const line = (label) => page.getByRole("group", { name: label, exact: true });
const saved = async () => (await app.rpc("definitions.get", { name: NAME })).definition;

/** The saved definition as soon as it is as wanted. */
async function savedWhen(test, what) {
  for (let turn = 0; turn < 150; turn++) {
    const definition = await saved();
    if (test(definition)) return definition;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`not saved: ${what}; ${JSON.stringify(await saved())}`);
}

step("the sample tenant is there", async () => {
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
});

step("a new definition is led through step by step: source, destination, columns", async () => {
  await page.getByRole("button", { name: /^Syncs/ }).click();
  await page.getByRole("button", { name: "New sync" }).first().click();
  await page.getByRole("textbox", { name: "Name" }).fill(NAME);
  await page.getByRole("button", { name: "Make the definition" }).click();
  await page.getByText("Step 1 of 10").waitFor();
  await page.getByRole("button", { name: "Next: Destination" }).click();
  await page.getByRole("button", { name: "Next: Columns" }).click();
  const chips = page.getByRole("list", { name: "Columns that are read" });
  await page.getByRole("button", { name: "Do not read telephone1" }).click();
  await page.getByRole("button", { name: "Do not read createdon" }).click();
  await pick(page.getByRole("combobox", { name: "Add a column" }), "birthd", /birthdate/);
  await chips.getByText("Birthday").waitFor();
  await page.getByRole("button", { name: "Reset to defaults" }).click();
  await page.getByRole("button", { name: "Do not read telephone1" }).waitFor();
  assert.equal(await chips.getByText("Birthday").count(), 0);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await chips.getByText("Birthday").waitFor();
  // The keys do the same, also where nothing in the editor has the focus.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Control+Shift+z");
  await chips.getByText("Birthday").waitFor({ state: "hidden" });
  await page.keyboard.press("Control+z");
  await chips.getByText("Birthday").waitFor();
});

step("the filter is built, identifiers are given", async () => {
  await page.getByRole("button", { name: "Next: Filter" }).click();
  await page.getByRole("button", { name: "Add a filter" }).click();
  await page.getByRole("combobox", { name: "Value" }).click();
  await page.getByRole("option", { name: /Inactive/ }).click();
  await page.getByRole("combobox", { name: "Value" }).click();
  await page.getByRole("option", { name: /^Active/ }).click();
  await page.getByRole("button", { name: "Next: Identifiers" }).click();
  await page.getByRole("button", { name: "Add identifier" }).click();
  await pick(page.getByRole("combobox", { name: "Column for email" }), "emailaddress1", /emailaddress1/);
  await page.getByText(/is mapped|problem/).first().waitFor();
  await page.getByRole("button", { name: "Next: Fields" }).click();
});

step("what is called alike is matched, and one pair is left out", async () => {
  await page.getByRole("button", { name: "Match by name" }).click();
  const dialog = page.getByRole("dialog", { name: "Match by name" });
  await dialog.getByRole("checkbox", { name: /gender/ }).waitFor();
  await dialog.getByRole("checkbox", { name: /surname/ }).click();
  await dialog.getByRole("button", { name: /^Map \d+ fields?$/ }).click();
  await line("field gender").waitFor();
  assert.equal(await line("field surname").count(), 0);
});

step("what is not chosen in the columns can't be mapped, and a button chooses it", async () => {
  await page.getByRole("button", { name: "Add field" }).click();
  const added = line(/field \d+$/);
  await added.getByRole("combobox", { name: "Target" }).fill("job");
  await page.keyboard.press("Tab");
  const job = line("field job");
  await pick(job.getByRole("combobox", { name: /Column for job/ }), "jobtitle", /jobtitle/);
  await job.getByRole("button", { name: "Choose jobtitle" }).click();
  await job.getByRole("button", { name: "Choose jobtitle" }).waitFor({ state: "detached" });
  await page.getByText("no problems").waitFor();
});

step("fixed values, events, schedule and settings end the guided way on one page", async () => {
  await page.getByRole("button", { name: "Next: Fixed values" }).click();
  await page.getByRole("button", { name: "Add value" }).click();
  await line(/fixed value 1/).getByRole("combobox", { name: "Target" }).fill("source");
  await page.keyboard.press("Tab");
  await page.getByRole("textbox", { name: "Value of source" }).fill("Dynamics");
  await page.getByRole("button", { name: "Next: Events" }).click();
  await page.getByRole("radio", { name: "One name for all" }).click();
  await page.getByRole("combobox", { name: "Event name" }).fill("contact_seen");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Next: Schedule" }).click();
  await page.getByRole("button", { name: "Next: Settings" }).click();
  await page.getByRole("spinbutton", { name: "Records a page" }).fill("250");
  await page.getByRole("button", { name: "Show all on one page" }).click();
  await page.getByRole("navigation", { name: "Parts of the definition" }).waitFor();
  const definition = await savedWhen(({ source }) => source.page_size === 250, "the page size");
  assert.deepEqual(definition.identifiers[0], { to: "email", from: "emailaddress1" });
  assert.match(definition.source.filter, /^<condition attribute="statecode" operator="eq" value="0" ?\/>$/);
  assert.ok(definition.source.columns.includes("jobtitle") && definition.source.columns.includes("birthdate"));
  assert.ok(!definition.source.columns.includes("telephone1"));
  assert.deepEqual(definition.fixed, [{ to: "source", value: "Dynamics" }]);
  assert.equal(definition.events.name.fixed, "contact_seen");
});

step("ten real records show beside it what the engine says, and each cell how it came to be", async () => {
  await page.getByText("no problems").waitFor();
  await page.getByRole("radio", { name: "Table" }).click();
  const { records } = await app.rpc("definitions.sample", { json: JSON.stringify(await saved()), limit: 10 });
  assert.equal(records.length, 10);
  const table = page.getByRole("region", { name: "Ten records as a table" });
  await table.getByRole("columnheader", { name: "job" }).waitFor();
  assert.equal(await table.getByRole("row").count(), 11);
  const gender = records.find(({ mapped }) => typeof mapped.attributes.gender === "string");
  await table.getByRole("button", { name: `Why gender is ${gender.mapped.attributes.gender}` }).first().click();
  const why = page.getByRole("group", { name: "How gender came to be" }).or(page.getByLabel("How gender came to be")).first();
  await why.getByText("label", { exact: true }).waitFor();
  await why.getByText(/^Goes as/).waitFor();
  await page.keyboard.press("Escape");
  const lacks = records.find(({ mapped }) => mapped.attributes.gender === undefined);
  if (lacks) {
    await table.getByRole("button", { name: "Why gender is not sent" }).first().click();
    await page.getByText("It is not sent.").waitFor();
    await page.keyboard.press("Escape");
  }
});

step("a change shows in the ten records at once; steps go back and forth by keyboard", async () => {
  const table = page.getByRole("region", { name: "Ten records as a table" });
  const value = page.getByRole("textbox", { name: "Value of source" });
  await value.fill("CRM");
  await table.getByRole("button", { name: "Why source is CRM" }).first().waitFor();
  await page.keyboard.press("Control+z");
  await table.getByRole("button", { name: "Why source is Dynamics" }).first().waitFor();
  assert.equal(await value.inputValue(), "Dynamics");
  await page.keyboard.press("Control+Shift+Z");
  await table.getByRole("button", { name: "Why source is CRM" }).first().waitFor();
  await page.keyboard.press("Control+z");
  await savedWhen(({ fixed }) => fixed[0].value === "Dynamics", "the former value");
});

step("a value is worked out by an expression; the chain says so, and what can't be read is told while typing", async () => {
  const table = page.getByRole("region", { name: "Ten records as a table" });
  await page.getByRole("button", { name: "How city is made" }).click();
  const expression = page.getByRole("group", { name: "How city is made" }).getByRole("textbox", { name: "Expression" });
  await expression.fill('"<" + value + ">"');
  const cell = table.getByRole("button", { name: /^Why city is <.*>$/ }).first();
  await cell.click();
  await page.getByText("worked out by the expression").waitFor();
  await page.keyboard.press("Escape");
  await expression.fill("value +");
  await page.getByText(/the expression can't be read/i).first().waitFor();
  await expression.fill("");
  await savedWhen(({ fields }) => fields.every((field) => field.expression === undefined), "no expression");
  await page.getByRole("button", { name: "How city is made" }).click();
});

step("the JSON beside it works both ways, offers what may stand there, and marks what may not", async () => {
  await page.getByRole("radio", { name: "JSON" }).click();
  const text = page.getByRole("textbox", { name: "The definition as JSON" });
  await text.filter({ hasText: NAME }).waitFor();
  const definition = await saved();
  definition.options.skip_hook = true;
  await text.click();
  await page.keyboard.press("Control+a");
  await page.evaluate((json) => navigator.clipboard.writeText(json), JSON.stringify(definition, null, 2));
  await page.keyboard.press("Control+v");
  await page.getByRole("checkbox", { name: /skip hook/ }).and(page.locator(":checked")).waitFor();
  // The form writes the text.
  await page.getByRole("checkbox", { name: /skip hook/ }).click();
  // Only the lines in sight are there.
  await text.click();
  await page.keyboard.press("Control+End");
  await text.filter({ hasText: '"skip_hook": false' }).waitFor();
  // A wrong value is told with its place, which leads to its part.
  definition.on_unknown_code = "maybe";
  await text.click();
  await page.keyboard.press("Control+a");
  await page.evaluate((json) => navigator.clipboard.writeText(json), JSON.stringify(definition, null, 2));
  await page.keyboard.press("Control+v");
  await page.getByText(/problem.*can't be previewed or run yet/).waitFor();
  await page.locator(".cm-lintRange-error, .cm-lint-marker-error").first().waitFor();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByText("no problems").waitFor();
  // Keys that are not there yet are offered with their words.
  await text.click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type('"ph');
  await page.locator(".cm-tooltip-autocomplete").getByText('"phone"').waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByText("no problems").waitFor();
});

step("all problems are told at once, and each leads to its field", async () => {
  await page.getByRole("combobox", { name: "Column for email", exact: true }).waitFor();
  await line("identifier email").getByRole("button", { name: "Remove identifier email" }).click();
  await page.getByRole("button", { name: "Add field" }).click();
  await page.getByText(/problems: it can't be previewed or run yet/).waitFor();
  // One region says how it stands, so that a screen reader hears each change.
  const said = await page.getByRole("status").filter({ hasText: /^\d+ problems$/ }).elementHandle();
  const broken = await savedWhen(({ identifiers }) => identifiers.length === 0, "no identifier");
  const { problems } = await app.rpc("definitions.check", { json: JSON.stringify(broken) });
  assert.ok(problems.length >= 2, JSON.stringify(problems));
  const count = (await savedWhen(({ fields }) => fields.at(-1).to === "", "an empty field")).fields.length - 1;
  await page.getByRole("button", { name: `fields[${count}].from` }).click();
  await page.waitForFunction(
    (path) => document.activeElement?.closest("[data-path]")?.getAttribute("data-path") === path,
    `fields[${count}]`,
  );
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByText("no problems").waitFor();
  assert.equal((await said.textContent()).trim(), "no problems");
});

step("it is duplicated, compared, and handed over as a file", async () => {
  await savedWhen(({ identifiers, fields }) => identifiers.length > 0 && fields.at(-1).to !== "", "what was undone");
  await page.getByRole("button", { name: "More for this definition" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Export as a file" }).click();
  const file = await (await download).path();
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), await saved());
  await page.getByRole("button", { name: "More for this definition" }).click();
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  const copy = `${NAME} (copy)`;
  await page.getByRole("tab", { name: new RegExp("\\(copy\\)") }).waitFor();
  await page.getByRole("textbox", { name: "Name of the definition" }).and(page.locator(`[value="${copy}"]`)).waitFor();
  await page.getByRole("textbox", { name: "Value of source" }).fill("Copy");
  await page.getByRole("button", { name: "More for this definition" }).click();
  await page.getByRole("menuitem", { name: "Compare…" }).click();
  const dialog = page.getByRole("dialog", { name: "Compare two definitions" });
  await dialog.getByRole("combobox", { name: "With" }).click();
  await page.getByRole("option", { name: NAME, exact: true }).click();
  const row = dialog.getByRole("row").filter({ hasText: "Fixed values" });
  await row.getByText("Dynamics").waitFor();
  await row.getByText("Copy").waitFor();
  await dialog.getByRole("radio", { name: "As text" }).click();
  await dialog.getByText('"value": "Copy"').waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
});

step("what runs by its schedule waits to be saved, and unsaved changes are there again", async () => {
  const copy = `${NAME} (copy)`;
  const { definition } = await app.rpc("definitions.get", { name: copy });
  definition.schedule = { cron: "0 3 * * *", paused: false };
  await app.rpc("definitions.save", { previous_name: copy, json: JSON.stringify(definition) });
  // What another place changed shows here.
  await page.getByRole("radio", { name: "By a schedule" }).and(page.locator(":checked")).waitFor();
  await page.getByRole("textbox", { name: "Value of source" }).fill("Later");
  await page.getByText(/changes wait until you save them/).waitFor();
  assert.equal((await app.rpc("definitions.get", { name: copy })).definition.fixed[0].value, definition.fixed[0].value);
  // The text is kept a moment after the last key, and leaving asks.
  for (let turn = 0; turn < 100; turn++) {
    const { value } = await app.rpc("state.get", { key: `definition-draft/${copy}` });
    if (value?.json.includes("Later")) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  let asked = false;
  page.once("dialog", async (dialog) => {
    asked = dialog.type() === "beforeunload";
    await dialog.accept();
  });
  await page.reload();
  assert.ok(asked, "leaving was asked about");
  await page.getByText(/earlier sitting/).waitFor();
  // The way of editing that was chosen is chosen again.
  await page.getByRole("navigation", { name: "Parts of the definition" }).waitFor();
  await page.getByRole("textbox", { name: "Value of source" }).and(page.locator('[value="Later"]')).waitFor();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal((await app.rpc("definitions.get", { name: copy })).definition.fixed[0].value, "Later");
});
