// Between two environments: what differs, by what records are matched, what a new row gets only later, and why a value is missing.
import assert from "node:assert/strict";
import { checksOf, sample, started } from "./lib/app.mjs";

let app;
let page;
started((one) => {
  app = one;
  page = one.page;
});
const check = checksOf(() => app);
const other = "other environment";
const open = (...place) => page.goto(`${app.url}#/${[sample, ...place].map(encodeURIComponent).join("/")}`);
/** Tabs that were left are still there, out of sight. */
const seen = (locator) => locator.filter({ visible: true }).first();
const pair = (name) => ({ to: name, from: name });

/** A definition from the sample's environment to the other one. */
const between = (name, entity, identifiers, fields, filter) => ({
  version: 1,
  name,
  source: {
    connection: sample,
    entity,
    columns: [...new Set([`${entity}id`, ...identifiers, ...fields])],
    filter,
    fetch: { mode: "all", days: 0 },
    page_size: 500,
    timeout_ms: 60_000,
    retries: 3,
  },
  destination: { connection: other, entity },
  identifiers: identifiers.map(pair),
  on_invalid_identifier: "skip-identifier",
  fields: fields.map(pair),
  on_unknown_code: "raw",
  fixed: [],
  options: { skip_hook: false, stop_on_failed_batch: false },
});
const save = (definition) => app.rpc("definitions.save", { json: JSON.stringify(definition) });
const preview = async (name) => app.ended((await app.rpc("plans.start", { name })).job);

check("columns to compare are offered, a wrong one is told, and what differs is shown", async () => {
  await app.exploreSample();
  const { url } = (await app.rpc("connections.list")).find(({ name }) => name === "fabrikam sample");
  await app.connectElsewhere({ name: other, url });
  await open("compare");
  await page.getByRole("combobox", { name: "Right" }).selectOption(other);
  await page.getByRole("combobox", { name: "Table" }).fill("account");
  const columns = page.getByRole("combobox", { name: "Columns" });
  await columns.fill("name, nonsense");
  await page.keyboard.press("Tab");
  await page.getByText("Not a column of this table: nonsense").waitFor();
  await columns.click();
  await columns.and(page.locator('[value$=", "]')).waitFor();
  await columns.fill("");
  await columns.pressSequentially("account na");
  await page.getByRole("menuitemcheckbox", { name: /Account Name/ }).click();
  await columns.pressSequentially("telephone1");
  await page.getByRole("menuitemcheckbox", { name: /telephone1/ }).click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.equal(await columns.inputValue(), "name, telephone1");
  await page.getByRole("combobox", { name: "Same by" }).click();
  await page.getByRole("menuitemcheckbox", { name: /accountnumber_key/ }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByText(/2 columns compared, rows matched by accountnumber/).waitFor();
  const grid = page.getByRole("grid", { name: "Rows that are not the same" });
  await grid.getByText("only left").first().waitFor();
});

check("accounts are recognised by columns that are no key, which is said", async () => {
  const wanted = "<condition attribute='accountnumber' operator='lt' value='A-000020' />";
  const definition = between(
    "Accounts by name",
    "account",
    ["accountnumber"],
    ["name", "telephone1"],
    wanted,
  );
  await save(definition);
  await open("sync", definition.name);
  const identifier = page.getByRole("combobox", { name: "Identifier", exact: true });
  await identifier.click();
  await page.getByRole("option", { name: /accountnumber.*alternate key/ }).waitFor();
  await identifier.fill("name");
  await page.getByRole("option", { name: /Account Name.*looked up, no key/ }).click();
  const column = page.getByRole("combobox", { name: "Column for name" }).first();
  await column.click();
  await column.fill("account name");
  await page.getByRole("option", { name: /Account Name/ }).click();
  await page.getByRole("button", { name: "Remove field name" }).click();
  await seen(
    page.getByText(/looked up by name, which is no key: where several fit, none is written/),
  ).waitFor();
  await seen(page.getByText("no problems")).waitFor();
  await page.getByRole("button", { name: "Preview", exact: true }).click();
  await page.getByRole("button", { name: /^20 create$/ }).waitFor();
});

check("a new row's state is told to follow, and is not shown as a change", async () => {
  const inactive = "<condition attribute='statecode' operator='eq' value='1' />";
  const definition = between(
    "Inactive contacts",
    "contact",
    ["contactid"],
    ["lastname", "statecode"],
    inactive,
  );
  await save(definition);
  const plan = await preview(definition.name);
  assert.ok(plan.summary.create > 0);
  await open("plan", plan.plan_id);
  await page.getByRole("button", { name: /statecode: state follows/ }).click();
  await page.getByText(/Rule: state: a row is made active; statecode is set once it is there/).waitFor();
  await page.getByRole("row").nth(1).dblclick();
  const row = page.getByRole("complementary", { name: "Row" });
  await row
    .getByText(/The new row begins as Active .0.; the next run sets statecode to Inactive .1./)
    .waitFor();
  assert.equal(await row.getByRole("rowheader", { name: /statecode/ }).count(), 0);
  await row.getByRole("rowheader", { name: /lastname/ }).waitFor();
  await row.getByRole("button", { name: "Close" }).click();
});

check("of a record that is left out, each value and what is missing tells why", async () => {
  const { definition } = await app.rpc("definitions.get", { name: "Active contacts to marketing" });
  definition.name = "By e-mail alone";
  definition.identifiers = [{ to: "email", from: "emailaddress1" }];
  await save(definition);
  // Another definition writes the same people and knows them otherwise.
  await save({
    ...definition,
    name: "By phone",
    identifiers: [{ to: "phone_number", from: "telephone1" }],
    source: { ...definition.source, columns: [...new Set([...definition.source.columns, "telephone1"])] },
  });
  await open("sync", "By phone");
  await seen(page.getByText(/Worth a look/)).click();
  await page
    .getByText(/"By e-mail alone" writes the same records, but recognises them by email/)
    .first()
    .waitFor();
  const plan = await preview(definition.name);
  await open("plan", plan.plan_id);
  await page.getByRole("button", { name: /email malformed/ }).click();
  await page.getByRole("row").nth(1).dblclick();
  const row = page.getByRole("complementary", { name: "Row" });
  await row.getByRole("radio", { name: "Mapped" }).click();
  await row.getByRole("button", { name: "Why email is not sent" }).click();
  await row.getByText("It is not sent.").waitFor();
  await row.getByText(/is no e-mail address/).waitFor();
  await row.getByRole("button", { name: /Why surname (has this value|is not sent)/ }).waitFor();
  await row.getByRole("button", { name: "Close" }).click();
});

check("one record is sent, and the request and the service's answer are there to the letter", async () => {
  await page.getByRole("button", { name: /email malformed/ }).click();
  await page.getByRole("button", { name: /create$/ }).click();
  await page.getByRole("row").nth(1).dblclick();
  const row = page.getByRole("complementary", { name: "Row" });
  await row.getByRole("radio", { name: "Changes" }).click();
  await row.getByRole("button", { name: "Send this one…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send 1 record" }).click();
  const answer = row.getByRole("region", { name: "The service's answer" });
  await answer.getByText("POST").waitFor({ timeout: 30_000 });
  await answer.getByText("Asked").waitFor();
  await answer.getByText(/"identifiers"/).waitFor();
  await answer.getByText(/"successful"/).waitFor();
});

check(
  "one record picked by hand goes the whole way by itself; an id that is none is told in place",
  async () => {
    await open("sync", "Inactive contacts");
    await seen(page.getByText("no problems")).waitFor();
    await page.getByRole("button", { name: "More for this definition" }).click();
    await page.getByRole("menuitem", { name: "Preview one record…" }).click();
    const dialog = page.getByRole("dialog", { name: "Preview one record" });
    await dialog.getByRole("textbox", { name: "Id of the contact" }).fill("nobody");
    await dialog.getByRole("button", { name: "Preview it" }).click();
    await page.getByText("Not a record id: nobody.").waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page
      .getByRole("button", { name: /^Preview .* by itself$/ })
      .first()
      .click();
    await page.getByRole("button", { name: /^1 create$/ }).waitFor();
    await page.getByRole("button", { name: /^1 read$/ }).waitFor();
  },
);

check("at 200 % zoom the rows of a preview keep a height that can be used", async () => {
  const plan = await preview("By e-mail alone");
  await page.setViewportSize({ width: 640, height: 400 });
  await open("plan", plan.plan_id);
  await seen(page.getByRole("row")).waitFor();
  const grid = seen(page.getByRole("grid", { name: "Rows of the preview" }));
  const { height } = await grid.boundingBox();
  assert.ok(height >= 150, `${height} px`);
  // The last of it is reached by scrolling the page.
  const foot = seen(page.getByText(/^compared with /));
  await foot.scrollIntoViewIfNeeded();
  await foot.waitFor();
  await page.setViewportSize({ width: 1280, height: 800 });
});

check("the outcomes of a run come in while it is under way", async () => {
  const { authority } = (await app.rpc("connections.list")).find(({ name }) => name === other);
  const faults = (method, body) =>
    fetch(`${authority}/__control/faults`, { method, headers: { "content-type": "application/json" }, body });
  await faults("POST", JSON.stringify([{ kind: "status", status: 429, retry_after: 2, every: 3 }]));
  try {
    const plan = await preview("Inactive contacts");
    await open("plan", plan.plan_id);
    await seen(page.getByRole("button", { name: /^Run [\d,]+ changes$/ })).click();
    await page.getByRole("dialog").getByRole("button", { name: /^Run/ }).click();
    await page.getByRole("button", { name: "Stop", exact: true }).waitFor();
    await page.waitForFunction(() => /running[\s\S]*[1-9]\d* rows? sent/.test(document.body.innerText));
  } finally {
    await faults("DELETE");
  }
  await seen(page.getByText("succeeded", { exact: true })).waitFor({ timeout: 30_000 });
});
