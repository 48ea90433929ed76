// What is called alike at another connection is matched, but for lookups, whose ids mean nothing there.
import assert from "node:assert/strict";
import { join } from "node:path";
import { sample as crm, journeyOf, started } from "./lib/app.mjs";

let app;
let page;
const pictures = process.env.SYNCLINE_PICTURES;

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);

step("lookups to another connection are not ticked, and can be", async () => {
  await app.exploreSample();
  await app.connectElsewhere();
  const definition = {
    version: 1,
    name: "accounts elsewhere",
    source: { connection: crm, entity: "account", columns: ["accountid", "name"], fetch: { mode: "all", days: 0 } },
    destination: { connection: "elsewhere", entity: "account" },
    identifiers: [{ to: "accountid", from: "accountid" }],
    fields: [{ to: "name", from: "name" }],
  };
  await app.rpc("definitions.save", { json: JSON.stringify(definition) });
  await page.goto(`${app.url}#/${encodeURIComponent(crm)}/sync/${encodeURIComponent(definition.name)}`);
  await page.getByRole("button", { name: "Match by name" }).filter({ visible: true }).first().click();
  const dialog = page.getByRole("dialog", { name: "Match by name" });
  const owner = dialog.getByRole("checkbox", { name: /^ownerid/ });
  await owner.waitFor();
  if (pictures) await page.screenshot({ path: join(pictures, "match.png") });
  assert.equal(await owner.isChecked(), false);
  assert.equal(await dialog.getByRole("checkbox", { name: /^transactioncurrencyid/ }).isChecked(), false);
  assert.equal(await dialog.getByRole("checkbox", { name: /^accountnumber/ }).isChecked(), true);
  await dialog.getByText("Lookups are not ticked at first").waitFor();
  await owner.click();
  // On a narrow window the form and what is beside it stand one at a time; the dialog goes on as it is.
  const sides = page.locator("[aria-label='What is shown beside the editor']").getByText("Form", { exact: true });
  assert.equal(await sides.count(), 0);
  await page.setViewportSize({ width: 700, height: 800 });
  await sides.waitFor({ state: "attached" });
  assert.equal(await owner.isChecked(), true);
  await page.setViewportSize({ width: 1280, height: 800 });
  await sides.waitFor({ state: "detached" });
  assert.equal(await owner.isChecked(), true);
  await dialog.getByRole("button", { name: /^Map \d+ fields$/ }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("ownerid").filter({ visible: true }).first().waitFor();
  assert.equal(await page.getByText("transactioncurrencyid").filter({ visible: true }).count(), 0);
});

step("another name typed over a chosen one stays, and finds what is called so", async () => {
  const line = page.getByRole("group", { name: "field name", exact: true });
  const column = line.getByRole("combobox", { name: "Column for name" });
  // No column's title begins like this.
  await column.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("emailaddress1");
  assert.equal(await column.inputValue(), "emailaddress1");
  await page.getByRole("option", { name: /emailaddress1/ }).click();
  assert.equal(await column.inputValue(), "Email");
  await page.keyboard.press("Control+z");
});

step("a window that gets narrow and wide again keeps what is half typed, scrolled and open", async () => {
  const sides = page.getByLabel("What is shown beside the editor");
  const form = sides.getByText("Form", { exact: true });
  const sizes = async (whileNarrow) => {
    await page.setViewportSize({ width: 700, height: 800 });
    await form.waitFor();
    await whileNarrow?.();
    if (pictures) await page.screenshot({ path: join(pictures, "narrow.png") });
    await page.setViewportSize({ width: 1280, height: 800 });
    await form.waitFor({ state: "detached" });
  };
  const target = page.getByRole("group", { name: "field name", exact: true }).getByRole("combobox", { name: "Target" });
  await target.fill("half typ");
  const parts = page.locator("[data-part=fields]").locator("..");
  const scrolled = await parts.evaluate((place) => place.scrollTop);
  assert.ok(scrolled > 100, `${scrolled}`);
  await sizes(async () => {
    // What removes a line stands beside it, not on a line of its own.
    const city = page.getByRole("group", { name: "field address1_city", exact: true });
    const [name, remove] = [await city.getByRole("combobox", { name: "Target" }).boundingBox(), await city.getByRole("button", { name: /^Remove/ }).boundingBox()];
    assert.ok(Math.abs(name.y - remove.y) < 12, `${name.y} and ${remove.y}`);
  });
  assert.equal(await target.inputValue(), "half typ");
  assert.ok(await target.evaluate((field) => field === document.activeElement));
  assert.ok(Math.abs((await parts.evaluate((place) => place.scrollTop)) - scrolled) < 200);
  await page.keyboard.press("Escape");
  // Where the text is what one works in, it is the text that a narrow window shows.
  await sides.getByText("JSON", { exact: true }).click();
  const text = page.getByRole("textbox", { name: "The definition as JSON" });
  await text.click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("  ");
  await sizes();
  assert.ok(await text.evaluate((field) => field === document.activeElement));
  await page.keyboard.press("Control+z");
  assert.match(await text.innerText(), /^\{/);
});

step("a definition under a new name keeps its steps back and what is being typed", async () => {
  const text = page.getByRole("textbox", { name: "The definition as JSON" });
  const undo = page.getByRole("button", { name: "Undo", exact: true });
  const name = page.getByRole("textbox", { name: "Name of the definition" });
  await undo.and(page.locator(":enabled")).waitFor();
  await name.fill("accounts renamed");
  await text.click();
  await page.waitForURL(/accounts%20renamed/);
  await page.getByRole("tab", { name: /accounts renamed/ }).waitFor();
  assert.ok(await text.evaluate((field) => field === document.activeElement));
  await undo.click();
  await page.waitForURL(/accounts%20elsewhere/);
  assert.equal(await name.inputValue(), "accounts elsewhere");
  for (let steps = 0; await undo.isEnabled(); steps++) {
    assert.ok(steps < 40);
    await undo.click();
  }
  await page.getByRole("group", { name: "field ownerid", exact: true }).waitFor({ state: "detached" });
  assert.deepEqual((await app.rpc("definitions.list")).filter((one) => one.name === "accounts renamed"), []);
});
