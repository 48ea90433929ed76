// What a run does where something is in its way: a mirror that deletes, a batch that fails with both settings, events that went
// before, states that can't be had, and strict mode.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { application, sample as crm, journeyOf, started } from "./lib/app.mjs";

let app;
let page;
const pictures = process.env.SYNCLINE_PICTURES;
const picture = (name) => (pictures ? page.screenshot({ path: join(pictures, `${name}.png`) }) : undefined);

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);
const seen = (locator) => locator.filter({ visible: true }).first();
const text = (words) => seen(page.getByText(words));
const button = (name) => seen(page.getByRole("button", { name }));
const go = (place) => page.goto(`${app.url}#/${encodeURIComponent(crm)}/${place}`);

const WOMEN = "<condition attribute='gendercode' operator='eq' value='2'/>";
const copy = (name, more = {}) => ({
  version: 1,
  name,
  source: {
    connection: crm,
    entity: "contact",
    columns: ["contactid", "firstname", "lastname"],
    filter: WOMEN,
    fetch: { mode: "all", days: 0 },
  },
  destination: { connection: "target", entity: "contact" },
  identifiers: [{ to: "contactid", from: "contactid" }],
  fields: [
    { to: "firstname", from: "firstname" },
    { to: "lastname", from: "lastname" },
  ],
  ...more,
});

async function kept(definition) {
  await app.rpc("definitions.save", { json: JSON.stringify(definition) });
  return definition.name;
}

const planned = async (name, more = {}) => app.ended((await app.rpc("plans.start", { name, ...more })).job);

/** Opens a plan, runs it as a person does, and gives what the question said. */
async function run(plan) {
  await go(`plan/${plan.plan_id}`);
  await button(/^Run [\d,]+ changes?$/).click();
  const dialog = page.getByRole("dialog");
  const words = await dialog.innerText();
  await dialog.getByRole("button", { name: /^Run/ }).click();
  await page.waitForURL(/\/run\//);
  return words;
}

async function faults(rules) {
  const { authority } = (await app.rpc("connections.list")).find(({ name }) => name === crm);
  const headers = { "content-type": "application/json" };
  await fetch(`${authority}/__control/faults`, { method: "DELETE" });
  if (rules) await fetch(`${authority}/__control/faults`, { method: "POST", headers, body: JSON.stringify(rules) });
}

step("a mirror deletes what vanished, and nothing else, as its preview says", async () => {
  await app.exploreSample();
  await app.connectElsewhere();
  const list = await app.rpc("connections.list");
  const at = (name) => list.find((one) => one.name === name);
  await app.rpc("connections.save", {
    name: "target", system: "dataverse", url: at("fabrikam sample").url, auth: "client-credentials",
    authority: at(crm).authority, kind: "sandbox", writable: true, ...application,
  });
  await app.rpc("connections.test", { connection: "target" });
  const name = await kept(copy("mirror of women", { options: { action: "mirror" } }));
  const first = await planned(name);
  await app.ended((await app.rpc("runs.start", { plan: first.plan_id, expect: first.summary.create })).job);
  const { rows } = await app.rpc("plans.rows", { plan: first.plan_id, limit: 4 });
  for (const { source_id } of rows.slice(0, 3))
    await app.rpc("records.write", { connection: "elsewhere", entity: "contact", operation: "delete", id: source_id });
  await app.rpc("records.write", {
    connection: "elsewhere", entity: "contact", operation: "update", id: rows[3].source_id, data: { firstname: "Changed" },
  });

  await go(`sync/${encodeURIComponent(name)}`);
  await text("no problems").waitFor();
  await button("Preview").click();
  await button("Run 4 changes").waitFor();
  await picture("mirror-preview");
  const [plan] = await app.rpc("plans.list");
  assert.deepEqual([plan.summary.update, plan.summary.delete], [1, 3]);
  const words = await run(plan);
  assert.match(words, /1 updated, 3 deleted in target/);
  await text("succeeded").waitFor();
  await text("100 %").waitFor();
  await picture("mirror-run");
  const outcomes = page.getByRole("grid", { name: "Outcomes of the run" });
  assert.equal(await outcomes.getByText("deleted", { exact: true }).count(), 3);
  const [report] = await app.rpc("runs.list");
  assert.deepEqual([report.updated, report.deleted, report.prediction.score], [1, 3, 1]);
  for (const { source_id } of rows.slice(0, 3)) {
    const gone = await app.rpc("records.get", { connection: "target", entity: "contact", id: source_id, mode: "live" }).catch((error) => error);
    assert.equal(gone.code, "not_found", JSON.stringify(gone));
  }
});

/** The second batch is refused whole. Updates are guarded by their version, so they go by $batch. */
const oneBatch = [{ service: "fabrikam", method: "POST", path: "$batch", skip: 1, times: 1, kind: "status", status: 400 }];

step("a run stops at its first failed batch, says what was not sent, and goes on when asked", async () => {
  const fields = [{ to: "lastname", from: "lastname", case: "upper" }];
  const name = await kept(copy("stops", { fields, options: { stop_on_failed_batch: true } }));
  const plan = await planned(name, { limit: 500 });
  assert.ok(plan.summary.update > 350, JSON.stringify(plan.summary));
  await faults(oneBatch);
  await run(plan);
  await text(/Stopped at the first failed batch/).waitFor();
  await text(/Mend the failed records and preview again, or let runs go on after failures/).waitFor();
  const [stopped] = await app.rpc("runs.list");
  assert.equal(stopped.status, "failed");
  assert.ok(stopped.failed > 0 && stopped.not_reached > 0 && stopped.updated > 0, JSON.stringify(stopped));
  assert.equal(stopped.updated + stopped.failed + stopped.not_reached, plan.summary.update);
  await text(`${stopped.not_reached} records of ${plan.summary.update} were not sent.`).waitFor();
  await text(`${stopped.not_reached} not reached`).waitFor();
  await picture("batch-stopped");
  await faults(null);
  await button("Go on").click();
  await text("done with failures").waitFor();
  const [whole] = await app.rpc("runs.list");
  assert.deepEqual([whole.failed, whole.not_reached], [stopped.failed, 0]);
  assert.equal(whole.updated + whole.failed, plan.summary.update);
});

step("or it goes on after a failed batch, and only that batch is left", async () => {
  const fields = [{ to: "lastname", from: "lastname", case: "lower" }];
  const plan = await planned(await kept(copy("goes on", { fields })), { limit: 500 });
  await faults(oneBatch);
  await run(plan);
  await text("done with failures").waitFor();
  await faults(null);
  const [report] = await app.rpc("runs.list");
  assert.equal(report.status, "partial");
  assert.ok(report.failed > 0 && report.failed < plan.summary.update, JSON.stringify(report));
  assert.deepEqual([report.updated, report.not_reached], [plan.summary.update - report.failed, 0]);
  assert.equal(await page.getByText(/Stopped at the first failed batch/).filter({ visible: true }).count(), 0);
  await button(`Replay failed (${report.failed})`).waitFor();
  await picture("batch-went-on");
});

step("events that went are not sent by a second run, only on purpose", async () => {
  const name = await kept(
    copy("signed up once", {
      source: { ...copy("").source, columns: ["contactid", "emailaddress1", "firstname", "createdon"] },
      destination: { connection: "marketing sample", entity: "profile" },
      identifiers: [{ to: "uuid", from: "contactid" }],
      fields: [{ to: "name", from: "firstname" }],
      events: { name: { fixed: "signed_up" }, timestamp: { from: "createdon" }, parameters: [], fixed: [] },
    }),
  );
  const first = await planned(name, { limit: 60 });
  const words = await run(first);
  assert.match(words, /60 events will be sent\./);
  await text("succeeded").waitFor();
  assert.equal((await app.rpc("runs.list"))[0].events, 60);
  const { rows } = await app.rpc("plans.rows", { plan: first.plan_id, limit: 1 });
  await app.rpc("records.write", {
    connection: "elsewhere", entity: "contact", operation: "update", id: rows[0].source_id, data: { firstname: "Anew" },
  });
  const second = await planned(name, { limit: 60 });
  await go(`plan/${second.plan_id}`);
  await text("60 events were sent before and are held back.").waitFor();
  await run(second);
  await text("succeeded").waitFor();
  const [report] = await app.rpc("runs.list");
  assert.deepEqual([report.updated, report.events], [1, 0]);
  const third = await planned(name, { limit: 60 });
  await go(`plan/${third.plan_id}`);
  await seen(page.getByRole("checkbox", { name: "Send 60 again on purpose (previews anew)" })).click();
  await text("60 events that were sent before will be sent again.").waitFor();
  await page.waitForURL((url) => !url.hash.includes(third.plan_id));
  const [again] = await app.rpc("plans.list");
  assert.match(await run(again), /60 events will be sent, 60 of them again on purpose\./);
  await text("succeeded").waitFor();
  assert.equal((await app.rpc("runs.list"))[0].events, 60);
});

step("a status reason of another state is told with its rule, and the service says the same", async () => {
  const pair = (code) => [{ to: "lastname", from: "lastname" }, { to: "statecode", from: "statecode" }, { to: "statuscode", ...code }];
  const definition = copy("wrong pairs", {
    source: { ...copy("").source, columns: ["contactid", "lastname", "statecode", "statuscode"] },
    fields: pair({ from: "statecode", map: { 0: "2", 1: "1" } }),
  });
  const plan = await planned(await kept(definition), { limit: 40 });
  assert.equal(plan.summary.invalid, 40, JSON.stringify(plan.summary));
  await go(`plan/${plan.plan_id}`);
  await seen(page.getByRole("gridcell").filter({ hasText: "belongs to the state" })).waitFor();
  await picture("wrong-pairs");
  await text(/40 statuscode: status of another state/).waitFor();
  const { issues } = await app.rpc("plans.get", { plan: plan.plan_id });
  assert.equal(issues[0].code, "status_of_another_state", JSON.stringify(issues));
  assert.match(issues[0].rule, /state: statuscode must be a status reason of the state beside it/);
  assert.match(issues[0].example, /the status reason Active \(1\) belongs to the state Active \(0\), not Inactive \(1\)/);
  await seen(page.getByRole("gridcell").filter({ hasText: "belongs to the state" })).dblclick();
  const row = seen(page.getByRole("complementary"));
  await row.getByText("status_of_another_state").first().waitFor();
  await row.getByText("No request: nothing is sent for this row.").waitFor();
  await picture("wrong-pair");
  // The same pair by hand: the service's own answer.
  const { rows } = await app.rpc("plans.rows", { plan: plan.plan_id, limit: 1 });
  const refused = await app
    .rpc("records.write", {
      connection: "target", entity: "contact", operation: "update", id: rows[0].source_id, data: { statecode: 0, statuscode: 2 },
    })
    .catch((error) => error);
  assert.match(JSON.stringify(refused), /0x80048408/);
  assert.match(refused.hint ?? "", /status reason that belongs to the state/);
});

step("strict mode stops where states follow, says what to do, and that is enough", async () => {
  const definition = copy("strict", {
    source: {
      ...copy("").source,
      columns: ["contactid", "lastname", "statecode"],
      filter: `<filter><condition attribute='gendercode' operator='eq' value='1'/><condition attribute='statecode' operator='eq' value='1'/></filter>`,
    },
    fields: [{ to: "lastname", from: "lastname" }, { to: "statecode", from: "statecode" }],
    options: { strict: true },
  });
  const plan = await planned(await kept(definition), { limit: 20 });
  const rows = plan.summary.create;
  assert.ok(rows > 1, JSON.stringify(plan.summary));
  await go(`plan/${plan.plan_id}`);
  await text(`A run would be stopped before its first write: ${rows} records have a warning, and strict mode allows none`).waitFor();
  await text(/Allow it for this run, and run once more: that sets the states; or take the state out of the mapping\./).waitFor();
  await picture("strict");
  await button(`Run ${rows} changes`).click();
  const dialog = page.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: /^Run/ }).isDisabled());
  await picture("strict-dialog");
  await dialog.getByRole("checkbox", { name: "Run it all the same" }).check();
  await dialog.getByRole("button", { name: /^Run/ }).click();
  await page.waitForURL(/\/run\//);
  await text("succeeded").waitFor();
  // The second run has nothing to warn of.
  const second = await planned(definition.name, { limit: 20 });
  assert.deepEqual([second.summary.update, second.exceeded], [rows, []]);
  await run(second);
  await text("succeeded").waitFor();
  assert.equal((await planned(definition.name, { limit: 20 })).summary.unchanged, rows);
});

step("a file with problems is not taken, and all of them are listed at once", async () => {
  const bad = copy("from a colleague", {
    source: { ...copy("").source, columns: ["contactid", "lastnam"], page_size: 9000 },
    destination: { connection: "their marketing", entity: "profile" },
    fields: [{ to: "name", from: "contactid", lable: true }],
  });
  const file = join(app.home, "colleague.sync.json");
  await writeFile(file, JSON.stringify(bad));
  await go("syncs");
  const chooser = page.waitForEvent("filechooser");
  await button("Import").click();
  await (await chooser).setFiles(file);
  const list = seen(page.getByRole("region", { name: "Problems of the file" }));
  await list.getByText("The file was not taken: it has 5 problems").waitFor();
  for (const words of [
    "source.page_size 9000 is out of range. Allowed: 1 to 5000.",
    'fields[0].lable the key "lable" is not known here. Did you mean "label"?',
    "destination.connection there is no connection their marketing.",
    'source.columns[1] contact has no column "lastnam". Did you mean "lastname"?',
    // What was meant is looked at, too.
    'fields[0].label contactid is no choice or lookup and has no labels. Remove "label".',
  ])
    await list.getByText(words).waitFor();
  await picture("file-problems");
  assert.ok(!(await app.rpc("definitions.list")).some(({ name }) => name === bad.name));
  await list.getByRole("button", { name: "Dismiss" }).click();
  await list.waitFor({ state: "detached" });
});
