// Finds things in the page the way a person with a screen reader does: by role and accessible name.
import { until } from "./driver.mjs";

// The part of the accessible-name computation that Syncline's markup needs.
const FINDER = `
const [wantedRole, wantedName, exact, scope] = arguments;
const implicit = { A: "link", BUTTON: "button", H1: "heading", H2: "heading", H3: "heading", H4: "heading", TABLE: "table", TR: "row",
  TD: "cell", TH: "columnheader", UL: "list", OL: "list", LI: "listitem", NAV: "navigation", MAIN: "main", TEXTAREA: "textbox",
  SELECT: "combobox", OPTION: "option", DIALOG: "dialog", PROGRESS: "progressbar", ASIDE: "complementary", FORM: "form" };
const inputs = { checkbox: "checkbox", radio: "radio", button: "button", submit: "button", search: "searchbox", range: "slider", number: "spinbutton" };
const roleOf = (e) => e.getAttribute("role")?.split(" ")[0]
  ?? (e.tagName === "INPUT" ? inputs[e.type] ?? "textbox" : implicit[e.tagName] ?? "");
const squeeze = (text) => (text ?? "").replace(/\\s+/g, " ").trim();
const nameOf = (e) => {
  const by = e.getAttribute("aria-labelledby");
  if (by) return squeeze(by.split(/\\s+/).map((id) => document.getElementById(id)?.innerText ?? "").join(" "));
  const label = e.getAttribute("aria-label");
  if (label) return squeeze(label);
  if (e.labels?.length) return squeeze([...e.labels].map((l) => l.innerText).join(" "));
  return squeeze(e.innerText) || squeeze(e.getAttribute("title")) || squeeze(e.getAttribute("placeholder")) || squeeze(e.getAttribute("alt"));
};
const seen = (e) => e.checkVisibility ? e.checkVisibility({ visibilityProperty: true }) : e.getClientRects().length > 0;
const matches = (name) => exact ? name === wantedName : name.toLowerCase().includes(wantedName.toLowerCase());
return [...(scope ?? document).querySelectorAll("*")].filter((e) =>
  (wantedRole === null || roleOf(e) === wantedRole) && seen(e) && !e.closest("[aria-hidden=true]") && (wantedName === null || matches(nameOf(e))));
`;

/** All visible elements of a role whose name holds `name` (or is it, with `exact`). */
export async function all(session, role, name = null, { exact = false, within = null } = {}) {
  return session.run(FINDER, role, name, exact, within);
}

/** What is written on them, taken in one look: the page may change between two. */
export async function texts(session, role) {
  return session.run(`return (function () { ${FINDER} }).apply(null, arguments).map((e) => e.textContent.trim());`, role, null, false, null);
}

/** The first such element, waited for. */
export async function find(session, role, name = null, { seconds = 10, ...options } = {}) {
  return until(`${role} "${name ?? ""}"`, async () => (await all(session, role, name, options))[0], seconds);
}

/** Waits for a text anywhere in the page; `text` is a string or a regular expression. Gives the match. */
export async function see(session, text, seconds = 10) {
  return until(`text ${text}`, async () => {
    const page = await session.text();
    return typeof text === "string" ? page.includes(text) : text.exec(page);
  }, seconds);
}

/** Waits until a text is gone. */
export async function gone(session, text, seconds = 10) {
  return until(`no text ${text}`, async () => !(await session.text()).includes(text), seconds);
}

// Whether a click would meet the element: it is enabled, has stood still for a moment, and nothing lies over its middle. A person waits for
// that too; a window out of sight draws no frames, so that the moment is one of the clock.
const READY = `
const [element, done] = arguments;
const disabled = element.disabled === true || element.getAttribute("aria-disabled") === "true";
element.scrollIntoView({ block: "nearest", inline: "nearest" });
const place = () => { const { x, y, width, height } = element.getBoundingClientRect(); return [x, y, width, height]; };
const before = place();
setTimeout(() => {
  const [x, y, width, height] = place();
  const still = String(before) === String([x, y, width, height]);
  const hit = document.elementFromPoint(x + width / 2, y + height / 2);
  done(!disabled && still && hit !== null && element.contains(hit));
}, 50);
`;

/** Waits for an element of this role and name that takes clicks, and clicks it. */
export async function click(session, role, name, options = {}) {
  return until(`a click on ${role} "${name}"`, async () => {
    const elements = await all(session, role, name, options);
    for (const element of elements) {
      if (!(await session.runAsync(READY, element))) continue;
      await session.click(element);
      return true;
    }
    return false;
  }, options.seconds ?? 10);
}

/** Waits for a field and fills it. */
export async function fill(session, role, name, text, options = {}) {
  const field = await find(session, role, name, options);
  await session.fill(field, text);
}
