// The main job in the built UI: first run, sign in, browse, pull, search, map, preview, run, and all that is cached with the network gone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cutNetwork, journeyOf, restoreNetwork, signInOnPage, started } from "./lib/app.mjs";

let app;
let page;

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);

const grid = () => page.getByRole("grid").last();
const cell = (text) => page.getByRole("gridcell").filter({ hasText: text }).first();

step("the first start offers the sample tenant and signs in to it in the browser", async () => {
  await page.getByRole("heading", { name: "Welcome to Syncline" }).waitFor();
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("dialog", { name: /Tour, step 1 of 5/ }).waitFor();
  await page.getByText("Where you are").waitFor();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("What is there").waitFor();
  await page.getByRole("button", { name: "Skip the tour" }).click();
  const [first] = await app.rpc("connections.list");
  assert.equal(first.status, "verified");
  assert.equal(first.writable, false);
  await page.getByRole("banner").getByText(first.identity.user_name).first().waitFor();
});

step("entities of the environment are listed, custom ones too", async () => {
  await page.getByRole("option", { name: /contact/ }).first().waitFor();
  await page.getByRole("radio", { name: "Custom" }).click();
  await page.getByRole("option").first().waitFor();
  const { entities } = await app.rpc("entities.list", { connection: "contoso sample" });
  const custom = entities.filter((entity) => entity.custom);
  assert.equal(await page.getByRole("option").count(), custom.length);
  await page.getByRole("radio", { name: "All" }).click();
});

step("records are browsed live, sorted and opened", async () => {
  await page.getByRole("textbox", { name: "Find an entity" }).fill("contact");
  await page.getByRole("option").filter({ hasText: /^Contacts?contact/ }).first().click();
  await page.getByRole("radio", { name: "Live" }).waitFor();
  assert.equal(await page.getByRole("radio", { name: "Live" }).getAttribute("aria-checked"), "true");
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("columnheader").getByRole("button", { name: /Full Name/i }).click();
  await page.locator('[role=columnheader][aria-sort="ascending"]').waitFor();
  await page.getByRole("row").nth(2).dblclick();
  await page.getByRole("complementary", { name: "Record" }).getByText("emailaddress1").first().waitFor();
  await page.getByRole("radio", { name: "JSON" }).click();
  await page.locator(".cm-content").filter({ hasText: "contactid" }).waitFor();
  await page.getByRole("complementary", { name: "Record" }).getByRole("button", { name: "Close" }).click();
});

step("an entity is pulled with progress and is then cached", async () => {
  await page.getByRole("button", { name: "Pull", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pull" }).click();
  await page.getByText(/records in/).first().waitFor({ timeout: 60_000 });
  await page.getByRole("radio", { name: /Cached .*(now|ago)/ }).click();
  const cached = (await app.rpc("cache.list")).find((entity) => entity.entity === "contact");
  assert.equal(cached.status, "done");
  assert.ok(cached.records > 100, `${cached.records} records`);
  await page.getByText(`${cached.records.toLocaleString("en-GB")} rows`).waitFor();
  await page.getByRole("contentinfo").getByText(/offline data/).waitFor();
});

step("cached records are filtered by chips, copied and exported", async () => {
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("combobox", { name: "Column" }).pressSequentially("emailaddress1");
  await page.getByRole("option").filter({ hasText: "emailaddress1" }).first().click();
  await page.getByRole("combobox", { name: "Is" }).click();
  await page.getByRole("option", { name: "is not empty" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Filter" }).or(page.getByRole("button", { name: "Filter", exact: true }).last()).first().click();
  await page.getByRole("group", { name: "Filter" }).getByRole("button", { name: /^Remove/ }).waitFor();
  await page.getByRole("gridcell").first().click();
  await page.keyboard.press("Control+c");
  await page.getByText("Cell copied").waitFor();
  assert.notEqual(await page.evaluate(() => navigator.clipboard.readText()), "");
  const path = join(app.home, "contacts.csv");
  page.once("dialog", (dialog) => dialog.accept(path));
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: /CSV with labels/ }).click();
  await page.getByText(/records? written/).first().waitFor({ timeout: 30_000 });
  const lines = (await readFile(path, "utf8")).split("\n");
  assert.ok(lines.length > 50, `${lines.length} lines`);
  await page.getByRole("group", { name: "Filter" }).getByRole("button", { name: /^Remove/ }).click();
});

step("everything cached is searched", async () => {
  const { rows } = await app.rpc("records.query", { connection: "contoso sample", entity: "contact", mode: "cached", columns: ["lastname"], limit: 50, filter: '<condition attribute="lastname" operator="not-null"/>' });
  const word = rows.map((row) => row.raw.lastname).find((name) => /^[A-Za-z]{4,}$/.test(name));
  await page.keyboard.press("Control+Shift+F");
  await page.getByRole("textbox", { name: "Search cached records" }).fill(word);
  await page.locator("mark").first().waitFor();
  await page.locator("button[data-hit]").first().click();
  await page.getByRole("complementary", { name: "Record" }).getByText("contactid").first().waitFor();
});

step("the palette finds entities, commands and cached records", async () => {
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("combobox", { name: "Search or run a command" });
  await palette.fill("@acc");
  await page.getByRole("option", { name: /Accounts/ }).first().waitFor();
  await palette.fill(">dark");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.documentElement.style.colorScheme === "dark");
  await page.keyboard.press("Control+k");
  await palette.fill(">theme as");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.documentElement.style.colorScheme === "light");
});

step("a definition is edited, its problems are told, ten records show how they would go", async () => {
  await page.getByRole("button", { name: /^Syncs/ }).click();
  await page.getByRole("button", { name: "Active contacts to marketing" }).click();
  await page.getByText("no problems").waitFor();
  await page.getByText(/records as they would go/).waitFor();
  await page.getByRole("radio", { name: "JSON" }).click();
  const editor = page.getByRole("textbox", { name: "The definition as JSON" });
  await editor.waitFor();
  // A problem made in the form is told on top and on its line, and undone.
  await page.getByRole("button", { name: "Add field" }).click();
  await page.getByText(/problems?: it can't be previewed or run yet/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Preview", exact: true }).isDisabled(), true);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByText("no problems").waitFor();
  await page.getByRole("radio", { name: "Ten records" }).click();
  await page.getByRole("button", { name: /^Why/ }).first().click();
  await page.getByRole("listitem").first().waitFor();
  await page.keyboard.press("Escape");
});

let plan;
step("the preview says for each record what would happen, and shows the exact request", async () => {
  await page.getByRole("button", { name: "Preview", exact: true }).click();
  await page.getByRole("button", { name: /^Run [\d,]+ changes?$/ }).waitFor({ timeout: 60_000 });
  [plan] = await app.rpc("plans.list");
  const { summary } = plan;
  assert.equal(summary.read, summary.create + summary.update + summary.unchanged + summary.skip + summary.invalid);
  await page.getByRole("button", { name: /create$/ }).click();
  await page.getByRole("row").nth(1).dblclick();
  const detail = page.getByRole("complementary", { name: "Row" });
  await detail.getByRole("radio", { name: "Request" }).click();
  await detail.getByText("POST", { exact: true }).waitFor();
  await detail.locator(".cm-content").filter({ hasText: "identifiers" }).waitFor();
  await detail.getByRole("button", { name: "Close" }).click();
  // One row is taken out by hand.
  await page.getByRole("checkbox", { name: /^Send/ }).first().click();
  const wanted = summary.create + summary.update - 1;
  await page.getByRole("button", { name: `Run ${wanted.toLocaleString("en-GB")} changes` }).waitFor();
});

step("the run sends just that and reports each outcome", async () => {
  await page.getByRole("button", { name: /^Run [\d,]+ changes?$/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: /^Run/ }).click();
  await page.getByRole("button", { name: "What was previewed" }).waitFor({ timeout: 30_000 });
  await page.getByText(/^(succeeded|done with failures)$/).first().waitFor({ timeout: 60_000 });
  const [run] = await app.rpc("runs.list");
  assert.equal(run.created + run.updated + run.failed + run.drifted, plan.summary.create + plan.summary.update - 1);
  await page.getByRole("button", { name: /^Runs/ }).click();
  await page.getByRole("cell", { name: "Active contacts to marketing" }).first().waitFor();
});

step("with the network gone, what was pulled is still there, and live says what to do", async () => {
  const [first] = await app.rpc("connections.list");
  await cutNetwork(first.authority);
  try {
    await page.reload();
    await page.getByRole("button", { name: /^Entities/ }).click();
    await page.getByRole("option").filter({ hasText: /contact/ }).first().click();
    await cell(/@/).waitFor();
    await page.getByRole("radio", { name: "Live" }).click();
    await page.getByRole("alert").or(page.getByRole("status")).filter({ hasText: /can't be reached|unexpected|Sign in/ }).first().waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Show cached records" }).click();
    await cell(/@/).waitFor();
    await grid().waitFor();
  } finally {
    await restoreNetwork(first.authority);
  }
});

step("place and tabs are restored at the next start", async () => {
  const titles = async () => (await page.getByRole("tab").allTextContents()).sort().join(" | ");
  const settled = async (wanted) => {
    const end = Date.now() + 20_000;
    while (Date.now() < end && (await titles()) !== wanted) await page.waitForTimeout(200);
    return titles();
  };
  // Place and tabs are kept a moment after they change.
  await page.waitForTimeout(2000);
  const tabs = await titles();
  assert.ok((await page.getByRole("tab").count()) >= 3, tabs);
  await page.goto("about:blank");
  await page.goto(app.url);
  await page.getByRole("tab").first().waitFor();
  assert.equal(await settled(tabs), tabs);
});

step("forgetting asks, removes everything and says the counts", async () => {
  await page.getByRole("button", { name: /^Home/ }).click();
  await page.getByRole("button", { name: "More for contoso sample" }).click();
  await page.getByRole("menuitem", { name: "Forget…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Forget it" }).click();
  await page.getByText(/contoso sample is forgotten: .*records/).first().waitFor();
  assert.equal((await app.rpc("cache.list")).length, 0);
});
