// Starts the real application on a home of its own, and keeps a picture when a test fails.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startSession } from "./driver.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");

/** The executable: SYNCLINE_APP, or what `cargo xtask test` builds. */
export const binary = process.env.SYNCLINE_APP ?? join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "debug", "syncline-app");

/** The command that stands in for the system browser: it follows the sample tenant's sign-in page. */
export const browser = `${process.execPath} ${join(here, "..", "browser.mjs")}`;

/** A fresh folder, removed when the test ends. */
export async function temporaryHome(test) {
  const home = await mkdtemp(join(tmpdir(), "syncline-home-"));
  test.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** Starts the application for one test, on a home of its own or, without one, on the platform's folder that `env` moves; ends it with the test, and keeps a picture and what it wrote if the test failed. */
export async function start(test, { home, args = [], env = {} }) {
  const session = await startSession({
    binary,
    args: [...(home ? ["--home", home] : []), ...args],
    env: { SYNCLINE_BROWSER: browser, ...env },
  });
  let running = true;
  test.after(async () => {
    if (!running) return;
    if (!test.passed) await keep(session, test.name);
    await session.quit();
  });
  return Object.assign(session, {
    /** Ends the application before the test ends, as a person closing it. */
    async close() {
      running = false;
      await session.quit();
    },
  });
}

async function keep(session, name) {
  const folder = join(here, "..", "failures");
  await mkdir(folder, { recursive: true });
  const file = join(folder, name.replace(/[^a-z0-9]+/gi, "-"));
  const picture = await session.screenshot().catch(() => undefined);
  if (picture) await writeFile(`${file}.png`, picture);
  const text = await session.text().catch((error) => `no text: ${error.message}`);
  await writeFile(`${file}.log`, `${text}\n\n--- standard error\n${session.complaints}`);
}
