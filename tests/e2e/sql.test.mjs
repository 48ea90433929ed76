// SQL over the cache, the values of a column, and files of every format, as a person meets them.
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { signInOnPage, start } from "./lib/app.mjs";

let app;
let page;

const connection = "contoso sample";

async function goTo(place) {
  await page.goto(`${app.url}#/${encodeURIComponent(connection)}/${place}`);
  await page.reload();
  await page.locator("main h1").first().waitFor();
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

/** Writes a statement into the editor. */
async function type(statement) {
  const editor = page.getByRole("textbox", { name: "SQL statement" });
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(statement);
}

const result = () => page.getByRole("grid", { name: "Result" });
const cells = () => result().getByRole("gridcell").allTextContents();

function check(name, steps) {
  test(name, async () => {
    try {
      await steps();
      assert.deepEqual(app.faults, []);
    } catch (error) {
      await app.keep(`sql ${name}`);
      throw error;
    }
  });
}

before(async () => {
  app = await start();
  page = app.page;
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
});
after(() => app?.stop());

check("before a pull it says what to do, after it the entity is a table", async () => {
  await goTo("sql");
  await page.getByText("Nothing of this connection was pulled yet").waitFor();
  await done("cache.pull", { connection, entity: "contact" });
  await page.getByRole("button", { name: "contact", exact: true }).click();
  await result().waitFor();
  await page.getByText(/100 rows/).waitFor();
  await page.getByRole("button", { name: "Columns of contact" }).click();
  await page.getByRole("button", { name: /gendercode_label/ }).waitFor();
});

check("Ctrl+Enter runs, labels stand beside codes, a click on a head sorts", async () => {
  await type(
    "SELECT gendercode, gendercode_label, count(*) AS n FROM contact WHERE gendercode IS NOT NULL GROUP BY 1 ORDER BY 1",
  );
  await page.keyboard.press("Control+Enter");
  await page.getByRole("columnheader", { name: "n", exact: true }).waitFor();
  const found = await cells();
  assert.equal(found.length, 6, found.join(" | "));
  assert.deepEqual([found[0], found[1], found[3], found[4]], ["1", "Male", "2", "Female"]);
  await page.getByRole("columnheader", { name: "gendercode_label" }).getByRole("button").click();
  await page.waitForFunction(() => document.querySelector("[role=gridcell]")?.textContent === "2");
  await page.getByRole("button", { name: "Copy with headers" }).click();
  await page.getByText("2 rows copied").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^gendercode\tgendercode_label\tn\n2\tFemale\t\d+\n1\tMale\t\d+$/);
});

check("a wrong name is told with its place and the right one; what writes is refused", async () => {
  await type("SELECT\n  fulname FROM contact");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText(/line 2, column 3/i).waitFor();
  await page
    .getByText(/did you mean fullname/i)
    .first()
    .waitFor();
  await type("DELETE FROM contact");
  await page.keyboard.press("Control+Enter");
  await page.getByText(/only a SELECT over the pulled entities/i).waitFor();
  const { total } = await app.rpc("records.query", {
    connection,
    entity: "contact",
    mode: "cached",
    limit: 1,
  });
  assert.ok(total > 100);
});

check("tables and columns are completed, and a long statement is stopped", async () => {
  await type("SELECT emailadd");
  await page.keyboard.type("r");
  await page
    .getByRole("option", { name: /emailaddress1/ })
    .first()
    .waitFor();
  await page.keyboard.press("Escape");
  await type("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  await page.getByRole("button", { name: "History" }).click();
  await page.getByRole("menuitem", { name: /gendercode_label, count/ }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("columnheader", { name: "n", exact: true }).waitFor();
});

check("the values of a column are counted, and one click filters by one of them", async () => {
  await goTo("entity/contact/records");
  await page.getByRole("button", { name: "Values", exact: true }).click();
  await page
    .getByRole("combobox", { name: "Column" })
    .selectOption({ label: "Status" })
    .catch(() => undefined);
  await page.getByText(/different among/).waitFor();
  const first = page
    .getByRole("dialog", { name: "Values of a column" })
    .or(page.getByLabel("Values of a column"))
    .getByRole("listitem")
    .first();
  const text = await first.innerText();
  const wanted = Number(text.match(/[\d,]+$/m)?.[0].replaceAll(",", ""));
  await first.getByRole("button").click();
  await page.getByText(new RegExp(`^${wanted.toLocaleString("en-GB")} rows?$`)).waitFor();
});

check("files of every format hold every row", async () => {
  const query = {
    connection,
    entity: "contact",
    mode: "cached",
    columns: ["fullname", "gendercode", "creditlimit", "createdon", "parentcustomerid"],
  };
  const { total } = await app.rpc("records.query", { ...query, limit: 1 });
  for (const format of ["csv", "json", "jsonl", "xlsx", "sqlite"]) {
    const path = join(app.home, `contacts.${format}`);
    const report = await done("records.export", {
      query,
      format,
      path,
      formatted: format === "csv",
      delimiter: ";",
    });
    assert.equal(report.records, total, format);
    assert.equal(report.bytes, (await stat(path)).size, format);
  }
  const csv = await readFile(join(app.home, "contacts.csv"), "utf8");
  assert.ok(csv.startsWith("\ufeffFull Name;Gender;Credit Limit;"), csv.slice(0, 80));
  const array = JSON.parse(await readFile(join(app.home, "contacts.json"), "utf8"));
  assert.equal(array.length, total);
  const lines = (await readFile(join(app.home, "contacts.jsonl"), "utf8")).trim().split("\n");
  assert.deepEqual(JSON.parse(lines[7]), array[7]);
  const report = await done("cache.sql_export", {
    connection,
    statement: "SELECT fullname, creditlimit FROM contact",
    format: "csv",
    path: join(app.home, "sql.csv"),
    byte_order_mark: false,
  });
  assert.equal(report.records, total);
  assert.ok((await readFile(join(app.home, "sql.csv"), "utf8")).startsWith("fullname,creditlimit\r\n"));
});
