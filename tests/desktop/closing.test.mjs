// The window among others on a desktop: the end of work is told by a notification, and closing over running work asks first; the work can
// go on without the window.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import { binary, start, temporaryHome } from "./lib/app.mjs";
import { activate, minimize, notifications, pressIn, tray, windowManager, windowsTitled, windowTitled } from "./lib/desktop.mjs";
import { until } from "./lib/driver.mjs";
import { click, find } from "./lib/page.mjs";

const QUESTION = "Work is going on";

/** Makes the sample tenant answer requests so slowly that work on them can be watched. */
async function slow(authority, path, chunk_ms) {
  const response = await fetch(`${authority}/__control/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([{ path, every: 1, kind: "slow", chunk_ms }]),
  });
  assert.equal(response.status, 204, "the sample tenant takes the rule");
}

const slowContacts = (authority, chunk_ms) => slow(authority, "/contacts", chunk_ms);

async function pullContacts(app) {
  await click(app, "option", "Contacts, contact", { seconds: 20 });
  await click(app, "button", "Pull", { exact: true, seconds: 20 });
  await click(app, "button", "Pull", { exact: true, within: await find(app, "dialog", "Pull") });
}

const job = async (app, kind) => (await app.rpc("jobs.list")).ok.find((job) => job.kind === kind);
const pull = (app) => job(app, "pull");

test("work that ends out of sight is told by the desktop; closing over running work asks, and the work goes on or is kept", async (t) => {
  const home = await temporaryHome(t);
  await windowManager(t);
  const told = await notifications(t);
  const app = await start(t, { home });
  await click(app, "button", "Explore the sample tenant", { seconds: 20 });
  await click(app, "button", "Skip the tour", { seconds: 30 });
  const [connection] = (await app.rpc("connections.list")).ok;

  // So slow that it outlives the question and the window's going.
  await slowContacts(connection.authority, 400);
  await pullContacts(app);
  await until("the pull works", async () => (await pull(app))?.state === "running");
  const window = await windowTitled(".*Syncline.*");

  await pressIn(window, "alt+F4");
  await pressIn(await windowTitled(QUESTION), "Escape");
  await until("the question is gone", async () => (await windowsTitled(QUESTION)).length === 0);
  assert.equal((await pull(app)).state, "running", "the work goes on");

  await minimize(window);
  const [notice] = await until("a notification", async () => {
    const all = await told();
    return all.length > 0 && all;
  }, 90);
  assert.match(notice.title, /contact.*records in/i);
  assert.match(notice.text, /new/);
  assert.match(notice.application, /syncline/i);

  await activate(window);
  // A second pull, so slow that it can't end before the window does.
  await slowContacts(connection.authority, 1000);
  await click(app, "button", "Pull", { exact: true, seconds: 20 });
  await click(app, "button", "Pull", { exact: true, within: await find(app, "dialog", "Pull") });
  await until("the second pull works", async () => (await pull(app))?.state === "running");
  await pressIn(window, "alt+F4");
  // The first button goes on without the window, the second one closes.
  const question = await windowTitled(QUESTION);
  await pressIn(question, "Tab");
  await pressIn(question, "Return");
  await until("the window is gone", async () => (await windowsTitled(".*Syncline.*")).length === 0);
  await app.close();

  const again = await start(t, { home });
  const [kept] = (await again.rpc("cache.list")).ok.filter((entity) => entity.entity === "contact");
  assert.ok(kept.records > 1000, "what the first pull read is there");
});

const SYNCLINE = ".*Syncline.*";

/** Explores the sample tenant and begins a pull that takes a while; the sample tenant's authority. */
async function pullSlowly(app, chunk_ms) {
  await click(app, "button", "Explore the sample tenant", { seconds: 20 });
  await click(app, "button", "Skip the tour", { seconds: 30 });
  const [{ authority }] = (await app.rpc("connections.list")).ok;
  await slowContacts(authority, chunk_ms);
  await pullContacts(app);
  await until("the pull works", async () => (await pull(app))?.state === "running");
  return authority;
}

/** Makes the sample tenant quick again. */
async function quick(authority) {
  const response = await fetch(`${authority}/__control/faults`, { method: "DELETE" });
  assert.equal(response.status, 204);
}

async function goOnWithout(app, kind = "pull") {
  await pressIn(await windowTitled(SYNCLINE), "alt+F4");
  await pressIn(await windowTitled(QUESTION), "Return");
  await until("the window is out of sight", async () => (await windowsTitled(SYNCLINE)).length === 0);
  assert.equal((await job(app, kind)).state, "running", "the work goes on");
}

const toldOf = (told, words) => until(`a notification of ${words}`, async () => (await told()).find(({ text }) => words.test(text)), 90);

test("where the desktop has a tray the window goes there, and comes back when Syncline is started again", async (t) => {
  const home = await temporaryHome(t);
  await windowManager(t);
  const told = await notifications(t);
  await tray(t);
  // The platform's own folder: only there a second start finds the first one.
  const env = { XDG_DATA_HOME: join(home, "data"), XDG_CONFIG_HOME: join(home, "config") };
  const app = await start(t, { env });
  const authority = await pullSlowly(app, 300);
  await goOnWithout(app);
  await toldOf(told, /icon in the tray brings the window back/);
  await quick(authority);
  await until("the pull ends without the window", async () => (await pull(app)).state === "done", 60);
  assert.equal((await windowsTitled(SYNCLINE)).length, 0, "its end brings no window");

  const second = spawn(binary, [], { env: { ...process.env, ...env }, stdio: "ignore" });
  const [code] = await once(second, "exit");
  assert.equal(code, 0, "the second start leaves it to the first");
  await windowTitled(SYNCLINE);
  assert.ok((await pull(app)).result.new > 1000, "and the first one knows what it did");
});

test("where the desktop has no tray the window is minimised in place of vanishing, and that is said", async (t) => {
  const home = await temporaryHome(t);
  await windowManager(t);
  const told = await notifications(t);
  const app = await start(t, { home });
  const authority = await pullSlowly(app, 300);
  const window = await windowTitled(SYNCLINE);
  await goOnWithout(app);
  await toldOf(told, /only minimised/);
  await activate(window);
  await windowTitled(SYNCLINE);
  await quick(authority);
  await until("the pull ends", async () => (await pull(app)).state === "done", 60);
});

test("closing the window over a run of a sync asks, and the run goes on to its end in the tray", async (t) => {
  const home = await temporaryHome(t);
  await windowManager(t);
  const told = await notifications(t);
  await tray(t);
  const app = await start(t, { home });
  await click(app, "button", "Explore the sample tenant", { seconds: 20 });
  await click(app, "button", "Skip the tour", { seconds: 30 });
  const [{ authority }] = (await app.rpc("connections.list")).ok;
  await click(app, "button", "Syncs", { seconds: 20 });
  await click(app, "button", "Active contacts to marketing", { seconds: 20 });
  await click(app, "button", "Preview", { exact: true, seconds: 20 });
  await click(app, "button", "changes", { seconds: 60 });
  const [plan] = (await app.rpc("plans.list")).ok;
  const writes = plan.summary.create + plan.summary.update;
  assert.ok(writes > 100, `${writes} writes`);
  await slow(authority, "/upsert", 1000);
  await click(app, "button", "Run", { within: await find(app, "dialog") });
  await until("the run works", async () => (await job(app, "run"))?.state === "running");

  const window = await windowTitled(SYNCLINE);
  await pressIn(window, "alt+F4");
  await pressIn(await windowTitled(QUESTION), "Escape");
  await until("the question is gone", async () => (await windowsTitled(QUESTION)).length === 0);
  assert.equal((await job(app, "run")).state, "running", "nothing happened to the run");

  await goOnWithout(app, "run");
  await toldOf(told, /icon in the tray brings the window back/);
  await quick(authority);
  await until("the run ends without the window", async () => (await job(app, "run")).state === "done", 90);
  assert.equal((await windowsTitled(SYNCLINE)).length, 0, "its end brings no window");
  const [run] = (await app.rpc("runs.list")).ok;
  assert.deepEqual([run.status, run.created + run.updated, run.failed], ["succeeded", writes, 0]);
});
