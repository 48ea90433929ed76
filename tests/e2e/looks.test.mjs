// Every screen: controls have names, nothing is wider than the window at 200 %, no page fault, light and dark.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { checksOf, signInOnPage, start } from "./lib/app.mjs";

let app;
let page;

before(async () => {
  app = await start();
  page = app.page;
  const popup = app.context.waitForEvent("page");
  await page.getByRole("button", { name: "Explore the sample tenant" }).click();
  await signInOnPage(await popup);
  await page.getByRole("button", { name: "Skip the tour" }).click();
});
after(() => app?.stop());

const places = ["home", "connect", "entities", "entity/contact/records", "entity/contact/schema", "search", "queries", "query/1", "sql", "syncs", "sync/Active contacts to marketing", "compare", "schedules", "runs", "settings"];

async function goTo(place) {
  await page.goto(`${app.url}#/${encodeURIComponent("contoso sample")}/${place.split("/").map(encodeURIComponent).join("/")}`);
  await page.reload();
  await page.locator("main h1, main [role=listbox]").first().waitFor();
  // Tabs that are not in sight begin when they are shown.
  await page.waitForFunction(() => ![...document.querySelectorAll('[role=status][aria-label^="Loading"]')].some((one) => one.checkVisibility()));
}

/** Controls that a screen reader would call nothing. */
function nameless() {
  const controls = [...document.querySelectorAll("button, a[href], input, select, textarea, [role=button], [role=tab], [role=radio], [role=combobox], [role=grid]")];
  return controls
    .filter((element) => element.getClientRects().length > 0 && !element.closest("[aria-hidden=true]"))
    .filter((element) => {
      const labels = element.labels ? [...element.labels].map((label) => label.textContent) : [];
      const by = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "");
      const name = [element.getAttribute("aria-label"), element.getAttribute("title"), element.textContent, ...labels, ...by].join("").trim();
      return name === "";
    })
    .map((element) => element.outerHTML.slice(0, 160));
}

const check = checksOf(() => app);

for (const place of places) {
  check(`${place}: every control has a name, and all fits at 200 %`, async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await goTo(place);
    assert.deepEqual(await page.evaluate(nameless), [], "controls without a name");
    const levels = await page.evaluate(() =>
      [...document.querySelectorAll("h1, h2, h3, h4")].filter((head) => head.checkVisibility()).map((head) => Number(head.tagName[1])),
    );
    assert.deepEqual(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1), [], `headings that leave a level out: ${levels}`);
    // 200 % of a window of 1280 by 800 is a page of 640 by 400.
    await page.setViewportSize({ width: 640, height: 400 });
    await page.waitForTimeout(150);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px wider than the window`);
    const cut = await page.evaluate(() => {
      const main = document.querySelector("main")?.getBoundingClientRect();
      return [...document.querySelectorAll("main h1, header, footer")].filter((element) => {
        const box = element.getBoundingClientRect();
        return main && box.width > 0 && (box.left < -1 || box.right > window.innerWidth + 1);
      }).length;
    });
    assert.equal(cut, 0, "parts beyond the window's edge");
    const lists = await page.evaluate(() =>
      [...document.querySelectorAll("main table")]
        .map((table) => Math.round(table.getBoundingClientRect().right - window.innerWidth))
        .filter((beyond) => beyond > 0),
    );
    assert.deepEqual(lists, [], "lists that are wider than the window, in px");
  });
}

check("dark is dark, and the focus can be seen", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await app.rpc("settings.set", { ...(await app.rpc("settings.get")), theme: "dark" });
  await goTo("entity/contact/records");
  const background = await page.locator("main").evaluate((element) => getComputedStyle(element).backgroundColor);
  const [red] = background.match(/\d+/g).map(Number);
  assert.ok(red < 80, background);
  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => {
    const element = document.activeElement;
    const style = element ? getComputedStyle(element) : null;
    return style ? `${style.outlineStyle} ${style.outlineWidth} ${style.boxShadow} ${element?.getAttribute("data-fui-focus-visible")}` : "none";
  });
  assert.doesNotMatch(outline, /^none 0px none null$/);
});

check("in high contrast what is chosen is told apart, though all grounds are one colour", async () => {
  await page.emulateMedia({ forcedColors: "active" });
  try {
    /** What is drawn around an element; grounds and shadows are the system's there. */
    const drawn = (one) => {
      const { outlineStyle, outlineWidth, outlineColor, borderInlineStartColor } = getComputedStyle(one);
      return `${outlineStyle} ${outlineWidth} ${outlineColor} ${borderInlineStartColor}`;
    };
    const differ = async (chosen, other) => {
      const [on, off] = [page.locator(chosen).first(), page.locator(other).first()];
      await on.waitFor();
      assert.notEqual(await on.evaluate(drawn), await off.evaluate(drawn), chosen);
    };
    await goTo("entity/contact/records");
    await page.getByRole("gridcell").first().waitFor();
    await differ("nav button[aria-current=page]", "nav button:not([aria-current])");
    await differ("[role=option][aria-selected=true]", "[role=option][aria-selected=false]");
    // An edge without a colour would be drawn on every row.
    const edge = await page.locator("[role=option][aria-selected=false]").first().evaluate((row) => getComputedStyle(row).borderInlineStartColor);
    assert.equal(edge, await page.locator("main").evaluate((main) => getComputedStyle(main).backgroundColor));
    await goTo("sync/Active contacts to marketing");
    await differ("nav[aria-label='Parts of the definition'] [aria-current]", "nav[aria-label='Parts of the definition'] button:not([aria-current])");
    await page.goto(`${app.url}#/${encodeURIComponent("contoso sample")}/entity/lead/schema`);
    await differ("[role=tab][aria-selected=true]", "[role=tab][aria-selected=false]");
  } finally {
    await page.emulateMedia({ forcedColors: null });
  }
});

check("the keyboard alone opens an entity, moves in the grid and opens a record", async () => {
  await goTo("entities");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("@contacts");
  await page.getByRole("option", { name: /Contacts/ }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("gridcell").first().waitFor();
  await page.getByRole("grid").last().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowDown");
  await page.getByText(/selected/).first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Record" }).getByText("contactid").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Search or run a command").waitFor();
  await page.keyboard.press("Escape");
});

check("a closed dialog gives the focus back, and a place that comes into sight takes it", async () => {
  await goTo("entity/contact/records");
  await page.getByRole("tabpanel", { name: "Contacts" }).waitFor();
  const pull = page.getByRole("button", { name: "Pull", exact: true });
  await pull.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Pull contact" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.textContent === "Pull");
  await page.keyboard.press("Control+4");
  await page.getByRole("table", { name: "Syncs" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.querySelector("h1")?.textContent === "Syncs");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Import");
});

check("the list of entities is heard by its names, and the keyboard makes favourites", async () => {
  await goTo("entities");
  const list = page.getByRole("listbox", { name: "Entities" });
  await list.focus();
  await page.keyboard.press("ArrowDown");
  const second = list.getByRole("option", { name: "Business Units, businessunit", exact: true });
  assert.equal(await list.getAttribute("aria-activedescendant"), await second.getAttribute("id"));
  await page.keyboard.press(" ");
  await list.getByRole("option").first().and(list.getByRole("option", { name: "Business Units, businessunit, favourite", exact: true })).waitFor();
  await page.getByRole("button", { name: "More for entities" }).click();
  await page.getByRole("menuitem", { name: "Pull several…" }).click();
  await list.focus();
  await page.keyboard.press(" ");
  await list.getByRole("option", { name: /, chosen$/ }).waitFor();
  await page.keyboard.press("Escape");
});

check("what a stopped pull left says that it is not all", async () => {
  const { authority } = (await app.rpc("connections.list")).find(({ name }) => name === "contoso sample");
  const faults = (method, rules) =>
    fetch(`${authority}/__control/faults`, {
      method,
      headers: { "content-type": "application/json" },
      body: rules ? JSON.stringify(rules) : undefined,
    });
  // The 5,000 records come in some 20 pieces: ten seconds, of which the stop takes one or two.
  await faults("POST", [{ kind: "slow", chunk_ms: 400, every: 1, path: "contacts", service: "contoso" }]);
  try {
    const { job } = await app.rpc("cache.pull", { connection: "contoso sample", entity: "contact" });
    const view = () => app.rpc("jobs.get", { job });
    while ((await view()).done === 0) await page.waitForTimeout(50);
    await app.rpc("jobs.cancel", { job });
    while ((await view()).finished_at === null) await page.waitForTimeout(50);
    assert.equal((await view()).state, "cancelled");
  } finally {
    await faults("DELETE");
  }
  await goTo("entity/contact/records");
  await page.getByTitle(/\d records on this computer/).click();
  await page.getByText("Not all is pulled yet").waitFor();
  await app.ended((await app.rpc("cache.pull", { connection: "contoso sample", entity: "contact" })).job);
  await page.getByText("Not all is pulled yet").waitFor({ state: "detached" });
});
