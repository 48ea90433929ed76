// Starts the bridge on a home of its own and the built UI in Chromium; keeps a picture and the bridge's words when a test fails.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");
const { chromium } = createRequire(join(root, "ui/package.json"))("playwright-core");

/** The executable: SYNCLINE_BRIDGE, or what `cargo xtask test` builds. */
const binary =
  process.env.SYNCLINE_BRIDGE ?? join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "debug", "syncline-bridge");

/** The browser: SYNCLINE_CHROMIUM, or Debian's. */
const browserPath = process.env.SYNCLINE_CHROMIUM ?? "/usr/bin/chromium";

const browserArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The sample tenant's application that signs in with a secret. */
export const application = {
  tenant: "7e4a0000-0000-4000-8000-000000000001",
  client_id: "c11e0000-0000-4000-8000-000000000003",
  secret: "sample~secret.8Q_for-loopback",
};

/** Name of the connection that exploring the sample tenant makes. */
export const sample = "contoso sample";

/** Starts before a file's tests and stops after them; `take` is handed what was started. */
export function started(take, options) {
  let app;
  before(async () => {
    app = await start(options);
    take(app);
  });
  after(() => app?.stop());
}

/** A browser with a person in it, and Syncline behind the page. */
export async function start({ args = [], context: contextOptions = {} } = {}) {
  const home = await mkdtemp(join(tmpdir(), "syncline-e2e-"));
  const bridge = spawn(binary, ["--home", join(home, "store"), "--vault", "memory", "--ui", join(root, "ui/dist"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let words = "";
  bridge.stderr.on("data", (piece) => {
    words += piece;
  });
  const { url, token } = await firstLine(bridge, () => words);
  const browser = await chromium.launch({ executablePath: browserPath, args: browserArguments });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Amsterdam",
    permissions: ["clipboard-read", "clipboard-write"],
    ...contextOptions,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(url);
  return {
    page,
    context,
    home,
    url,
    /** Faults of the page's own code so far. */
    faults,
    /** One command, past the page. */
    async rpc(name, request = {}) {
      const response = await fetch(`${url}rpc/${name}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(request),
      });
      const body = await response.json();
      if (!response.ok) throw Object.assign(new Error(body.message), body);
      return body;
    },
    /** What a job ended with; it must end well. */
    async ended(job) {
      for (let turn = 0; turn < 400; turn++) {
        const view = await this.rpc("jobs.get", { job });
        if (view.finished_at) {
          assert.equal(view.state, "done", `${view.title}: ${JSON.stringify(view.error)}`);
          return view.result;
        }
        await new Promise((done) => setTimeout(done, 100));
      }
      throw new Error("the work did not end");
    },
    /** Explores the sample tenant, as a person who sees Syncline for the first time. */
    async exploreSample() {
      await page.getByRole("heading", { name: "Welcome to Syncline" }).waitFor();
      const popup = context.waitForEvent("page");
      await page.getByRole("button", { name: "Explore the sample tenant" }).click();
      await signInOnPage(await popup);
      await page.getByRole("button", { name: "Skip the tour" }).click();
    },
    /** A second connection to the sample tenant's environment, as an application that may write there. */
    async connectElsewhere(more = {}) {
      const first = (await this.rpc("connections.list")).find(({ name }) => name === sample);
      const { url, authority } = first;
      await this.rpc("connections.save", {
        name: "elsewhere", system: "dataverse", url, auth: "client-credentials", authority, kind: "sandbox", writable: true, ...application, ...more,
      });
      await this.rpc("connections.test", { connection: more.name ?? "elsewhere" });
    },
    /** A picture and the words of the bridge, for who looks into a failure. */
    async keep(name) {
      const folder = join(here, "..", "failures");
      await mkdir(folder, { recursive: true });
      const file = join(folder, name.replace(/[^a-z0-9]+/gi, "-"));
      await page.screenshot({ path: `${file}.png`, timeout: 5000 }).catch(() => undefined);
      await writeFile(`${file}.log`, `${page.url()}\n${faults.join("\n")}\n--- bridge\n${words}`);
    },
    async stop() {
      await within(10_000, "closing the browser", browser.close()).catch(() => undefined);
      const ended = new Promise((done) => bridge.once("exit", done));
      bridge.kill("SIGINT");
      const timer = setTimeout(() => bridge.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(timer);
      await rm(home, { recursive: true, force: true });
    },
  };
}

function firstLine(child, words) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`the bridge did not start: ${words()}`)), 20_000);
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(timer);
      done(JSON.parse(line));
    });
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`the bridge ended with ${code}: ${words()}`)));
  });
}

/**
 * A test with an end: no step of these takes a minute, and a browser that stopped answering is told with a picture, not by a
 * runner that gives up on the whole file.
 */
export function check(app, name, run) {
  test(name, async (t) => {
    try {
      await within(60_000, `"${name}"`, run(t));
      assert.deepEqual(app().faults, [], "faults of the page's own code");
    } catch (error) {
      await app()?.keep(name);
      throw error;
    }
  });
}

/** Tests that stand by themselves, of the application that `app` gives once it runs. */
export const checksOf = (app) => (name, run) => check(app, name, run);

/** Steps of one journey: each stands on the one before, so after a failure the others are skipped. */
export function journeyOf(app) {
  let failed = false;
  return (name, run) =>
    check(app, name, async (t) => {
      if (failed) return t.skip("an earlier step failed");
      failed = true;
      await run(t);
      assert.deepEqual(app().faults, [], "faults of the page's own code");
      failed = false;
    });
}

/** The browser's own calls that know no time limit: opening a page, closing one, closing the browser. */
async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what} took longer than ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A second page of the same person. A browser under load may never answer the first time. */
export async function openPage(context) {
  try {
    return await within(10_000, "opening a page", context.newPage());
  } catch {
    return within(20_000, "opening a page again", context.newPage());
  }
}

/** Closes a page without waiting for a browser that never says so. */
export async function shut(page) {
  await within(5000, "closing a page", page.close()).catch(() => undefined);
}

/** Signs in on the sample tenant's own page, as a person does, and closes the page when it says that one may. */
export async function signInOnPage(popup, { account = /admin/i } = {}) {
  await popup.waitForLoadState();
  await popup.locator("button.account").filter({ hasText: account }).or(popup.locator("button.account")).first().click();
  // A second factor and consent are asked for where the sample tenant wants them.
  for (let step = 0; step < 3; step++) {
    await popup.waitForLoadState();
    const next = popup.locator("button.main[value=mfa], button.main[value=accept]");
    if ((await next.count()) === 0) break;
    await next.click();
  }
  await popup.waitForURL(/^http:\/\/(127\.0\.0\.1|localhost):\d+\/.*code=|\/$|done|closed/).catch(() => undefined);
  await shut(popup);
}

/** Makes every request to the sample tenant's services fail from now on, as with the cable out. */
export async function cutNetwork(authority) {
  await control(authority, "POST", [{ kind: "reset_before", times: 1_000_000_000 }]);
}

/** The next request is refused with the wish to wait so many seconds (429 with `Retry-After`). */
export async function throttle(authority, seconds) {
  await control(authority, "POST", [{ kind: "status", status: 429, retry_after: seconds, times: 1 }]);
}

export async function restoreNetwork(authority) {
  await control(authority, "DELETE");
}

async function control(authority, method, rules) {
  const response = await fetch(`${authority}/__control/faults`, {
    method,
    headers: { "content-type": "application/json" },
    body: rules ? JSON.stringify(rules) : undefined,
  });
  if (response.status !== 204) throw new Error(`the sample tenant answered ${response.status}`);
}
