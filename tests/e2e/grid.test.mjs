// The grid by keyboard, a search without a hit, a masked file, and how long a statement has run.
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import { checksOf, signInOnPage, start } from "./lib/app.mjs";

let app;
let page;
const connection = "contoso sample";
const check = checksOf(() => app);

async function goTo(place) {
  await page.goto(`${app.url}#/${encodeURIComponent(connection)}/${place}`);
  await page.reload();
  await page.locator("main h1:visible").first().waitFor();
}

async function done(name, request) {
  const { job } = await app.rpc(name, request);
  for (;;) {
    const view = await app.rpc("jobs.get", { job });
    if (view.finished_at !== null) {
      assert.equal(view.state, "done", JSON.stringify(view.error));
      return view.result;
    }
    await page.waitForTimeout(100);
  }
}

before(async () => {
  app = await start();
  page = app.page;
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
  await done("cache.pull", { connection, entity: "contact" });
});
after(() => app?.stop());

const grid = () => page.getByRole("grid");
const heads = () => grid().getByRole("columnheader");
const names = () => heads().allTextContents();
const place = "entity/contact/records";

async function openCached() {
  await goTo(place);
  await page.getByRole("radio", { name: /^Cached/ }).last().click();
  await page.getByRole("grid", { name: /cached/ }).getByRole("gridcell").first().waitFor();
}

/** Moves the active cell to a column by keys; rows that come anew take none meanwhile. */
async function activate(column) {
  for (let step = 0; step < 200; step++) {
    const cell = await grid().getAttribute("aria-activedescendant");
    const at = cell === null ? null : Number(cell.split("-").at(-1));
    if (at === column) return;
    if (at !== null) {
      await grid().focus();
      await page.keyboard.press(at < column ? "ArrowRight" : "ArrowLeft");
    }
    await page.waitForTimeout(50);
  }
  throw new Error(`the active cell is not in column ${column}`);
}

check("columns are made wider, moved and sorted by without a mouse", async () => {
  await openCached();
  await activate(1);
  const before = await names();
  const width = async (name) => (await heads().filter({ hasText: name }).first().boundingBox()).width;
  const name = before[1];
  const narrow = await width(name);
  await page.keyboard.press("Alt+Shift+ArrowRight");
  await page.keyboard.press("Alt+Shift+ArrowRight");
  await page.waitForFunction(
    ([index, least]) => document.querySelectorAll("[role=columnheader]")[index].getBoundingClientRect().width > least,
    [1, narrow + 40],
  );
  await page.keyboard.press("Control+Shift+ArrowRight");
  await page.waitForFunction((text) => document.querySelectorAll("[role=columnheader]")[2]?.textContent === text, name);
  // The column is still the one of the active cell, and the grid holds the focus while its rows come anew.
  await activate(2);
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await heads().filter({ hasText: name }).and(page.locator("[aria-sort=descending]")).waitFor();
  await grid().getByRole("gridcell").first().waitFor();
  assert.equal(await grid().evaluate((element) => element === document.activeElement), true);
  await activate(2);
  await page.keyboard.press("Control+Shift+ArrowLeft");
  await page.waitForFunction((text) => document.querySelectorAll("[role=columnheader]")[1]?.textContent === text, name);
});

check("Pull and what stands beside it stay where they are while counts and words come", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await goTo("entity/contact/records");
  const places = async () => {
    const found = {};
    for (const name of ["Pull", "Columns", "Export"])
      found[name] = await page.getByRole("button", { name, exact: true }).boundingBox();
    return found;
  };
  const live = page.getByRole("radio", { name: "Live" });
  const counted = page.getByRole("status").filter({ hasText: /^[\d.,\s]+ rows$/ });
  await counted.waitFor();
  const cached = await places();
  const [first] = Object.values(cached);
  for (const { y, height } of Object.values(cached)) assert.ok(Math.abs(y + height / 2 - (first.y + first.height / 2)) < 1, "they stand in a row");
  await live.click({ force: true });
  await page.getByRole("grid", { name: /live$/ }).getByRole("gridcell").first().waitFor();
  assert.deepEqual(await places(), cached);
  const long = "a very long value that nobody is called by";
  const conditions = `<condition attribute='lastname' operator='like' value='%${long}%'/><condition attribute='statecode' operator='eq' value='0'/>`;
  await page.getByRole("button", { name: "Edit the filter as FetchXML" }).click();
  await page.getByRole("dialog").getByRole("textbox").first().click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(`<filter>${conditions}</filter>`);
  await page.getByRole("dialog").getByRole("button", { name: "Use this filter" }).click();
  await page.getByText("No record passes the filter").waitFor();
  assert.deepEqual(await places(), cached);
  const chips = await page.getByRole("group", { name: "Filter" }).getByRole("button", { name: /^Remove / }).all();
  const [one, other] = await Promise.all(chips.map((chip) => chip.boundingBox()));
  assert.equal(one.y, other.y, "conditions stand beside one another");
  assert.ok(one.width > 20 && other.width > 20, "what removes them can be hit");
});

check("a search without a hit says so where one looks", async () => {
  await openCached();
  await page.getByPlaceholder("Search words").fill("nobodyiscalledthis");
  const said = page.getByText("No record passes the filter");
  await said.waitFor();
  const box = await said.boundingBox();
  assert.ok(box.x > 0 && box.x + box.width < 1280, JSON.stringify(box));
  await page.getByRole("button", { name: "Remove the filter" }).click();
  await grid().getByRole("gridcell").first().waitFor();
});

check("a file is masked where that was chosen", async () => {
  await openCached();
  const path = join(app.home, "masked.jsonl");
  page.once("dialog", (dialog) => void dialog.accept(path));
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("menuitemradio", { name: /^Masked/ }).click();
  await page.getByRole("menuitem", { name: "JSON lines…" }).click();
  for (let wait = 0; wait < 300 && !(await stat(path).catch(() => null)); wait++) await page.waitForTimeout(100);
  const text = await readFile(path, "utf8");
  const { rows } = await app.rpc("records.query", {
    connection, entity: "contact", mode: "cached", columns: ["fullname", "emailaddress1"], limit: 200,
  });
  const secrets = rows.flatMap(({ raw }) => [raw.fullname, raw.emailaddress1]).filter((one) => one && one.length > 5);
  assert.ok(secrets.length > 200);
  assert.deepEqual(secrets.filter((secret) => text.includes(secret)), []);
  assert.equal(text.trim().split("\n").length, 5000);
});

check("a long statement and a long query over the cache show their time and are stopped", async () => {
  await goTo("sql");
  const editor = page.getByRole("textbox", { name: "SQL statement" });
  await editor.click();
  await page.keyboard.insertText("SELECT count(*) FROM contact a, contact b, contact c WHERE a.fullname < b.fullname || c.fullname");
  await page.keyboard.press("Control+Enter");
  await page.locator("[data-elapsed]").filter({ hasNotText: "0.0 s" }).waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("The query was cancelled.").waitFor();
  const run = "stopped";
  // Every contact beside every two others of its state: more than a hundred billion rows, none of which is wanted.
  const beside = (alias, inner) =>
    `<link-entity name='contact' from='statecode' to='statecode' link-type='outer' alias='${alias}'>${inner}</link-entity>`;
  const text =
    "<fetch><entity name='contact'><attribute name='fullname'/><filter><condition entityname='c' attribute='fullname' operator='eq' value='nobody'/></filter>" +
    `${beside("b", beside("c", ""))}</entity></fetch>`;
  let outcome;
  const ended = app.rpc("queries.run", { connection, language: "fetchxml", text, cached: true, run }).then(
    () => (outcome = "came to its end"),
    (error) => (outcome = error.code),
  );
  // It may not have begun when it is told to stop for the first time.
  while (!outcome) {
    await page.waitForTimeout(300);
    await app.rpc("queries.cancel", { run });
  }
  await ended;
  assert.equal(outcome, "cancelled");
});
