// The whole path in the real window with the real keychain: first run, sign-in through the loopback redirect, browse, pull, preview, run,
// and after a restart everything is still there.
import assert from "node:assert/strict";
import test from "node:test";
import { isDeepStrictEqual } from "node:util";
import { start, temporaryHome } from "./lib/app.mjs";
import { until } from "./lib/driver.mjs";
import { click, find, gone, see, texts } from "./lib/page.mjs";

/** Asks the application itself, as the page does. */
async function ask(app, name, request = {}) {
  const { ok, error } = await app.rpc(name, request);
  assert.equal(error, undefined, `${name}: ${error?.message}`);
  return ok;
}

/** Chooses the entity in the list on the left. */
async function openContacts(app) {
  await click(app, "option", "Contacts, contact", { seconds: 20 });
  await find(app, "gridcell", "@", { seconds: 30 });
}

test("a consultant's first day: sign in, browse, pull, preview, run, restart", async (t) => {
  const home = await temporaryHome(t);
  let app = await start(t, { home });

  await click(app, "button", "Explore the sample tenant", { seconds: 20 });
  await click(app, "button", "Skip the tour", { seconds: 30 });
  const [first] = await ask(app, "connections.list");
  assert.equal(first.status, "verified");
  assert.equal(first.writable, false, "a new connection is read-only");
  await see(app, first.identity.user_name);

  await openContacts(app);
  await click(app, "button", "Pull", { exact: true });
  const dialog = await find(app, "dialog", "Pull");
  await click(app, "button", "Pull", { exact: true, within: dialog });
  await see(app, /records in/, 60);
  const [cached] = (await ask(app, "cache.list")).filter((entity) => entity.entity === "contact");
  assert.equal(cached.status, "done");
  assert.ok(cached.records > 1000, `${cached.records} records`);

  await click(app, "button", "Syncs");
  await click(app, "button", "Active contacts to marketing");
  await see(app, "no problems", 20);
  await click(app, "button", "Preview", { exact: true });
  // Whether thousands are grouped is the locale's to say.
  const [, shown] = await see(app, /Run ([\d.,\s]+) changes/, 60);
  const [plan] = await ask(app, "plans.list");
  const writes = plan.summary.create + plan.summary.update;
  assert.ok(writes > 100, `${writes} writes`);
  assert.ok(plan.issues.some((issue) => issue.code === "email_malformed"), "malformed addresses are told");

  assert.equal(Number(shown.replace(/\D/g, "")), writes, "the button says the number of changes");
  await click(app, "button", "changes");
  const confirm = await find(app, "dialog");
  await click(app, "button", "Run", { within: confirm });
  await see(app, /succeeded|done with failures/, 90);
  const [run] = await ask(app, "runs.list");
  assert.equal(run.created + run.updated, writes, "what was previewed is what was written");
  assert.equal(run.failed, 0);
  // Place and tabs are kept a moment after they change.
  const tabs = await until("the tabs are kept", async () => {
    const { value } = await ask(app, "state.get", { key: "session" });
    const kept = Object.values(value?.tabs ?? {}).flat().length;
    const shown = await texts(app, "tab");
    return kept >= 3 && kept === shown.length && shown;
  });
  await app.close();

  // The sample tenant lived in the application and ended with it; the next start brings it back at another port.
  await until("the service is gone", () => fetch(first.url).then(() => false, () => true));
  app = await start(t, { home });
  // Titles come with what they name.
  await until(`the tabs ${tabs}`, async () => isDeepStrictEqual(await texts(app, "tab"), tabs), 20);
  const [again] = await ask(app, "connections.list");
  assert.equal(again.identity.user_id, first.identity.user_id);
  assert.equal(again.signed_in, true, "the refresh token is in the keychain");
  const verified = await ask(app, "connections.test", { connection: first.name });
  assert.equal(verified.status, "verified", "and it is still good");
  const [kept] = (await ask(app, "cache.list")).filter((entity) => entity.entity === "contact");
  assert.equal(kept.records, cached.records);
  const runs = await ask(app, "runs.list");
  assert.equal(runs[0].run_id, run.run_id);
  await click(app, "tab", "Contacts");
  await find(app, "gridcell", "@", { seconds: 20 });
  const found = await ask(app, "records.query", { connection: first.name, entity: "contact", mode: "cached", search: "ann", limit: 5 });
  assert.ok(found.total > 0, "what was pulled is searched");
});

test("without a keychain the window says so with the remedy, and keeps nothing", async (t) => {
  const home = await temporaryHome(t);
  const app = await start(t, { home, env: { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" } });
  await find(app, "button", "Try again", { seconds: 20 });
  const { error } = await app.rpc("app.about");
  assert.equal(error.code, "keychain_unavailable");
  assert.ok(error.hint, "no remedy");
  await see(app, /Secret Service/);
  await gone(app, "Explore the sample tenant", 1);
});
