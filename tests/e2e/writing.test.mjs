// Records by hand in the built UI: read-only first, each kind of value, what is sent, undo, somebody else's change meanwhile, a record made and deleted.
import assert from "node:assert/strict";
import { journeyOf, sample as crm, started } from "./lib/app.mjs";

let app;
let page;
let id;

started((one) => {
  app = one;
  page = one.page;
});

const step = journeyOf(() => app);

const live = async (of = id) =>
  (await app.rpc("records.get", { connection: crm, entity: "contact", id: of, mode: "live" })).row.raw;
const elsewhere = (operation, of, data) =>
  app.rpc("records.write", { connection: "elsewhere", entity: "contact", operation, id: of, data });
const field = (column) => page.locator(`[data-column="${column}"]`);
/** An option of an open list of a field; the entities at the side are options too. */
const option = (name) => page.locator(".fui-Option").filter({ hasText: name });
const told = (title) => page.locator("[data-notice] b").filter({ hasText: title }).last().waitFor();
/** Editing is over when the record can be edited again. */
const saved = () => page.getByRole("button", { name: "Edit", exact: true }).waitFor();
const save = () => page.getByRole("button", { name: "Save", exact: true });

async function choose(column, wanted) {
  await field(column).getByRole("combobox").last().click();
  await option(new RegExp(`^${wanted}$`)).click();
}

async function findColumn(text) {
  await page.getByRole("searchbox", { name: "Find a column" }).or(page.getByRole("textbox", { name: "Find a column" })).fill(text);
}

step("a read-only connection says so before anything is typed in vain", async () => {
  await app.exploreSample();
  await app.connectElsewhere();
  await page.goto(`${app.url}#/${encodeURIComponent(crm)}/entity/contact/records`);
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("row").nth(2).dblclick();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByText("This connection is read-only").waitFor();
  await page.getByRole("button", { name: "Allow writing" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: /^Allow/ }).click();
  await page.getByText("This connection is read-only").waitFor({ state: "detached" });
});

step("each kind of value has its editor, and only what was changed is sent", async () => {
  const { rows } = await app.rpc("records.query", {
    connection: crm, entity: "contact", mode: "live", columns: ["contactid", "fullname"], limit: 5,
  });
  id = rows[1].id;
  const before = await live();
  await page.getByRole("radio", { name: "All", exact: true }).last().click();
  await field("firstname").getByRole("textbox").fill("Hand & <made>");
  await choose("gendercode", "Female");
  await field("creditlimit").getByRole("textbox").fill("12,5");
  await field("creditlimit").getByRole("alert").waitFor();
  assert.ok(await save().isDisabled(), "what is wrong is not sent");
  await field("creditlimit").getByRole("textbox").fill("12345678901.2345");
  await field("birthdate").locator("input").fill("1969-07-20");
  await choose("donotbulkemail", before.donotbulkemail ? "Allow" : "Do Not Allow");
  // The lookup may point at accounts and at contacts.
  await field("parentcustomerid").getByRole("combobox").first().click();
  await option(/^Account$/).click();
  await field("parentcustomerid").getByRole("combobox").last().click();
  const account = page.locator(".fui-Option").filter({ hasNotText: /Looking|Nothing/ }).first();
  await account.waitFor();
  const name = (await account.innerText()).trim();
  await account.click();
  await page.getByText(/^\d+ columns to send$/).waitFor();

  await page.getByRole("button", { name: "Switches", exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: /No Power Automate flows/ }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "1 switch on" }).waitFor();
  await page.getByRole("button", { name: "What is sent…" }).click();
  const dialog = page.getByRole("dialog", { name: "What is sent" });
  await dialog.getByText("PATCH").waitFor();
  await dialog.getByText(`If-Match: ${before["@odata.etag"]}`).waitFor();
  await dialog.getByText(/parentcustomerid_account@odata\.bind/).waitFor();
  await dialog.getByText("MSCRM.SuppressCallbackRegistrationExpanderJob: true").waitFor();
  await dialog.getByRole("button", { name: "Copy as curl" }).click();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(curl, /--request PATCH/);
  assert.match(curl, /Bearer \$TOKEN/);
  assert.ok(!curl.includes("eyJ"), "no token leaves");
  await dialog.getByRole("button", { name: "Close" }).click();

  await save().click();
  await told("Changes saved");
  const now = await live();
  assert.equal(now.firstname, "Hand & <made>");
  assert.equal(now.gendercode, 2);
  assert.equal(now.birthdate, "1969-07-20");
  assert.equal(now.donotbulkemail, !before.donotbulkemail);
  assert.equal(Number(now.creditlimit), 12345678901.2345);
  assert.equal(now["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"].trim(), name);
  assert.equal(now.lastname, before.lastname);

  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await told("Undone");
  await page.getByRole("button", { name: "Undo", exact: true }).waitFor({ state: "detached" });
  const back = await live();
  for (const column of ["firstname", "gendercode", "birthdate", "donotbulkemail", "_parentcustomerid_value", "creditlimit"])
    assert.deepEqual(back[column], before[column], column);
});

step("choices, a clock without a zone, a day, a memo and a state with its reason", async () => {
  const project = async () => {
    const { rows } = await app.rpc("records.query", {
      connection: crm, entity: "new_project", mode: "live", columns: [], limit: 5,
    });
    return rows[1].raw;
  };
  const before = await project();
  await page.goto(`${app.url}#/${encodeURIComponent(crm)}/entity/new_project/records`);
  await page.getByRole("gridcell").filter({ hasText: /Project/ }).first().waitFor();
  await page.getByRole("row").nth(2).dblclick();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("radio", { name: "All", exact: true }).last().click();
  await field("new_kickoff").locator("input").fill("2026-03-29T02:30:15");
  await page.getByText("1 column to send").waitFor();
  assert.equal(await field("new_kickoff").locator("input").inputValue(), "2026-03-29T02:30:15", "the first change stays");
  await field("new_startdate").locator("input").fill("2026-02-28");
  await field("new_description").getByRole("textbox").fill('1\n"2" ✓');
  await field("new_tags").getByRole("combobox").click();
  const urgent = option(/^Çok acil$/);
  await urgent.click();
  await page.keyboard.press("Escape");
  await choose("statecode", "Inactive");
  await save().click();
  await told("Changes saved");
  const now = await project();
  assert.equal(now.new_kickoff, "2026-03-29T02:30:15Z");
  assert.equal(now.new_startdate, "2026-02-28");
  assert.equal(now.new_description, '1\n"2" ✓');
  assert.notEqual(now.new_tags, before.new_tags);
  assert.deepEqual([now.statecode, now.statuscode], [1, 2]);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  // The toast of an undo before may still be there, so the record itself is looked at.
  let back = await project();
  for (let tries = 0; back.new_kickoff !== before.new_kickoff && tries < 50; tries += 1) {
    await page.waitForTimeout(200);
    back = await project();
  }
  for (const name of ["new_kickoff", "new_startdate", "new_description", "new_tags", "statecode", "statuscode"])
    assert.deepEqual(back[name], before[name], name);
  await page.goto(`${app.url}#/${encodeURIComponent(crm)}/entity/contact/records`);
  await page.getByRole("heading", { name: /Contacts/ }).first().waitFor();
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("row").nth(2).dblclick();
});

step("what was typed waits for who closes the record", async () => {
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await field("jobtitle").getByRole("textbox").fill("Astronaut");
  await page.waitForTimeout(700);
  await page.reload();
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("row").nth(2).dblclick();
  await page.getByText(/1 column changed here, not saved yet/).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  assert.equal(await field("jobtitle").getByRole("textbox").inputValue(), "Astronaut");
});

step("what somebody else changed meanwhile is shown, and each column is decided", async () => {
  await elsewhere("update", id, { jobtitle: "Cook" });
  await save().click();
  await page.getByText(/Somebody else changed a column of yours/).waitFor();
  await page.getByRole("cell", { name: /Cook/ }).waitFor();
  assert.ok(await save().isDisabled(), "nothing is sent before it is decided");
  await page.getByRole("button", { name: /keep yours/ }).click();
  await save().click();
  await saved();
  assert.equal((await live()).jobtitle, "Astronaut");

  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await field("jobtitle").getByRole("textbox").fill("Diver");
  await elsewhere("update", id, { jobtitle: "Baker" });
  await save().click();
  await page.getByRole("button", { name: /take theirs/ }).click();
  await page.getByText("Nothing changed").waitFor();
  assert.equal((await live()).jobtitle, "Baker");

  // A change of another column is no clash.
  await field("jobtitle").getByRole("textbox").fill("Diver");
  await elsewhere("update", id, { department: "Kitchen" });
  await save().click();
  await page.getByText(/Somebody else changed other columns/).waitFor();
  await save().click();
  await saved();
  const now = await live();
  assert.deepEqual([now.jobtitle, now.department], ["Diver", "Kitchen"]);
});

step("a record is made, what the service refuses is told at its column, and it is deleted", async () => {
  await page.getByRole("button", { name: "New Contact" }).click();
  const make = page.getByRole("button", { name: "Make the record" });
  assert.ok(await make.isDisabled());
  await field("lastname").getByRole("textbox").fill("Byhand");
  await findColumn("emailaddress1");
  await field("emailaddress1").getByRole("textbox").fill("byhand@example.com");
  await findColumn("");
  await make.click();
  await told("Record saved");
  await page.getByRole("heading", { name: /Byhand/ }).waitFor();
  const { rows } = await app.rpc("records.query", {
    connection: crm, entity: "contact", mode: "live", columns: ["contactid"], limit: 5,
    filter: "<condition attribute='lastname' operator='eq' value='Byhand'/>",
  });
  assert.equal(rows.length, 1);
  assert.equal((await live(rows[0].id)).emailaddress1, "byhand@example.com");
  await page.getByRole("button", { name: "Delete this record" }).click();
  const dialog = page.getByRole("alertdialog").or(page.getByRole("dialog"));
  await dialog.getByText(/can't be undone/).waitFor();
  await dialog.getByRole("button", { name: "Delete 1 record" }).click();
  await told("Record deleted");
  await assert.rejects(live(rows[0].id), /there is no contact/);
});
