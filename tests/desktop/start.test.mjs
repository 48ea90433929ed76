// The real application in the real web view: it starts, its page is walled in, and a store that can't be opened is told.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { start, temporaryHome } from "./lib/app.mjs";
import { find } from "./lib/page.mjs";

test("the first start shows what to do first", async (t) => {
  const app = await start(t, { home: await temporaryHome(t) });
  await find(app, "button", "sample tenant", { seconds: 20 });
  await find(app, "button", "Connect");
  const { ok } = await app.rpc("app.startup");
  assert.equal(ok.phase, "ready");
  assert.equal(ok.sample, false);
  assert.equal((await app.rpc("app.about")).ok.first_run, true);
});

test("the page can neither reach the network nor a plugin it was not given", async (t) => {
  const app = await start(t, { home: await temporaryHome(t) });
  const refused = (script) => app.runAsync(`const done = arguments[0]; ${script}.then(() => done("allowed"), () => done("refused"))`);
  assert.equal(await refused("fetch('http://127.0.0.1:9/')"), "refused");
  assert.equal(await refused("window.__TAURI_INTERNALS__.invoke('plugin:opener|open_url', { url: 'https://example.test' })"), "refused");
  assert.equal(await refused("window.__TAURI_INTERNALS__.invoke('plugin:window|destroy', { label: 'main' })"), "refused");
  assert.equal(await refused("window.__TAURI_INTERNALS__.invoke('rpc', { name: 'app.startup', request: {} })"), "allowed");
  const inline = await app.run(`const script = document.createElement("script"); script.textContent = "window.inlineRan = true";
    document.head.append(script); return window.inlineRan === true`);
  assert.equal(inline, false, "inline scripts run");
});

test("a damaged store is told with its remedy, and opening is tried again on request", async (t) => {
  const home = await temporaryHome(t);
  const first = await start(t, { home });
  assert.equal((await first.rpc("app.about")).ok.first_run, true);
  await first.close();
  await mkdir(home, { recursive: true });
  await writeFile(join(home, "syncline.db"), "this is no store".repeat(1000));
  const app = await start(t, { home });
  const { error } = await app.rpc("app.about");
  assert.match(error.code, /^store_/);
  assert.ok(error.hint, "no remedy");
  const { ok } = await app.rpc("app.startup");
  assert.equal(ok.phase, "failed");
  assert.equal((await app.rpc("app.retry")).ok.phase, "failed");
  await find(app, "button", "Try again", { seconds: 20 });
});
