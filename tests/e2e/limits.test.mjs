// Limits in the built UI: what a pull and a run would cost, the meter of what is left with its meaning, switches of a definition.
import assert from "node:assert/strict";
import { join } from "node:path";
import { journeyOf, sample as crm, started, throttle } from "./lib/app.mjs";

let app;
let page;

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);

/** To the sample tenant's second environment, where only the identity and the last name are sent. */
const definition = {
  version: 1,
  name: "contacts across",
  source: {
    connection: crm, entity: "contact", columns: ["contactid", "lastname"], page_size: 500, timeout_ms: 60000,
    retries: 3, filter: "<condition attribute='gendercode' operator='eq' value='2'/>", fetch: { mode: "all", days: 0 },
  },
  destination: { connection: "elsewhere", entity: "contact" },
  identifiers: [{ to: "contactid", from: "contactid" }],
  on_invalid_identifier: "skip-identifier",
  fields: [{ to: "lastname", from: "lastname" }],
  on_unknown_code: "raw",
  fixed: [],
  options: { skip_hook: false, stop_on_failed_batch: false },
};

step("the meter tells what is left and what that means", async () => {
  await app.exploreSample();
  await page.goto(`${app.url}#/${encodeURIComponent(crm)}/entity/contact/records`);
  await page.getByRole("gridcell").first().waitFor();
  const meter = page.locator("[data-meter]");
  await meter.filter({ hasText: /^API \d+ · 5,\d+ and \d+ min.* left$/ }).waitFor();
  await meter.focus();
  const meaning = page.getByRole("tooltip");
  await meaning.getByText(/a user may send 6,000 requests/).waitFor();
  await meaning.getByText(/recommends 4 requests at once/).waitFor();
  await page.keyboard.press("Escape");
});

step("a pull says before what it would cost", async () => {
  await page.getByRole("button", { name: "Pull", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Pull contact" });
  const cost = dialog.locator("[data-cost]");
  await cost.filter({ hasText: /^[\d,]+ records: about \d+ requests · .* % of the service's limit$/ }).waitFor();
  const told = await app.rpc("cache.cost", { connection: crm, entity: "contact", mode: "all" });
  assert.ok((await cost.innerText()).startsWith(told.records.toLocaleString("en-GB")));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
});

step("a preview says what its run would cost", async () => {
  await app.connectElsewhere();
  const upper = { ...definition, fields: [{ ...definition.fields[0], case: "upper" }] };
  await app.rpc("definitions.save", { json: JSON.stringify(upper) });
  const plan = await app.ended((await app.rpc("plans.start", { json: JSON.stringify(upper), limit: 300 })).job);
  assert.ok(plan.summary.update > 100, JSON.stringify(plan.summary));
  await page.goto(`${app.url}#/${encodeURIComponent(crm)}/plan/${plan.plan_id}`);
  await page.locator("[data-cost]").filter({ hasText: /^in all about \d+ requests · / }).waitFor();
  const run = await app.ended((await app.rpc("runs.start", { plan: plan.plan_id })).job);
  assert.equal(run.updated, plan.summary.update);
});

step("switches for Dataverse are off at first and kept when they are set", async () => {
  await page.goto(`${app.url}#/${encodeURIComponent(crm)}/sync/${encodeURIComponent(definition.name)}`);
  const flows = page.getByRole("checkbox", { name: "Start no Power Automate flows" });
  await flows.scrollIntoViewIfNeeded();
  for (const name of [/prvBypassCustomPlugins/, /prvBypassCustomBusinessLogic/, /duplicate detection/, /whole or not at all/])
    assert.ok(!(await page.getByRole("checkbox", { name }).isChecked()));
  assert.ok(!(await flows.isChecked()));
  await flows.check();
  await page.keyboard.press("Control+s");
  for (let turn = 0; turn < 100; turn++) {
    const saved = await app.rpc("definitions.get", { name: definition.name });
    if (/suppress_flows[^a-z]+true/.test(JSON.stringify(saved))) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the switch was not saved");
});

step("a list that waits because the service asked to says so, and until when", async () => {
  await app.connectElsewhere({ name: "busy" });
  const { authority } = (await app.rpc("connections.list")).find(({ name }) => name === "busy");
  await throttle(authority, 8);
  await page.goto(`${app.url}#/busy/entities`);
  await page.reload();
  const words = /the service asked to wait until \d\d:\d\d:\d\d/;
  const list = page.getByRole("complementary", { name: "Entities" });
  await list.getByRole("status", { name: "Loading entities" }).getByText(words).waitFor();
  await page.locator("[data-meter]").filter({ hasText: words }).waitFor();
  if (process.env.SYNCLINE_PICTURES) await page.screenshot({ path: join(process.env.SYNCLINE_PICTURES, "throttled.png") });
  await list.getByRole("option").first().waitFor();
  await list.getByText(words).waitFor({ state: "detached" });
});
