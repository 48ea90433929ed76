// Databases in the window: a form without sign-in, tables browsed as entities are.
import assert from "node:assert/strict";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import { inflateSync } from "node:zlib";
import { check, start } from "./lib/app.mjs";

/** A SQLite file with Companies and two Users, deflated. */
const DATABASE = [
  "eNrtVEFL3EAUfi+RrhaEFg+heNgHHnYDQVylx8LGdZRgjJpNDp62s9lpTUkymoyyXgTx6tGf5N+Q/oRe/AHNhjXtFopn2/2YeTPvfcww73uP6R+7sRL0ReYp",
  "V7QFGiBClwgAFqbzGdofPsLLWID1CJfxDnS4BryHa+S/0zeftYZhGHjbVHyYiLAQeVEZveczO2AU2NsuoypEbWdEjhewPebTke8c2P4J7bMTi1jK44QueR6d",
  "8rzd2dgwKfSc45BZ5PJCeTwVNfuxJL3DgLzQdS3a5gnPIkEjEcUpT9qdTWvTtMgp7EjFl4KGUiaCZ/UJ2mG7dugG1LGoJ9Mznl2Vj4ozJb6KnHy2y3zm9Vh/",
  "SsaiME39jfHJQIizkRgX50mp9oBfKFn5gyqzQadaJtouTlT5hg2j2cSbtUqU+qp6o82IU4f/LtCMApU+zwmZy5NC4hOUY47/BG9Rh9WezJQs5KT+Gj4Afi/N",
  "HK8SH7QGtIzy7xjKYXe8LsY8PUtEP43VaRNLaqWxtMSz7BflKNk1p71Q1f8R8Edp5vi38F5v4UxPaO/01mwr/ATcCaDD",
].join("");

let app;
before(async () => {
  app = await start();
  await writeFile(join(app.home, "app.db"), inflateSync(Buffer.from(DATABASE, "base64")));
});
after(() => app?.stop());

check(
  () => app,
  "the form asks for what each database needs, and for no sign-in",
  async () => {
    const { page, home } = app;
    await page.getByRole("button", { name: "Connect to Dynamics" }).click();
    await page.getByText("PostgreSQL", { exact: true }).click();
    for (const label of ["Server", "Port", "Database", "User", "Password", "Certificate authority"])
      await page.getByLabel(label, { exact: false }).first().waitFor();
    assert.equal(await page.getByText("How to sign in").count(), 0);
    await page.getByRole("textbox", { name: "Server" }).fill("/run/postgresql");
    assert.equal(await page.getByLabel("Certificate authority").count(), 0, "a socket needs none");
    await page.getByRole("button", { name: "Save and test" }).click();
    await page.getByText("Still missing: the database, the user, a name.").waitFor();
    await page.getByRole("textbox", { name: "Server" }).fill("db.contoso.com");
    await page.getByText("SQLite file", { exact: true }).click();
    await page.getByRole("textbox", { name: "Database file" }).fill(join(home, "nothing.db"));
    await page.getByRole("textbox", { name: "Name" }).fill("app");
    await page.getByRole("button", { name: "Save and test" }).click();
    await page.getByText("none is made").waitFor();
    await page.getByRole("textbox", { name: "Database file" }).fill(join(home, "app.db"));
    await page.getByRole("button", { name: "Save and test" }).click();
    await page.getByText("It works").waitFor();
  },
);

check(
  () => app,
  "tables are browsed as entities are",
  async () => {
    const { page } = app;
    await page.getByRole("button", { name: "Browse app" }).click();
    await page.getByText("Users").first().click();
    await page.getByText("ann@x.example").waitFor();
    await page.getByText("12.5").first().waitFor();
    await page.getByRole("radio", { name: "Schema" }).or(page.getByRole("tab", { name: "Schema" })).first().click();
    await page.getByText("LastName").first().waitFor();
    const described = await app.rpc("entities.describe", { connection: "app", entity: "Users" });
    assert.deepEqual(
      described.schema.keys.map(({ columns }) => columns),
      [["Id"], ["Email"]],
    );
  },
);

const seen = (locator) => locator.filter({ visible: true }).first();

check(
  () => app,
  "what only Dynamics 365 has is not offered, and that is said",
  async () => {
    const { page, url } = app;
    await page.goto(`${url}#/app/queries`);
    await page.getByText("Queries are for Dynamics 365").waitFor();
    await page.getByRole("button", { name: "Show its tables" }).click();
    await page.goto(`${url}#/app/entity/Companies/records`);
    await seen(page.getByRole("gridcell")).waitFor();
    await seen(page.getByRole("button", { name: "More for the selection" })).click();
    await page.getByRole("menuitem", { name: "Copy as JSON" }).waitFor();
    assert.equal(await page.getByRole("menuitem", { name: "Open as a query" }).count(), 0);
    await page.keyboard.press("Escape");
  },
);

check(
  () => app,
  "a row is made, changed under the guard of what was seen, and deleted by hand",
  async () => {
    const { page, url } = app;
    const save = { name: "app", system: "sqlite", url: join(app.home, "app.db"), kind: "sandbox", writable: true };
    await app.rpc("connections.save", save);
    await page.goto(`${url}#/app/entity/Users/records`);
    await seen(page.getByRole("button", { name: "New Users" })).click();
    const field = (column) => page.locator(`[data-column="${column}"]`).filter({ visible: true });
    // What the database puts in by itself need not be said.
    await field("IsActive").getByText("default: ").waitFor();
    assert.equal(await field("IsActive").getByTitle("Required").count(), 0);
    await field("LastName").getByTitle("Required").waitFor();
    if (process.env.SYNCLINE_PICTURES) await page.screenshot({ path: `${process.env.SYNCLINE_PICTURES}/new-row.png` });
    await field("LastName").getByRole("textbox").fill("Byhand");
    await field("Id").getByRole("textbox").fill("77");
    await seen(page.getByRole("button", { name: "What is sent…" })).click();
    await page.getByRole("dialog").getByText(/INSERT INTO/).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await seen(page.getByRole("button", { name: "Make the record" })).click();
    await seen(page.getByRole("button", { name: "Edit", exact: true })).waitFor();
    const id = "77";
    const row = async () =>
      (await app.rpc("records.get", { connection: "app", entity: "Users", id, mode: "live" })).row;
    assert.equal((await row()).raw.LastName, "Byhand");

    // Somebody else changes another column meanwhile: what was typed stands on the new version.
    await seen(page.getByRole("button", { name: "Edit", exact: true })).click();
    await field("LastName").getByRole("textbox").fill("Byhandagain");
    const etag = (await row()).etag;
    await app.rpc("records.write", {
      connection: "app", entity: "Users", operation: "update", id, etag, changes: { Balance: "12.50" },
    });
    await seen(page.getByRole("button", { name: "Save", exact: true })).click();
    await page.getByText(/Somebody else changed other columns/).waitFor();
    await seen(page.getByRole("button", { name: "Save", exact: true })).click();
    await seen(page.getByRole("button", { name: "Edit", exact: true })).waitFor();
    const { raw } = await row();
    assert.deepEqual([raw.LastName, Number(raw.Balance)], ["Byhandagain", 12.5]);
    await seen(page.getByRole("button", { name: "Story", exact: true })).click();
    await page.getByText("in 0 runs").waitFor();
    const told = page.getByRole("list", { name: "What happened to this record" });
    await told.getByText("created").waitFor();
    assert.equal(await told.getByText("updated").count(), 2);
    await seen(page.getByRole("button", { name: "Open the record" })).click();
    await seen(page.getByRole("button", { name: "Delete this record" })).click();
    assert.equal(await page.getByRole("button", { name: "Open in Dynamics" }).count(), 0);
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete 1 record" }).click();
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
    await assert.rejects(row(), /no Users|no such/i);
  },
);

check(
  () => app,
  "a run into a database is taken back, but for the row that somebody changed since",
  async () => {
    const { page, url } = app;
    await copyFile(join(app.home, "app.db"), join(app.home, "copy.db"));
    const save = { name: "copy", system: "sqlite", url: join(app.home, "copy.db"), kind: "sandbox", writable: true };
    await app.rpc("connections.save", save);
    await app.rpc("connections.test", { connection: "copy" });
    const definition = {
      version: 1,
      name: "users in capitals",
      source: { connection: "app", entity: "Users", columns: ["Id", "LastName"], fetch: { mode: "all", days: 0 } },
      destination: { connection: "copy", entity: "Users" },
      identifiers: [{ to: "Id", from: "Id" }],
      fields: [{ to: "LastName", from: "LastName", case: "upper" }],
    };
    const names = async () => {
      const ask = { connection: "copy", entity: "Users", mode: "live", columns: ["Id", "LastName"], limit: 10 };
      return (await app.rpc("records.query", ask)).rows.map(({ raw }) => raw.LastName);
    };
    const before = await names();
    const plan = await app.ended((await app.rpc("plans.start", { json: JSON.stringify(definition) })).job);
    const run = await app.ended((await app.rpc("runs.start", { plan: plan.plan_id })).job);
    assert.deepEqual([run.updated, await names()], [2, before.map((name) => name.toUpperCase())]);
    const [row] = (await app.rpc("runs.rows", { run: run.run_id, limit: 1 })).rows;
    await app.rpc("records.write", {
      connection: "copy", entity: "Users", operation: "update", id: row.destination_id, changes: { LastName: "Elsewhere" },
    });
    await page.goto(`${url}#/copy/run/${run.run_id}`);
    await seen(page.getByRole("button", { name: "Undo…" })).click();
    await seen(page.getByText(/This takes back/)).waitFor();
    await seen(page.getByText(/was changed by somebody else since the run/)).waitFor();
    await seen(page.getByRole("button", { name: "Run 1 change" })).click();
    await page.getByRole("dialog").getByRole("button", { name: /^Run/ }).click();
    await seen(page.getByText(/It took back/)).waitFor();
    const after = await names();
    assert.equal(after.filter((name) => name === "Elsewhere").length, 1, after.join());
    assert.equal(after.filter((name) => before.includes(name)).length, 1, after.join());
    await page.goto(`${url}#/copy/run/${run.run_id}`);
    await seen(page.getByText(/It was taken back by/)).waitFor();
    assert.equal(await page.getByRole("button", { name: "Undo…" }).filter({ visible: true }).count(), 0);
    await seen(page.getByRole("button", { name: "Requests", exact: true })).click();
    await page.getByText(/A database and a file are not talked to in requests/).waitFor();
  },
);
