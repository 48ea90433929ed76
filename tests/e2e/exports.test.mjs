// Files of every form from each place that shows rows, their names, the way CSV is written, and a file that can't be.
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import { journeyOf, signInOnPage, start } from "./lib/app.mjs";

let app;
let page;
const connection = "contoso sample";
const pictures = process.env.SYNCLINE_PICTURES;
const picture = (name) => (pictures ? page.screenshot({ path: join(pictures, `${name}.png`) }) : undefined);
const step = journeyOf(() => app);

before(async () => {
  app = await start();
  page = app.page;
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
});
after(() => app?.stop());

async function goTo(place) {
  await page.goto(`${app.url}#/${encodeURIComponent(connection)}/${place}`);
  await page.reload();
  await page.locator("main h1, main [role=listbox]").first().waitFor();
}

const menu = () => page.getByRole("button", { name: "Export", exact: true }).last();

/** Writes one form to a file; answers what the dialog offered as its name. */
async function write(line, path) {
  let offered;
  page.once("dialog", (dialog) => {
    offered = dialog.defaultValue();
    void dialog.accept(path);
  });
  await menu().click();
  await page.getByRole("menuitem", { name: line }).click();
  await page.waitForFunction(() => document.querySelector("[role=menu]") === null);
  return offered;
}

/** A file that is whole: it takes its name only then. */
async function written(path) {
  for (let wait = 0; wait < 300; wait++) {
    const size = await stat(path).then((found) => found.size, () => 0);
    if (size > 0) return readFile(path);
    await page.waitForTimeout(100);
  }
  throw new Error(`${path} was not written`);
}

const begins = {
  csv: (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])),
  xlsx: (bytes) => bytes.subarray(0, 2).toString() === "PK",
  json: (bytes) => Array.isArray(JSON.parse(bytes.toString())),
  jsonl: (bytes) => bytes.toString().trim().split("\n").every((line) => JSON.parse(line)),
  db: (bytes) => bytes.subarray(0, 15).toString() === "SQLite format 3",
};

async function allForms(place, lines) {
  for (const [line, extension] of lines) {
    const path = join(app.home, `${place}-${line.replace(/[^a-z]+/gi, "-")}.${extension}`);
    const offered = await write(line, path);
    assert.ok(offered.endsWith(`.${extension}`), offered);
    assert.ok(begins[extension](await written(path)), `${path} is no ${extension}`);
  }
}

const labelled = [["CSV with labels…", "csv"], ["CSV with codes…", "csv"], ["Excel with labels…", "xlsx"], ["JSON…", "json"], ["JSON lines…", "jsonl"], ["SQLite database…", "db"]];
const plain = [["CSV…", "csv"], ["Excel…", "xlsx"], ["JSON…", "json"], ["JSON lines…", "jsonl"], ["SQLite database…", "db"]];

step("records: every form of file", async () => {
  await goTo("entity/account/records");
  await page.getByRole("gridcell").first().waitFor();
  await menu().click();
  await page.getByRole("menuitem", { name: "SQLite database…" }).waitFor();
  await picture("export-records");
  await page.keyboard.press("Escape");
  await allForms("records", labelled);
});

step("CSV with semicolons and no mark is kept as the way to write, in every place", async () => {
  await menu().click();
  await page.getByRole("menuitemradio", { name: /Semicolons/ }).click();
  await page.getByRole("menuitemradio", { name: "No", exact: true }).click();
  await page.keyboard.press("Escape");
  const path = join(app.home, "semicolons.csv");
  await write("CSV with codes…", path);
  const [head] = (await written(path)).toString().split("\r\n");
  assert.match(head, /^[a-z_0-9]+;[a-z_0-9]+/);
});

step("a query: every form, under the query's name as a file can bear it", async () => {
  const name = `Who/what: "${"very ".repeat(34)}long" <name>?`;
  const text = '<fetch top="20"><entity name="account"><attribute name="name" /><attribute name="industrycode" /></entity></fetch>';
  await app.rpc("queries.save", { connection, name, language: "fetchxml", text, columns: [] });
  await goTo("queries");
  await page.getByText(/Who\/what/).first().click();
  await page.getByRole("textbox", { name: "FetchXML query" }).click();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("grid", { name: "Result of the query" }).getByRole("gridcell").first().waitFor();
  await picture("export-query-long-name");
  const path = join(app.home, "long.csv");
  const offered = await write("CSV with codes…", path);
  assert.match(offered, /^Who what very very [^<>:"/\\|?*]*\.csv$/);
  assert.ok(offered.length <= 84, `${offered.length} characters`);
  assert.match((await written(path)).toString().split("\r\n")[0], /;/, "the way CSV is written is kept");
  await menu().click();
  await page.getByRole("menuitemradio", { name: /Commas/ }).click();
  await page.getByRole("menuitemradio", { name: /^Yes/ }).click();
  await page.keyboard.press("Escape");
  await allForms("query", labelled);
});

step("a statement: every form", async () => {
  await app.rpc("cache.pull", { connection, entity: "account" }).then(async ({ job }) => {
    while ((await app.rpc("jobs.get", { job })).finished_at === null) await page.waitForTimeout(100);
  });
  await goTo("sql");
  await page.getByRole("textbox", { name: "SQL statement" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("SELECT name, industrycode FROM account LIMIT 20");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("grid", { name: "Result" }).getByRole("gridcell").first().waitFor();
  await allForms("sql", plain);
});

step("a folder that is not there is told, with what to do", async () => {
  await write("CSV…", join(app.home, "no such folder", "query.csv"));
  await page.getByText(/no such folder/).first().waitFor();
  await picture("export-refused");
});

step("at 200 % of a small window the menu can be reached whole, and notices leave room", async () => {
  await page.setViewportSize({ width: 640, height: 400 });
  const one = join(app.home, "first.csv");
  const two = join(app.home, "second.csv");
  await write("CSV…", one);
  await written(one);
  await write("CSV…", two);
  await written(two);
  await page.getByTitle(two).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[data-notice]").length === 1);
  await menu().click();
  const last = page.getByRole("menuitemradio", { name: "No", exact: true });
  await page.keyboard.press("End");
  await picture("export-small");
  await last.scrollIntoViewIfNeeded();
  const box = await last.boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= 400, JSON.stringify(box));
  await page.keyboard.press("Escape");
});
