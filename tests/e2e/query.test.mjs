// The Query place: type, complete, see an error, mend it, run, build, save, open from history, open a view, share.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import { journeyOf, signInOnPage, start } from "./lib/app.mjs";

let app;
let page;
const connection = "contoso sample";

before(async () => {
  app = await start();
  page = app.page;
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
});
after(() => app?.stop());

const step = journeyOf(() => app);

const editor = () => page.getByRole("textbox", { name: "FetchXML query" });
const text = () => page.evaluate(() => [...document.querySelectorAll(".cm-content .cm-line")].map((line) => line.textContent).join("\n"));
const write = async (value) => {
  await editor().click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(value);
};
const problems = () => page.getByRole("region", { name: "Problems of the query" });

step("a new query opens in a tab and completes columns of the environment", async () => {
  await page.getByRole("navigation", { name: "Places" }).getByRole("button", { name: /Query/ }).click();
  await page.getByRole("button", { name: "New query" }).click();
  await editor().waitFor();
  await write('<fetch top="20"><entity name="contact"><attribute name="');
  await page.keyboard.press("Control+Space");
  await page.locator(".cm-tooltip-autocomplete li").filter({ hasText: "fullname" }).first().waitFor();
  await page.keyboard.insertText("emaila");
  await page.locator(".cm-tooltip-autocomplete li").filter({ hasText: "emailaddress1" }).first().waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".cm-content").textContent.includes('name="emailaddress1'));
});

step("an error is shown with its place and mended by its fix", async () => {
  await write('<fetch top="20">\n  <entity name="contact">\n    <attribute name="fulname" />\n    <filter>\n      <condition attribute="statecode" operator="like" value="0" />\n    </filter>\n  </entity>\n</fetch>');
  await problems().getByText("2 errors").waitFor();
  await problems().getByText("3:22").waitFor();
  await problems().getByRole("button", { name: "Write fullname" }).click();
  await problems().getByText("1 error", { exact: true }).waitFor();
  await page.locator(".cm-lintRange-error, .cm-lint-marker-error").first().waitFor();
  await editor().click();
  await page.keyboard.press("Control+.");
  await problems().getByText("No problems").waitFor();
  assert.match(await text(), /name="fullname"[\s\S]*operator="eq" value="0"/);
});

step("it runs and its rows are shown", async () => {
  await editor().click();
  await page.keyboard.press("Control+Enter");
  await page.getByText("20 rows").waitFor();
  await page.getByRole("columnheader", { name: /Full Name/ }).waitFor();
  await page.getByRole("gridcell").first().waitFor();
});

step("the builder changes its own part of the text, and the text changes the builder", async () => {
  const builder = page.getByRole("group", { name: "Query builder" });
  const before = await text();
  await builder.getByRole("radio", { name: "Any of" }).click();
  await page.waitForFunction(() => document.querySelector(".cm-content").textContent.includes('<filter type="or">'));
  assert.equal(await text(), before.replace("<filter>", '<filter type="or">'));
  await builder.getByRole("button", { name: "Condition", exact: true }).click();
  await builder.getByRole("combobox", { name: "Operator" }).nth(1).click();
  await page.getByRole("option", { name: "begins with", exact: true }).click();
  await builder.getByRole("textbox", { name: "Value" }).fill("A & B");
  await page.waitForFunction(() => document.querySelector(".cm-content").textContent.includes('value="A &amp; B"'));
  await problems().getByText("No problems").waitFor();
  await builder.getByRole("combobox", { name: /Add a column/ }).first().pressSequentially("emailaddress1");
  await page.getByRole("option").filter({ hasText: "emailaddress1" }).first().click();
  assert.match(await text(), /<attribute name="emailaddress1" \/>/);
  await write((await text()).replace('operator="begins-with" value="A &amp; B"', 'operator="ends-with" value="n"').replace("<filter ", "<!-- mine --><filter "));
  await builder.getByRole("combobox", { name: "Operator" }).nth(1).filter({ hasText: "ends with" }).waitFor();
  await builder.getByText(/Kept in the text, not shown here: comments/).waitFor();
});

step("it is counted, shown as code without a token, and saved", async () => {
  await page.getByRole("button", { name: "Count all rows" }).click();
  await page.getByText("counted by the service just now").waitFor();
  await page.getByRole("button", { name: "Code", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("region", { name: "OData" }).getByText(/\$filter=/).waitFor();
  await dialog.getByRole("button", { name: "Copy curl" }).click();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(curl, /Authorization: Bearer \$TOKEN/);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Mine");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Mine", level: 1 }).waitFor();
  await page.getByRole("tab", { name: "Mine" }).waitFor();
  const [saved] = await app.rpc("queries.saved", { connection });
  assert.equal(saved.name, "Mine");
});

step("a saved query is duplicated, deleted, and the deletion taken back", async () => {
  await page.getByRole("button", { name: "Library" }).click();
  const library = page.getByRole("complementary", { name: "Library of queries" });
  await library.getByRole("button", { name: "Duplicate Mine" }).click();
  await library.getByRole("button", { name: "Delete Mine copy" }).click();
  await library.getByText("was deleted").waitFor();
  assert.equal((await app.rpc("queries.saved", { connection })).length, 1);
  await library.getByRole("button", { name: "Undo", exact: true }).click();
  await library.getByRole("button", { name: "Rename Mine copy" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Second");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await library.getByText("Second").waitFor();
});

step("history and views open in tabs of their own", async () => {
  const library = page.getByRole("complementary", { name: "Library of queries" });
  await library.getByRole("radio", { name: "History" }).click();
  await library.getByText(/20 rows/).first().waitFor();
  await library.getByRole("button").filter({ hasText: "fetch top" }).first().click();
  await page.getByRole("tab", { name: "Query 2" }).waitFor();
  await page.getByRole("button", { name: "Library" }).click();
  await page.getByRole("radio", { name: "Views" }).click();
  await page.getByRole("button", { name: /My contacts without an e-mail/ }).click();
  await page.getByRole("heading", { name: "My contacts without an e-mail" }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("row").nth(2).dblclick();
  await page.getByRole("complementary", { name: "Record" }).waitFor();
});

step("OData runs beside it, a link opens the query, and tabs come back after a reload", async () => {
  await page.getByRole("tab", { name: "Query 2" }).click();
  await page.getByRole("radio", { name: "OData" }).click();
  await page.getByRole("textbox", { name: "OData query" }).filter({ hasText: "$select=fullname" }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText("20 rows", { exact: true }).last().waitFor();
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("button", { name: "More for this query" }).click();
  await page.getByRole("menuitem", { name: /Copy a link/ }).click();
  await page.getByText("Link copied").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /^syncline:\/\/query\?/);
  await page.waitForTimeout(700);
  await page.reload();
  await page.getByRole("tab", { name: "Mine" }).waitFor();
  await page.getByRole("tab", { name: "Query 2" }).click();
  await page.getByRole("textbox", { name: "OData query" }).filter({ hasText: "$select=fullname" }).waitFor();
  await page.getByRole("navigation", { name: "Places" }).getByRole("button", { name: /Query/ }).click();
  await page.getByRole("textbox", { name: "Link" }).fill(link);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("tab", { name: "Query 4" }).waitFor();
  await page.getByRole("textbox", { name: "OData query" }).filter({ hasText: "$select=fullname" }).waitFor();
});

step("before a pull the rows are counted", async () => {
  await page.goto(`${app.url}#/${encodeURIComponent(connection)}/entity/contact/records`);
  await page.getByRole("button", { name: "Pull", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Count all rows" }).click();
  await page.getByRole("dialog").getByText(/rows counted/).waitFor();
});

const cached = async (entity) => {
  await app.rpc("cache.pull", { connection, entity });
  for (let turn = 0; turn < 300; turn++) {
    const jobs = await app.rpc("jobs.list");
    if (jobs.every((job) => job.state !== "running")) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the pull did not end");
};

step("the same query runs over the cache: its age, what is not there, its rows and their number", async () => {
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.goto(`${app.url}#/${encodeURIComponent(connection)}/queries`);
  await page.getByRole("button", { name: "New query" }).click();
  await editor().waitFor();
  await write('<fetch><entity name="contact"><attribute name="fullname" /></entity></fetch>');
  const builder = page.getByRole("group", { name: "Query builder" });
  // The link joins on the column that the metadata names.
  await builder.getByRole("combobox", { name: "Link an entity to contact" }).pressSequentially("account");
  await page.getByRole("option").filter({ hasText: "parentcustomerid" }).first().click();
  await page.waitForFunction(() => /from="accountid" to="parentcustomerid"/.test(document.querySelector(".cm-content").textContent));
  await page.getByRole("radio", { name: "Cached" }).click();
  const coverage = page.getByRole("region", { name: "What is cached of this query" });
  await coverage.getByText("was not pulled").first().waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText(/contact was not pulled/).first().waitFor();
  await cached("contact");
  await coverage.getByText(/Contact/).first().waitFor();
  await coverage.getByText("was not pulled").first().waitFor();
  await cached("account");
  await coverage.getByText(/as of/).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText(/page of the cache as of/).waitFor();
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("button", { name: "Count all rows" }).click();
  await page.getByText("counted in the cache").waitFor();
});

step("rows that were read are searched, copied with headers, and all of them exported", async () => {
  await page.getByRole("searchbox", { name: "Find in the rows that were read" }).or(page.getByRole("textbox", { name: "Find in the rows that were read" })).last().fill("a");
  await page.getByText(/\d+ of 250\+ rows/).waitFor();
  await page.getByRole("button", { name: "Copy with headers" }).last().click();
  const [head, ...lines] = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
  assert.match(head, /^Full Name/);
  assert.ok(lines.length > 0 && lines.every((line) => /a/i.test(line)), lines.find((line) => !/a/i.test(line)));
  const path = join(app.home, "query.csv");
  page.once("dialog", (dialog) => dialog.accept(path));
  await page.getByRole("button", { name: "Export", exact: true }).last().click();
  await page.getByRole("menuitem", { name: "CSV with labels…" }).click();
  await page.getByText(/records written/).first().waitFor();
  const written = (await readFile(path, "utf8")).trim().split(/\r?\n/);
  assert.ok(written.length > 1000, `${written.length} lines`);
});

step("OData is completed with columns and choices of the environment", async () => {
  await page.getByRole("button", { name: "More for this query" }).waitFor();
  await page.goto(`${app.url}#/${encodeURIComponent(connection)}/queries`);
  await page.getByRole("button", { name: "New query" }).click();
  await editor().waitFor();
  await write('<fetch top="5"><entity name="contact"><attribute name="fullname" /></entity></fetch>');
  await page.getByRole("radio", { name: "OData" }).click();
  const odata = page.getByRole("textbox", { name: "OData query" });
  await odata.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("contacts?$filter=statecode eq ");
  await page.keyboard.press("Control+Space");
  await page.locator(".cm-tooltip-autocomplete li").filter({ hasText: "Active" }).first().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("contacts?$select=emaila");
  await page.keyboard.press("Control+Space");
  await page.locator(".cm-tooltip-autocomplete li").filter({ hasText: "emailaddress1" }).first().waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".cm-content").textContent.includes("$select=emailaddress1"));
});

step("a link that is handed over opens its query, and one that can't be read says why", async () => {
  const { link } = await app.rpc("queries.link", { connection, language: "odata", text: "accounts?$top=3", name: "Handed over" });
  await page.waitForTimeout(700);
  await page.goto(`${app.url}?link=${encodeURIComponent(link)}`);
  await page.getByRole("heading", { name: "Handed over", level: 1 }).waitFor();
  await page.getByRole("textbox", { name: "OData query" }).filter({ hasText: "accounts?$top=3" }).waitFor();
  await page.goto(`${app.url}?link=${encodeURIComponent("syncline://nothing")}`);
  const dialog = page.getByRole("dialog", { name: "Open the link to a query" });
  await dialog.getByRole("alert").or(dialog.getByRole("group")).first().waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
});
