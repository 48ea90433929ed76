// Two-way syncs in the built UI: both ways in the preview, and the queue in which a person decides field by field.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { journeyOf, signInOnPage, start } from "./lib/app.mjs";

let app;
let page;
const ids = {};
const crm = "contoso sample";
const pictures = process.env.SYNCLINE_PICTURES;
const picture = (name) => (pictures ? page.screenshot({ path: join(pictures, `${name}.png`) }) : undefined);
const application = {
  tenant: "7e4a0000-0000-4000-8000-000000000001",
  client_id: "c11e0000-0000-4000-8000-000000000003",
  secret: "sample~secret.8Q_for-loopback",
};
const both = (name) => ({ to: name, from: name, direction: "both" });
const definition = {
  version: 1,
  name: "people on both sides",
  source: {
    connection: crm,
    entity: "contact",
    columns: ["contactid", "emailaddress1", "firstname", "lastname", "telephone1"],
    page_size: 500,
    filter: "<condition attribute='jobtitle' operator='eq' value='Two-way'/>",
    fetch: { mode: "all", days: 0 },
  },
  destination: { connection: "elsewhere", entity: "lead" },
  identifiers: [{ to: "emailaddress1", from: "emailaddress1", check: "email" }],
  fields: [both("firstname"), both("lastname"), { to: "subject", from: "telephone1", direction: "both" }],
  conflict: "ask",
  two_way: { create: "destination", deleted: "delete" },
};

before(async () => {
  app = await start();
  page = app.page;
});
after(() => app?.stop());

const step = journeyOf(() => app);

async function ended(job) {
  for (let turn = 0; turn < 400; turn++) {
    const view = await app.rpc("jobs.get", { job });
    if (view.finished_at) {
      assert.equal(view.state, "done", JSON.stringify(view.error));
      return view.result;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the work did not end");
}
const preview = async () => ended((await app.rpc("plans.start", { name: definition.name })).job);
const run = async (plan) => ended((await app.rpc("runs.start", { plan: plan.plan_id })).job);
const write = (connection, entity, id, data) =>
  app.rpc("records.write", { connection, entity, operation: "update", id, data });
const go = (place) => page.goto(`${app.url}#/${encodeURIComponent(crm)}/${place}`);
const seen = (locator) => locator.filter({ visible: true }).first();
const button = (name) => seen(page.getByRole("button", { name }));
const text = (words) => seen(page.getByText(words));

step("an empty queue says what would be in it", async () => {
  await page.getByRole("heading", { name: "Welcome to Syncline" }).waitFor();
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
  const contoso = (await app.rpc("connections.list")).find(({ name }) => name === crm);
  await app.rpc("connections.save", {
    name: "elsewhere",
    system: "dataverse",
    url: contoso.url,
    auth: "client-credentials",
    authority: contoso.authority,
    kind: "sandbox",
    writable: true,
    ...application,
  });
  await app.rpc("connections.unlock", { connection: crm, minutes: 60 });
  await go("conflicts");
  await text("Nothing waits for a decision").waitFor();
  await picture("conflicts-empty");
});

step("both ways are in the preview, with what waits", async () => {
  for (const name of ["ann", "bob"]) {
    const made = await app.rpc("records.write", {
      connection: crm,
      entity: "contact",
      operation: "create",
      data: { firstname: name, lastname: "Before", emailaddress1: `${name}@two-way.example`, telephone1: "1", jobtitle: "Two-way" },
    });
    ids[name] = made.id;
  }
  await app.rpc("definitions.save", { json: JSON.stringify(definition) });
  await go(`sync/${encodeURIComponent(definition.name)}`);
  // Each of the ten records says by what it is found.
  const card = page.getByRole("article", { name: "ann@two-way.example" });
  await card.getByText("emailaddress1", { exact: true }).waitFor();
  await picture("two-way-cards");
  const first = await preview();
  assert.deepEqual([first.summary.create, first.two_way.other_counts.create], [2, 0]);
  await run(first);
  const { rows: links } = await app.rpc("links.list", { name: definition.name });
  const other = (name) => links.find(({ source_id }) => source_id === ids[name]).destination_id;
  await write(crm, "contact", ids.ann, { lastname: "Miller", firstname: "Anna" });
  await write("elsewhere", "lead", other("ann"), { lastname: "Meier", firstname: "Anne" });
  await write("elsewhere", "lead", other("bob"), { subject: "2" });
  const plan = await preview();
  await go(`plan/${plan.plan_id}`);
  await seen(page.getByRole("tab", { name: /Back to contoso sample: 1 change/ })).click();
  await text("bob@two-way.example").waitFor();
  await picture("two-way-preview");
  await button("2 conflicts to decide").click();
  await seen(page.getByRole("heading", { name: "Conflicts" })).waitFor();
});

step("each field is decided by looking at both sides, with the keyboard too", async () => {
  await text("ann@two-way.example").waitFor();
  for (const word of ["Before", "Miller", "Meier", "Anna", "Anne"]) await text(word).waitFor();
  await picture("conflicts");
  // At 200 % zoom nothing runs out of the page.
  await page.setViewportSize({ width: 640, height: 400 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
  await picture("conflicts-200");
  await go("run-all");
  await seen(page.getByRole("heading", { name: /Run several/ })).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
  await picture("run-all-200");
  await page.setViewportSize({ width: 1280, height: 800 });
  await go("conflicts");
  await text("ann@two-way.example").waitFor();
  await button(/^lastname: Miller, of contoso sample/).click();
  await text("it goes to elsewhere").waitFor();
  // Pressed again it is taken back.
  await button(/^lastname: Miller/).click();
  await text("2 fields to decide").waitFor();
  await button(/^lastname: Miller/).focus();
  await page.keyboard.press("Enter");
  await button(/^firstname: Anne, of elsewhere/).focus();
  await page.keyboard.press("Space");
  await text("2 decided: done at the next sync").waitFor();
  await picture("conflicts-decided");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture("conflicts-dark");
  await page.emulateMedia({ colorScheme: "light" });
  const plan = await preview();
  assert.deepEqual([plan.two_way.conflicts, plan.summary.update, plan.two_way.other_counts.update], [0, 1, 2]);
  await go(`plan/${plan.plan_id}`);
  await button(/^Run 3 changes/).click();
  await seen(page.getByRole("dialog")).getByText("The other way").waitFor();
  await seen(page.getByRole("dialog").getByRole("button", { name: "Run 3 changes" })).click();
  // The window goes to the run as soon as there is one.
  await text("succeeded").waitFor();
  for (let turn = 0; turn < 100; turn++) {
    if ((await app.rpc("jobs.list")).every(({ finished_at }) => finished_at)) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  await go("conflicts");
  await text("Nothing waits for a decision").waitFor();
  const ann = await app.rpc("records.get", { connection: crm, entity: "contact", id: ids.ann, mode: "live" });
  assert.deepEqual([ann.row.raw.lastname, ann.row.raw.firstname], ["Miller", "Anne"]);
});

step("directions and rules are chosen in the editor", async () => {
  await go(`sync/${encodeURIComponent(definition.name)}`);
  await seen(page.getByLabel("Two-way: changes at the destination come back")).waitFor();
  await seen(page.getByRole("combobox", { name: "Direction of subject" })).click();
  await page.getByRole("option", { name: /To the destination/ }).click();
  await seen(page.getByLabel("Both sides changed the same field")).click();
  await page.getByRole("option", { name: "The later change wins" }).click();
  // A lookup goes by the pairs that another two-way sync keeps.
  await picture("two-way-editor");
});

step("a run's page shows both ways, and leads from one to the other", async () => {
  const [latest] = (await app.rpc("runs.list")).filter(({ source }) => source === crm);
  await go(`run/${latest.run_id}`);
  const ways = seen(page.getByRole("navigation", { name: "Both ways" }));
  await ways.getByRole("button", { name: /^To elsewhere.*1 updated/ }).waitFor();
  await picture("two-way-run");
  await ways.getByRole("button", { name: /^Back to contoso sample.*2 updated/ }).click();
  await seen(page.getByRole("navigation", { name: "Both ways" }))
    .getByRole("button", { name: /^Back to contoso sample/ })
    .and(page.locator("[aria-current=page]"))
    .waitFor();
});

step("the pairs are listed, found by any value, and forgotten on request", async () => {
  await go(`links?definition=${encodeURIComponent(definition.name)}`);
  await text("2 pairs").waitFor();
  await text("bob Before").waitFor();
  await picture("pairs");
  await seen(page.getByLabel("Find a pair by name, value or id")).fill("MILLER");
  await text("1 pair").waitFor();
  const grid = seen(page.getByRole("grid", { name: "Pairs of records" }));
  await grid.getByText("Anne Miller").click();
  await button("Forget pair…").click();
  await seen(page.getByRole("alertdialog")).getByText("Both records stay as they are").waitFor();
  await picture("pairs-forget");
  await seen(page.getByRole("alertdialog").getByRole("button", { name: "Forget" })).click();
  await text("No such pair").waitFor();
  await seen(page.getByLabel("Find a pair by name, value or id")).fill("");
  await text("1 pair").waitFor();
  await page.setViewportSize({ width: 640, height: 400 });
  await picture("pairs-200");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
  await page.setViewportSize({ width: 1280, height: 800 });
});

step("an edit by hand is in the record's story, with before and after", async () => {
  await write(crm, "contact", ids.bob, { lastname: "By hand" });
  await go(`story/contact/${ids.bob}`);
  const told = seen(page.getByRole("list", { name: "What happened to this record" }));
  await told.getByText("by hand", { exact: false }).first().waitFor();
  await told.getByRole("cell", { name: "By hand", exact: true }).first().waitFor();
  await told.getByRole("cell", { name: "Before", exact: true }).first().waitFor();
  await picture("story-by-hand");
});
