// A preview is sorted, signed off and run; the run says how far it came true; one record by itself; events again; schedules.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import { checksOf, openPage, shut, signInOnPage, start } from "./lib/app.mjs";

let app;
let page;
let plan;
const pictures = process.env.SYNCLINE_PICTURES;
const picture = (name, from = page) => (pictures ? from.screenshot({ path: join(pictures, `${name}.png`) }) : undefined);
const check = checksOf(() => app);

/** The result of a job. */
async function ended(started) {
  for (;;) {
    const job = await app.rpc("jobs.get", { job: started.job });
    if (job.state === "done") return job.result;
    assert.ok(job.state === "running", `${job.title}: ${JSON.stringify(job.error)}`);
    await page.waitForTimeout(100);
  }
}

async function open(...place) {
  await page.goto(`${app.url}#/${["contoso sample", ...place].map(encodeURIComponent).join("/")}`);
}

async function signOff(file, by) {
  page.once("dialog", (dialog) => void dialog.accept(file));
  await page.getByRole("button", { name: "Sign off and export…" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign off and export" });
  await dialog.getByRole("textbox", { name: "Signed off by" }).fill(by);
  await picture("sign-off-dialog");
  await dialog.getByRole("button", { name: "Choose a file and sign" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByText(`Signed off by ${by}`).waitFor();
}

before(async () => {
  app = await start();
  page = app.page;
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
  const { definition } = await app.rpc("definitions.get", { name: "Active contacts to marketing" });
  definition.source.columns = [...new Set([...definition.source.columns, "createdon"])];
  definition.events = { name: { fixed: "signed_up" }, timestamp: { from: "createdon" }, parameters: [], fixed: [] };
  await app.rpc("definitions.save", { previous_name: definition.name, json: JSON.stringify(definition) });
});
after(() => app?.stop());

check("rows are sorted over the whole selection", async () => {
  plan = await ended(await app.rpc("plans.start", { name: "Active contacts to marketing" }));
  await open("plan", plan.plan_id);
  await page.getByRole("columnheader", { name: "Record" }).click();
  const { rows } = await app.rpc("plans.rows", { plan: plan.plan_id, sort: "title", limit: 1 });
  await page.getByRole("row").nth(1).getByText(rows[0].title, { exact: true }).waitFor();
});

check("the preview is signed off as a page that holds everything", async () => {
  const file = join(app.home, "preview.html");
  await signOff(file, "Ada Auditor");
  const { signed } = await app.rpc("plans.get", { plan: plan.plan_id });
  const text = await readFile(file, "utf8");
  assert.ok(text.includes(signed.hash) && text.includes("Ada Auditor") && text.includes(plan.plan_id));
  const asked = [];
  for (const scheme of ["light", "dark"]) {
    const reader = await openPage(app.context);
    reader.on("request", (request) => asked.push(request.url()));
    await reader.emulateMedia({ colorScheme: scheme });
    await reader.goto(`file://${file}`);
    await reader.getByRole("heading", { name: "Active contacts to marketing" }).waitFor();
    await picture(`signed-${scheme}`, reader);
    const wide = await reader.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px wider than the window`);
    if (scheme === "light") {
      await reader.emulateMedia({ media: "print" });
      await picture("signed-print", reader);
    }
    await shut(reader);
  }
  assert.ok(asked.every((url) => url.startsWith("file://")), asked.join(" "));
});

check("a row that is held back after signing stops the run until it is signed anew", async () => {
  await page.getByRole("checkbox", { name: /^Send/ }).first().click();
  await page.getByText(/sign it off anew before it runs/).waitFor();
  await page.getByRole("button", { name: /^Run [\d,]+ changes?$/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: /^Run/ }).click();
  await page.getByText(/is not the one that Ada Auditor signed off/).first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await signOff(join(app.home, "again.html"), "Grace");
});

check("one record is sent by itself, after a question, and held back afterwards", async () => {
  await page.getByRole("button", { name: /create$/ }).click();
  const { rows } = await app.rpc("plans.rows", { plan: plan.plan_id, action: "create", sort: "title", limit: 3 });
  await page.getByRole("row").filter({ hasText: rows[2].source_id }).first().dblclick();
  const detail = page.getByRole("complementary", { name: "Row" });
  await detail.getByRole("radio", { name: "Request" }).click();
  await detail.getByText("curl -X POST").waitFor();
  await detail.getByRole("radio", { name: "Changes" }).click();
  await detail.getByRole("button", { name: "Send this one…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send 1 record" }).click();
  await detail.getByRole("region", { name: "The service's answer" }).getByText(/created|refused/).waitFor({ timeout: 30_000 });
  await picture("send-one");
  await detail.getByRole("button", { name: "Close" }).click();
});

check("the run shows how far its preview came true", async () => {
  await signOff(join(app.home, "third.html"), "Grace");
  await page.getByRole("button", { name: /^Run [\d,]+ changes?$/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: /^Run/ }).click();
  await page.getByRole("group", { name: "Prediction" }).getByText(/came out as predicted/).waitFor({ timeout: 50_000 });
  const [run] = await app.rpc("runs.list");
  assert.equal(run.held_back, 2);
  await picture("run-prediction");
  const { otherwise } = run.prediction;
  if (otherwise > 0) {
    await page.getByRole("button", { name: /otherwise$/ }).click();
    await page.getByText(new RegExp(`^${otherwise} rows? sent$`)).waitFor();
  }
  await page.getByRole("button", { name: /^Runs/ }).click();
  await page.getByRole("columnheader", { name: "As predicted" }).waitFor();
});

check("events that went are held back, and go again only on purpose, with their number", async () => {
  const held = await ended(await app.rpc("plans.start", { name: "Active contacts to marketing" }));
  assert.ok(held.summary.events_held_back > 0);
  await open("plan", held.plan_id);
  await page.getByText(/were sent before and are held back/).waitFor();
  await picture("events-held");
  await page.getByRole("checkbox", { name: /again on purpose/ }).click();
  await page.getByText(/that were sent before will be sent again/).waitFor({ timeout: 50_000 });
});

check("a sync is scheduled with the picker, paused, and written out for other schedulers", async () => {
  await page.getByRole("button", { name: /^Schedules/ }).click();
  await page.getByText("Nothing runs by itself").waitFor();
  await page.getByRole("button", { name: "Schedule a sync" }).click();
  await page.getByRole("menuitem", { name: "Active contacts to marketing" }).click();
  const dialog = page.getByRole("dialog", { name: /^When/ });
  await dialog.getByRole("combobox", { name: "How often" }).selectOption("weekly");
  await dialog.getByText("0 6 * * 1,2,3,4,5").waitFor();
  assert.equal(await dialog.getByRole("list", { name: "The next times" }).getByRole("listitem").count(), 5);
  await picture("schedule-picker");
  await dialog.getByRole("button", { name: "Save and switch on" }).click();
  await page.getByRole("button", { name: "Pause Active contacts to marketing" }).click();
  await page.getByRole("button", { name: "Resume Active contacts to marketing" }).waitFor();
  await page.getByRole("button", { name: "Active contacts to marketing for other schedulers" }).click();
  await page.getByText("OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 06:00:00 UTC").waitFor();
  await page.getByRole("radio", { name: "Windows task" }).click();
  await page.getByText("CalendarTrigger").waitFor();
  await picture("schedules");
  const { definition } = await app.rpc("definitions.get", { name: "Active contacts to marketing" });
  assert.deepEqual(definition.schedule, { cron: "0 6 * * 1,2,3,4,5", paused: true });
});

check("times that were missed are said on start, and can be run now or left", async () => {
  const name = "Active contacts to marketing";
  const told = /\/rpc\/schedules\.list$/;
  // As after a start for which it was closed too long; nobody waits that long here.
  await page.route(told, async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    const missed = { missed: 2, missed_at: "2026-01-05T06:00:00Z", missed_why: "Syncline was closed, or the machine slept" };
    await route.fulfill({ response, json: list.map((one) => ({ ...one, ...missed })) });
  });
  await open("runs");
  await page.reload();
  const notice = page.getByRole("log", { name: "Notices" });
  await notice.getByText(`Missed 2 times: ${name}`).waitFor();
  await page.getByRole("button", { name: "Schedules: 1 sync missed (Ctrl+8)" }).waitFor();
  await notice.getByRole("button", { name: "Show the schedules" }).click();
  await page.getByText(/2 times missed, the last .* Syncline was closed/).waitFor();
  await picture("schedules-missed");
  const asked = (command) => page.waitForRequest((request) => request.url().endsWith(`/rpc/${command}`));
  const both = Promise.all([asked("schedules.run"), asked("schedules.seen")]);
  await page.getByRole("button", { name: `Run ${name} now, for the times that were missed` }).click();
  await both;
  await page.unroute(told);
  await page.reload();
  await page.getByRole("button", { name: `Pause ${name}` }).or(page.getByRole("button", { name: `Resume ${name}` })).waitFor();
  assert.equal(await page.getByText(/times missed/).count(), 0);
});
