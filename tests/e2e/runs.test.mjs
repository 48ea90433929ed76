// Runs in the built UI: what stops one, its page, undo with its own preview, replay, a record's story, history.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { journeyOf, sample as crm, started } from "./lib/app.mjs";

let app;
let page;
let run;
const pictures = process.env.SYNCLINE_PICTURES;
const picture = (name) => (pictures ? page.screenshot({ path: join(pictures, `${name}.png`) }) : undefined);

const definition = {
  version: 1,
  name: "names in capitals",
  source: {
    connection: crm,
    entity: "contact",
    columns: ["contactid", "lastname"],
    page_size: 500,
    filter: "<condition attribute='gendercode' operator='eq' value='2'/>",
    fetch: { mode: "all", days: 0 },
  },
  destination: { connection: "elsewhere", entity: "contact" },
  identifiers: [{ to: "contactid", from: "contactid" }],
  fields: [{ to: "lastname", from: "lastname", case: "upper" }],
  options: { limits: { updates: 5 } },
};

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);

const go = (place) => page.goto(`${app.url}#/${encodeURIComponent(crm)}/${place}`);
/** Tabs that are not in front stay in the page. */
const seen = (locator) => locator.filter({ visible: true }).first();
const button = (name) => seen(page.getByRole("button", { name }));
const text = (words) => seen(page.getByText(words));

step("a limit stops a run before its first write, and is passed over on purpose", async () => {
  await app.exploreSample();
  await app.connectElsewhere();
  await app.rpc("definitions.save", { json: JSON.stringify(definition) });
  const plan = await app.ended((await app.rpc("plans.start", { name: definition.name, limit: 200 })).job);
  assert.ok(plan.summary.update > 20, JSON.stringify(plan.summary));
  await go(`plan/${plan.plan_id}`);
  await page
    .getByText(/A run would be stopped before its first write: \d+ records would be updated, the limit is 5/)
    .waitFor();
  await button(/^Run \d+ changes$/).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/It can be undone afterwards/).waitFor();
  const yes = dialog.getByRole("button", { name: /^Run/ });
  assert.ok(await yes.isDisabled());
  await picture("runs-limit");
  await dialog.getByRole("checkbox", { name: "Run it all the same" }).check();
  await yes.click();
  await seen(page.getByRole("heading", { name: definition.name })).waitFor();
  await text("succeeded").waitFor();
  run = (await app.rpc("runs.list"))[0];
  assert.equal(run.updated, plan.summary.update);
});

step("a run is taken back with a preview of its own, but for what others changed", async () => {
  const rows = await app.rpc("audit.rows", { run: run.run_id, outcome: "updated", limit: 3 });
  for (const row of rows.rows)
    await app.rpc("records.write", {
      connection: "elsewhere",
      entity: "contact",
      operation: "update",
      id: row.destination_id,
      data: { jobtitle: "Edited by hand" },
    });
  await go(`run/${run.run_id}`);
  await button("Undo…").click();
  await text(/This takes back/).waitFor();
  await text(/3 records stay as they are/).waitFor();
  await picture("runs-undo-preview");
  await button(`Run ${run.updated - 3} changes`).click();
  await page.getByRole("dialog").getByRole("button", { name: /^Run/ }).click();
  await text(/It took back/).waitFor();
  await text("succeeded").waitFor();
  const [undo] = await app.rpc("runs.list");
  assert.equal(undo.undo_of, run.run_id);
  assert.equal(undo.updated, run.updated - 3);
  await picture("runs-undone");
  await go(`run/${run.run_id}`);
  await text(/It was taken back by/).waitFor();
  assert.equal(await button("Undo…").count(), 0, "what was taken back is not offered again");
});

step("a record tells its story over all runs", async () => {
  await seen(page.getByRole("grid", { name: "Outcomes of the run" }).getByRole("gridcell")).dblclick();
  const story = page.getByRole("region", { name: "Story over all runs" });
  await story.getByRole("listitem").nth(1).waitFor();
  await text("Version after the write").waitFor();
  await text("SHA-256 of the request").waitFor();
  await text("Request as it was sent").click();
  await seen(page.getByText(/^\/contacts\(/)).waitFor();
  await picture("runs-story");
  // The same record has a page of its own, at the end where it is read and at the end where it is written.
  await button("The same at elsewhere").click();
  const chapters = page.getByRole("list", { name: "What happened to this record" });
  await chapters.getByRole("listitem").nth(1).waitFor();
  await seen(chapters.getByText("names in capitals")).waitFor();
  // The latest is open, the run itself comes last; in between somebody may have changed the record by hand.
  await chapters.getByRole("listitem").last().locator("summary").first().click();
  await seen(chapters.getByRole("listitem").last().getByRole("cell", { name: "lastname" })).waitFor();
  await seen(page.getByText("in 2 runs")).waitFor();
  await picture("runs-story-page");
  await button("Open the record").click();
  await seen(page.getByRole("button", { name: "Story", exact: true })).click();
  await chapters.getByRole("listitem").nth(1).waitFor();
  await go(`run/${run.run_id}`);
  await text(/It was taken back by/).waitFor();
  const [row] = (await app.rpc("runs.rows", { run: run.run_id, limit: 1 })).rows;
  assert.notEqual(row.title, row.source_id, "a record is told by its name");
  await seen(page.getByRole("grid", { name: "Outcomes of the run" }).getByText(row.source_id)).waitFor();
  await seen(page.getByRole("grid", { name: "Outcomes of the run" }).getByRole("gridcell")).dblclick();
});

step("what was asked and answered is shown without secrets", async () => {
  await button("Requests").click();
  await text(/Kept with the run/).waitFor();
  const seen = page.getByRole("list", { name: "Requests of the run" });
  await seen.getByText(/\$batch/).first().waitFor();
  await seen.getByRole("listitem").filter({ hasText: /\$batch/ }).first().locator("summary").click();
  await seen.getByText("Answered").filter({ visible: true }).first().waitFor();
  assert.ok(!/Bearer|eyJ/.test(await seen.innerText()));
  await picture("runs-requests");
  await button("Requests").click();
});

step("records of a run go again, with a preview", async () => {
  await button("More ways to replay").click();
  await picture("runs-replay-menu");
  await page.getByRole("menuitem", { name: "Replay the open record" }).click();
  await text(/These are records of/).waitFor();
  await text("replay previewed").waitFor();
  const [plan] = await app.rpc("plans.list");
  assert.equal(plan.replay_of, run.run_id);
  assert.equal(plan.summary.read, 1);
});

step("several syncs run in their order, agreed on once", async () => {
  const across = (entity, key, fields) => ({
    version: 1,
    name: `${entity} across`,
    source: {
      connection: crm,
      entity,
      columns: [key, ...fields],
      page_size: 500,
      filter: `<condition attribute='${key}' operator='not-null'/>`,
      fetch: { mode: "all", days: 0 },
    },
    destination: { connection: "elsewhere", entity },
    identifiers: [{ to: key, from: key }],
    fields: fields.map((field) => ({ to: field, from: field, case: field === "name" ? "upper" : undefined })),
  });
  for (const one of [across("account", "accountid", ["name", "primarycontactid"]), across("contact", "contactid", ["firstname", "parentcustomerid"])])
    await app.rpc("definitions.save", { json: JSON.stringify(one) });
  await go("syncs");
  await button("Run several…").click();
  for (const name of [/^account across/, /^contact across/]) await page.getByRole("checkbox", { name }).check();
  await button("Show the order and what would be written").click();
  const steps = page.getByRole("table", { name: "Steps in their order" });
  await steps.getByText("previewed").nth(1).waitFor({ timeout: 40_000 });
  await steps.getByText(/goes without .* until the second pass/).first().waitFor();
  await text(/would be written as things stand now/).waitFor();
  await picture("run-all-look");
  await button("Run all…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/is planned when its turn comes/).waitFor();
  await picture("run-all-agree");
  await dialog.getByRole("button", { name: "Run all" }).click();
  await steps.getByText("succeeded").nth(3).waitFor({ timeout: 50_000 });
  await picture("run-all-done");
  await steps.getByRole("button", { name: "its run" }).first().click();
  await seen(page.getByRole("heading", { name: /across/ })).waitFor();
});

step("production is in sight where it would be written: the sync, its preview, its run", async () => {
  await app.rpc("connections.save", { name: "elsewhere", kind: "production" });
  const [plan] = await app.rpc("plans.list");
  for (const place of [`sync/${encodeURIComponent(definition.name)}`, `plan/${plan.plan_id}`, `run/${run.run_id}`]) {
    await go(place);
    await seen(page.locator("main").getByText("PRODUCTION", { exact: true })).waitFor();
  }
  await app.rpc("connections.save", { name: "elsewhere", kind: "sandbox" });
});

step("a record is found over all runs by text, outcome and entity, written to a file, and tells its story", async () => {
  await go("runs");
  await seen(page.getByRole("radio", { name: "Records", exact: true })).click();
  const [row] = (await app.rpc("audit.rows", { run: run.run_id, outcome: "updated", limit: 1 })).rows;
  await page.getByRole("textbox", { name: "Find a record in all runs" }).fill(row.source_id);
  const grid = seen(page.getByRole("grid", { name: "Records of all runs" }));
  await grid.getByText(row.source_id).first().waitFor();
  await page.getByRole("combobox", { name: "Outcome" }).click();
  await page.getByRole("option", { name: "deleted", exact: true }).click();
  await text("No such record").waitFor();
  await page.getByRole("combobox", { name: "Outcome" }).click();
  await page.getByRole("option", { name: "updated", exact: true }).click();
  await page.getByRole("combobox", { name: "Entity" }).click();
  await page.getByRole("option", { name: "contact", exact: true }).click();
  await grid.getByText(row.source_id).first().waitFor();
  await picture("audit-search");
  const { total } = await app.rpc("audit.rows", {
    search: row.source_id, outcome: "updated", entity: "contact", connection: crm, limit: 1,
  });
  await text(total === 1 ? "1 record" : `${total} records`).waitFor();
  const file = join(app.home, "found.jsonl");
  page.once("dialog", (dialog) => void dialog.accept(file));
  await button("Export").click();
  await page.getByRole("menuitemradio", { name: "Runs alone" }).click();
  await page.getByRole("menuitem", { name: "JSON lines…" }).click();
  await text(/records? written/).waitFor();
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  assert.equal(lines.length, total);
  assert.ok(lines.every((line) => JSON.parse(line).outcome === "updated"));
  await seen(grid.getByRole("gridcell")).dblclick();
  await seen(page.getByRole("list", { name: "What happened to this record" })).waitFor();
});

step("the history shows trends, and settings say what is kept", async () => {
  await go("runs");
  await page
    .getByRole("list", { name: "Trends" })
    .getByRole("img", { name: /The latest 2 runs of/ })
    .first()
    .waitFor();
  await text("taken back").waitFor();
  const [latest] = await app.rpc("runs.list", {});
  assert.equal(latest.by, "integration@contoso.example");
  const told = seen(page.getByRole("row").filter({ hasText: latest.definition_hash.slice(0, 8) }));
  await told.getByRole("cell", { name: latest.by, exact: true }).waitFor();
  await picture("runs-history");
  await go("settings");
  await page.getByRole("textbox", { name: "Days", exact: true }).fill("90");
  await text(/Older now: 0 runs with 0 records/).waitFor();
  await button("Keep this").click();
  await text("Kept.").waitFor();
  const box = (name) => page.getByRole("textbox", { name, exact: true }).locator("..").boundingBox();
  const [updates, percent] = [await box("Most updates"), await box("Most updates, %")];
  assert.ok(updates.x + updates.width <= percent.x, "the limits stand beside each other");
  await page.getByRole("textbox", { name: "Most deletions, %" }).fill("10");
  await button("Save limits").click();
  for (let turn = 0; turn < 100; turn++) {
    const settings = await app.rpc("settings.get");
    if (settings.limits.deletes_percent === 10) {
      assert.equal(settings.audit_days, 90);
      await picture("runs-settings");
      return;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the limits were not saved");
});

step("everything fits a small window, dark too", async () => {
  for (const [name, size, scheme] of [
    ["dark", [1280, 800], "dark"],
    ["small", [640, 400], "light"],
  ]) {
    await page.setViewportSize({ width: size[0], height: size[1] });
    await page.emulateMedia({ colorScheme: scheme });
    for (const place of [`run/${run.run_id}`, "runs", "settings"]) {
      await go(place);
      await seen(page.getByRole("heading")).waitFor();
      await page.waitForTimeout(300);
      await picture(`runs-${place.split("/")[0]}-${name}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${place} at ${name} is ${overflow} px too wide`);
    }
  }
});
