// What SYNCLINE_BROWSER names in tests, and what `cargo xtask demo` signs in with: opens the address that the application
// handed to the system browser, chooses an account, agrees, and follows the redirect back to the application.
//
//   node browser.mjs [--account NAME] ADDRESS
import { parseArgs } from "node:util";
import { Browser, forms, textOf } from "./lib/pages.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { account: { type: "string" } },
});
const start = new URL(positionals.at(-1));
const back = new URL(start.searchParams.get("redirect_uri") ?? "http://localhost/");
const account = values.account ?? process.env.SYNCLINE_ACCOUNT;

/** The button a person would press on this page. */
function choose(page) {
  for (const form of forms(page.html)) {
    const named = (name, value) => form.buttons.find((button) => button.name === name && (value === undefined || button.value === value));
    const button = named("consent", "accept") ?? named("approved") ?? (account ? named("account", account) : named("account"));
    if (button) return { form, button };
  }
  return undefined;
}

const browser = new Browser();
let page = await browser.open(start);
for (let step = 0; step < 6 && page.url.port !== back.port; step += 1) {
  const choice = choose(page);
  if (!choice) break;
  page = await browser.submit(page, choice.form, choice.button);
}
if (page.url.port !== back.port) {
  console.error(`no way on from ${page.url}:\n${textOf(page.html)}`);
  process.exit(1);
}
console.log(textOf(page.html));
