// Takes the pictures that the README shows, in the real window:
//   cargo xtask session --display -- node tests/desktop/pictures.mjs
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { binary, browser } from "./lib/app.mjs";
import { startSession } from "./lib/driver.mjs";
import { click, fill, find, see } from "./lib/page.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "pictures");
const home = await mkdtemp(join(tmpdir(), "syncline-pictures-"));
const app = await startSession({ binary, args: ["--home", home], env: { SYNCLINE_BROWSER: browser } });
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function picture(name) {
  await wait(700);
  await writeFile(join(folder, `${name}.png`), await app.screenshot());
}

try {
  await mkdir(folder, { recursive: true });
  await find(app, "button", "Explore the sample tenant", { seconds: 20 });
  await picture("first-start");
  await click(app, "button", "Explore the sample tenant");
  await find(app, "button", "Skip the tour", { seconds: 30 });
  await click(app, "button", "Skip the tour");
  await click(app, "option", "Contacts, contact", { seconds: 20 });
  await find(app, "gridcell", "@", { seconds: 30 });
  await click(app, "button", "Pull", { exact: true });
  await click(app, "button", "Pull", { exact: true, within: await find(app, "dialog", "Pull") });
  await see(app, /records in/, 60);
  // The note about the finished pull goes by itself.
  await wait(7000);
  await click(app, "gridcell", "@");
  await app.press("Enter");
  await see(app, "emailaddress1", 10);
  await picture("records");
  await click(app, "button", "Syncs");
  await click(app, "button", "Active contacts to marketing");
  await see(app, /records as they would go/, 20);
  await see(app, "no problems", 20);
  await wait(1500);
  await picture("definition");
  await click(app, "button", "Preview", { exact: true });
  await see(app, /Run [\d.,\s]+ changes/, 60);
  await wait(6000);
  await picture("preview");
  await click(app, "button", "changes");
  await click(app, "button", "Run", { within: await find(app, "dialog") });
  await see(app, /succeeded|done with failures/, 90);
  await wait(12000);
  await picture("run");
  await app.press("Control", "k");
  await fill(app, "combobox", "Search or run a command", ">dark");
  await app.press("Enter");
  await click(app, "button", "Home");
  // A pointer or the focus that rests on a button brings its tooltip.
  await app.pointAt(640, 700);
  await app.run("document.activeElement.blur()");
  await picture("home-dark");
} finally {
  await app.quit();
  await rm(home, { recursive: true, force: true });
}
