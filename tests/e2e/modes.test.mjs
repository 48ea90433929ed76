// Fetch modes in the built UI: a baseline, what changed since with its deletions, the watermark seen and set back, lists, what changed.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { journeyOf, sample as crm, started } from "./lib/app.mjs";

let app;
let page;
// The sample tenant's application with a secret; the same at each start.

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);

const dialog = () => page.getByRole("dialog", { name: "Pull contact" });

async function openPull() {
  await page.getByRole("button", { name: "Pull", exact: true }).click();
  await dialog().waitFor();
}

/** Presses the dialog's button and waits for the end of the job; its result. */
async function pulled() {
  const known = new Set((await app.rpc("jobs.list")).map((job) => job.id));
  await dialog().getByRole("button", { name: "Pull", exact: true }).click();
  await dialog().waitFor({ state: "detached" });
  for (let turn = 0; turn < 300; turn++) {
    const job = (await app.rpc("jobs.list")).find((one) => one.kind === "pull" && !known.has(one.id));
    if (job && job.state === "done") return job.result;
    assert.ok(!job || job.state === "running", JSON.stringify(job?.error));
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the pull did not end");
}

/** Writes at the service by another connection, so that the cache of the first is not told. */
async function elsewhere(operation, id, data) {
  return app.rpc("records.write", { connection: "elsewhere", entity: "contact", operation, id, data });
}

const count = (value) => value.toLocaleString("en-GB");

step("contacts are pulled for the first time as a baseline", async () => {
  await app.exploreSample();
  await page.getByRole("textbox", { name: "Find an entity" }).fill("contact");
  await page.getByRole("option").filter({ hasText: /^Contacts?contact/ }).first().click();
  await page.getByRole("gridcell").first().waitFor();
  await openPull();
  await dialog().getByText("No watermark yet").waitFor();
  assert.ok(await dialog().getByRole("radio", { name: /New and updated since the last pull/ }).isChecked());
  const report = await pulled();
  assert.equal(report.way, "baseline");
  assert.ok(report.tracked);
});

step("the watermark is shown, and the next pull reads what changed with the deletions", async () => {
  await app.connectElsewhere();
  const { rows } = await app.rpc("records.query", {
    connection: crm, entity: "contact", mode: "cached", columns: ["contactid", "lastname"], limit: 2,
  });
  await elsewhere("update", rows[0].id, { lastname: "Changedname" });
  await elsewhere("delete", rows[1].id);
  await elsewhere("create", undefined, { lastname: "Newcomer" });
  await openPull();
  await dialog().getByText("Read until").waitFor();
  await dialog().getByText("change tracking", { exact: true }).waitFor();
  const report = await pulled();
  assert.deepEqual([report.way, report.read, report.new, report.changed, report.deleted], ["changes", 2, 1, 1, 1]);
});

step("what changed is told record by record, filtered and exported", async () => {
  await page.getByRole("radio", { name: "What changed" }).click();
  await page.getByRole("button", { name: /1 added/ }).waitFor();
  await page.getByRole("button", { name: /1 changed/ }).waitFor();
  await page.getByRole("gridcell").filter({ hasText: "Newcomer" }).first().waitFor();
  await page.getByRole("button", { name: /1 changed/ }).click();
  await page.getByRole("gridcell").filter({ hasText: /→ Changedname/ }).first().waitFor();
  await page.getByRole("row").nth(1).dblclick();
  const panel = page.getByRole("complementary", { name: "Change" });
  await panel.getByRole("cell", { name: "Changedname", exact: true }).waitFor();
  await page.getByRole("button", { name: /1 deleted/ }).click();
  await page.getByRole("gridcell").filter({ hasText: "gone at the service" }).first().waitFor();
  await page.getByRole("row").nth(1).dblclick();
  await panel.getByText("As it was cached last").waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: /1 deleted/ }).click();
  const path = join(app.home, "changes.csv");
  page.once("dialog", (question) => question.accept(path));
  await page.getByRole("button", { name: "Export", exact: true }).last().click();
  await page.getByRole("menuitem", { name: "CSV, a line a column…" }).click();
  await page.getByText(/3 records written/).first().waitFor({ timeout: 30_000 });
  const text = await readFile(path, "utf8");
  assert.match(text, /changed,[^\r]*,lastname,[^\r]*,Changedname,/);
  assert.match(text, /\r\ndeleted,/);
});

step("the watermark is set back, and what was modified since is read again", async () => {
  await page.getByRole("radio", { name: "Records" }).click();
  await openPull();
  await dialog().getByRole("button", { name: "Set back…" }).click();
  await dialog().getByLabel("To a time").fill("2026-01-01T00:00");
  await dialog().getByRole("button", { name: "Set to this time" }).click();
  await dialog().getByText("set back by hand").waitFor();
  const [mark] = await app.rpc("marks.list", { connection: crm, entity: "contact" });
  assert.equal(mark.modified_at, "2025-12-31T23:00:00Z", "the person's own time zone is Amsterdam's");
  const report = await pulled();
  assert.equal(report.way, "since");
  const [after] = await app.rpc("marks.list", { connection: crm, entity: "contact" });
  assert.ok(after.modified_at > mark.modified_at && !after.by_hand);
  await openPull();
  await dialog().getByRole("button", { name: "Set back…" }).click();
  await dialog().getByRole("combobox", { name: "To where a pull left it" }).click();
  await page.getByRole("option").last().click();
  await dialog().getByText("change tracking", { exact: true }).waitFor();
  // The dialog becomes smaller, and what is clicked must not move away.
  await dialog().getByLabel("To a time").waitFor({ state: "detached" });
  await dialog().getByRole("button", { name: "Forget" }).click();
  await dialog().getByText("No watermark yet").waitFor();
  await dialog().getByRole("button", { name: "Cancel" }).click();
});

step("members of lists are chosen by name, type and size, and pulled whole", async () => {
  await openPull();
  await dialog().getByRole("combobox", { name: "Members of marketing lists" }).click();
  const lists = (await app.rpc("lists.list", { connection: crm })).filter((list) => list.entity === "contact");
  const list = lists.find((one) => !one.dynamic && one.members > 0);
  await page.getByRole("menuitemcheckbox", { name: new RegExp(`${list.name}.*static.*${count(list.members)} members`) }).click();
  await page.keyboard.press("Escape");
  await dialog().getByText(/members? now; all of them are read on each run/).waitFor();
  const report = await pulled();
  assert.deepEqual([report.way, report.list, report.read], ["members", list.name, list.members]);
  const title = (await app.rpc("jobs.list")).find((job) => job.result?.list === list.name)?.title;
  assert.equal(title, `pulling members of ${list.name}`);
});

step("several entities are chosen, pulled in one job, and their watermarks stand in one list", async () => {
  const known = new Set((await app.rpc("jobs.list")).map((job) => job.id));
  await page.getByRole("textbox", { name: "Find an entity" }).fill("");
  await page.getByRole("button", { name: "More for entities" }).click();
  await page.getByRole("menuitem", { name: "Pull several…" }).click();
  for (const name of ["Accounts", "Leads"]) await page.getByRole("checkbox", { name: `Choose ${name}`, exact: true }).check();
  await page.getByRole("toolbar", { name: "Entities to pull" }).getByText("2 chosen").waitFor();
  await page.getByRole("button", { name: "Pull…" }).click();
  const asked = page.getByRole("dialog", { name: "Pull 2 entities" });
  await asked.getByRole("list", { name: "Entities to pull" }).getByText("lead", { exact: true }).waitFor();
  await asked.getByRole("button", { name: "Pull", exact: true }).click();
  await asked.waitFor({ state: "detached" });
  const parts = page.getByRole("list", { name: "Parts of pulling account, lead" });
  await parts.getByRole("listitem").filter({ hasText: /lead.*read, .*new/ }).waitFor({ timeout: 30_000 });
  await parts.getByRole("listitem").filter({ hasText: /account.*read, .*new/ }).waitFor();
  const job = (await app.rpc("jobs.list")).find((one) => one.kind === "pull" && !known.has(one.id));
  assert.deepEqual(job.result.pulls.map(({ entity }) => entity), ["account", "lead"]);
  await page.getByRole("button", { name: "Close the list of work" }).click();
  await page.getByRole("button", { name: "More for entities" }).click();
  await page.getByRole("menuitem", { name: "Watermarks…" }).click();
  const marks = page.getByRole("dialog", { name: `Watermarks of ${crm}` });
  for (const entity of ["account", "lead"]) await marks.getByText(entity, { exact: true }).waitFor();
  const before = (await app.rpc("marks.list", { connection: crm })).length;
  await marks.getByRole("button", { name: "Forget" }).nth(before - 1).click();
  await marks.getByRole("button", { name: "Forget" }).nth(before - 1).waitFor({ state: "detached" });
  assert.equal((await app.rpc("marks.list", { connection: crm })).length, before - 1);
  await marks.getByRole("button", { name: "Close" }).click();
});

step("columns stay in place while the others scroll, and values are shown with their codes", async () => {
  await page.getByRole("textbox", { name: "Find an entity" }).fill("contact");
  await page.getByRole("option").filter({ hasText: /^Contacts?contact/ }).first().click();
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("spinbutton", { name: "Columns that stay in place" }).fill("2");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "How values are shown" }).click();
  await page.getByRole("menuitemradio", { name: "Labels and codes" }).click();
  await page.keyboard.press("Escape");
  const heads = page.getByRole("columnheader");
  const names = await heads.allTextContents();
  const left = async (name) => (await heads.filter({ hasText: name }).first().boundingBox()).x;
  const [first, second] = [await left(names[0]), await left(names[1])];
  await page.getByRole("grid").evaluate((grid) => grid.scrollTo({ left: 450 }));
  await page.getByRole("gridcell").filter({ hasText: /^Active \(0\)$/ }).first().waitFor();
  assert.deepEqual([await left(names[0]), await left(names[1])], [first, second]);
  await page.getByRole("grid").focus();
  await page.keyboard.press("Control+a");
  await page.getByRole("button", { name: "More for the selection" }).click();
  await page.getByRole("menuitem", { name: "Copy with headers" }).click();
  await page.getByText(/rows? copied/).first().waitFor();
  const [head, line] = (await page.evaluate(() => navigator.clipboard.readText())).split("\n").map((text) => text.split("\t"));
  const at = head.indexOf("statecode");
  assert.ok(at > 0 && head.length === line.length, head.join(" | "));
  assert.deepEqual([line[at - 1], line[at]], ["Active", "0"]);
});
