// Connecting by hand, and what stands between a person and a mistake: refusals explained, read-only, production.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { checksOf, openPage, shut, start } from "./lib/app.mjs";

let app;
let page;
let first;

before(async () => {
  app = await start({ args: ["--sample"] });
  page = app.page;
  [first] = await app.rpc("connections.list");
});
after(() => app?.stop());

const check = checksOf(() => app);
const field = (name) => page.getByRole("textbox", { name });

async function openForm(address, name) {
  await page.getByRole("button", { name: /^Home/ }).click();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await field("Address of the environment").fill(address);
  await page.getByText("this machine").first().waitFor();
  await field("Name").fill(name);
  await page.getByRole("button", { name: "Sign-in service, scopes, API version" }).click();
  await field("Sign-in service").fill(first.authority);
}

check("an address is understood as it is typed, and a wrong secret is explained with its code", async () => {
  await openForm(`${first.url}/main.aspx?appid=1`, "By hand");
  await page.getByText(first.url, { exact: true }).waitFor();
  await page.getByRole("radio", { name: /As an application/ }).check({ force: true });
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await page.getByText(/Still missing: .*client secret/).waitFor();
  await field("Application (client) ID").fill("c11e0000-0000-4000-8000-000000000002");
  await field("Directory (tenant) ID or domain").fill("contoso.example");
  await page.getByLabel("Client secret").fill("not the secret");
  await page.getByRole("button", { name: "Save and sign in" }).click();
  const fault = page.getByRole("alert").filter({ hasText: /AADSTS/ });
  await fault.waitFor();
  await fault.getByRole("button", { name: "Details" }).click();
  await fault.getByText("Request id").waitFor();
  await fault.getByRole("button", { name: /Copy the error/ }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /AADSTS\d+/);
  assert.match(copied, /What to do/);
  assert.doesNotMatch(copied, /not the secret/);
  // What was typed into a secret field never comes back.
  const saved = JSON.stringify(await app.rpc("connections.list"));
  assert.doesNotMatch(saved, /not the secret/);
});

check("a device code is shown with what to do, and the sign-in goes on by itself", async () => {
  await openForm(first.url, "With a code");
  await page.getByRole("radio", { name: /With a code on another device/ }).check({ force: true });
  await field("Application (client) ID").fill(first.client_id);
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await page.getByText("Waiting for the sign-in").waitFor();
  const code = await page.locator("main").getByText(/^[A-Z0-9]{4,}-?[A-Z0-9]{3,}$/).first().textContent();
  const uri = (await page.getByText(/On any device, open/).locator("b").textContent()) ?? "";
  const device = await openPage(app.context);
  await device.goto(uri);
  await device.locator("input[name=user_code]").fill(code);
  await device.getByRole("button", { name: "Next" }).click();
  await device.locator("button.account").first().click();
  await device.getByRole("button", { name: "Continue" }).click();
  await device.getByText(/signed in/i).first().waitFor();
  await shut(device);
  await page.getByRole("heading", { name: "It works" }).waitFor({ timeout: 30_000 });
  await page.getByText(/verified as/).first().waitFor();
  await page.getByText(/Enter the environment's address/).waitFor();
});

check("a sign-in that is cancelled says so and leaves nothing waiting", async () => {
  await page.getByRole("button", { name: /^Home/ }).click();
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "More for fabrikam sample" }).click();
  await page.getByRole("menuitem", { name: "Sign in" }).click();
  await shut(await popup);
  await page.getByText("Waiting for the sign-in").waitFor();
  assert.match(await page.getByTestId("authorize-url").textContent(), /code_challenge=/);
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await assert.doesNotReject(async () => {
    for (let tries = 0; tries < 50; tries++) {
      const waiting = (await app.rpc("jobs.list")).filter((job) => job.kind === "sign_in" && job.state === "running");
      if (waiting.length === 0) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error("the sign-in still waits");
  });
});

check("production is in sight everywhere, and unlocking it asks for its name", async () => {
  await app.rpc("connections.save", { name: "With a code", kind: "production", colour: "#c50f1f" });
  await page.reload();
  await page.getByRole("button", { name: /^Home/ }).click();
  await page.getByRole("button", { name: "With a code", exact: true }).click();
  const bar = page.getByRole("banner");
  await bar.getByText("PRODUCTION").waitFor();
  assert.match(await page.title(), /PRODUCTION/);
  assert.equal(await bar.evaluate((element) => getComputedStyle(element).backgroundColor), "rgb(197, 15, 31)");
  await bar.getByRole("button", { name: "Read-only" }).click();
  const dialog = page.getByRole("alertdialog");
  const allow = dialog.getByRole("button", { name: /^Allow for/ });
  assert.equal(await allow.isDisabled(), true);
  await dialog.getByRole("textbox").fill("With a code");
  await allow.click();
  await bar.getByRole("button", { name: /Writing allowed/ }).click();
  await bar.getByRole("button", { name: "Read-only" }).waitFor();
  assert.equal((await app.rpc("connections.get", { connection: "With a code" })).unlocked_until, null);
});

check("a connection that another process has just made is opened, though no word of it has come", async () => {
  // What the application tells of changes does not reach the page.
  await page.route("**/events", () => {});
  await page.reload();
  await page.getByRole("button", { name: /^Home/ }).click();
  await page.getByRole("heading", { name: "Connections" }).waitFor();
  await app.connectElsewhere({ name: "just made" });
  await page.evaluate(() => {
    location.hash = "#/just%20made/entities";
  });
  await page.getByRole("complementary", { name: "Entities" }).getByRole("option").first().waitFor();
  await page.getByRole("banner").getByText("just made").waitFor();
  await page.evaluate(() => {
    location.hash = "#/nobody%20made%20it/entities";
  });
  await page.waitForURL((url) => url.hash === "#/-/home");
  await page.unroute("**/events");
});
