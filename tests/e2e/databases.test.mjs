// Databases in the window: a form without sign-in, tables browsed as entities are.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
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
    assert.equal(await page.getByRole("button", { name: "New Users" }).count(), 0, "rows are not written by hand");
    await page.getByRole("radio", { name: "Schema" }).or(page.getByRole("tab", { name: "Schema" })).first().click();
    await page.getByText("LastName").first().waitFor();
    const described = await app.rpc("entities.describe", { connection: "app", entity: "Users" });
    assert.deepEqual(
      described.schema.keys.map(({ columns }) => columns),
      [["Id"], ["Email"]],
    );
  },
);
