// As much of a browser as signing in takes: redirects, cookies, links and forms.

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", "#x27": "'", nbsp: " " };
const decode = (text) => text.replace(/&(#?\w+);/g, (whole, name) => ENTITIES[name] ?? whole);
const attributes = (tag) => Object.fromEntries([...tag.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g)].slice(1).map((m) => [m[1].toLowerCase(), decode(m[2] ?? m[3] ?? m[4] ?? "")]));
const words = (html) => decode(html.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim();

/** The forms of a page: where they go, what they send, and their buttons by what is written on them. */
export function forms(html) {
  return [...html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/gi)].map(([, tag, inside]) => {
    const { action = "", method = "get" } = attributes(tag);
    const fields = [...inside.matchAll(/<input\b[^>]*>/gi)].map(([input]) => attributes(input));
    const buttons = [...inside.matchAll(/(<button\b[^>]*>)([\s\S]*?)<\/button>/gi)].map(([, button, label]) => ({ ...attributes(button), label: words(label) }));
    for (const field of fields) if (field.type === "submit") buttons.push({ ...field, label: field.value });
    return { action, method: method.toLowerCase(), fields: fields.filter((field) => field.type !== "submit"), buttons };
  });
}

/** The links of a page by what is written on them. */
export function links(html) {
  return [...html.matchAll(/(<a\b[^>]*>)([\s\S]*?)<\/a>/gi)].map(([, tag, label]) => ({ href: attributes(tag).href ?? "", label: words(label) }));
}

/** A page after all redirects. */
export class Browser {
  #cookies = new Map();

  async open(url, init = {}) {
    let at = new URL(url);
    let request = init;
    for (let step = 0; step < 10; step += 1) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(at, { ...request, redirect: "manual", headers: { ...request.headers, ...(cookie ? { cookie } : {}) } });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (name) this.#cookies.set(name, value);
      }
      const next = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || !next) {
        return { url: at, status: response.status, html: await response.text() };
      }
      at = new URL(next, at);
      request = {};
    }
    throw new Error(`too many redirects from ${url}`);
  }

  /** Sends a form as a click on `button` does; `values` overrides fields by name. */
  async submit(page, form, button, values = {}) {
    const body = new URLSearchParams();
    for (const { name, value = "", type, checked } of form.fields) {
      if (!name || ((type === "radio" || type === "checkbox") && checked === undefined)) continue;
      body.append(name, value);
    }
    for (const [name, value] of Object.entries(values)) body.set(name, value);
    if (button?.name) body.set(button.name, button.value ?? "");
    const target = new URL(button?.formaction || form.action || page.url, page.url);
    if (form.method === "post") return this.open(target, { method: "POST", body });
    for (const [name, value] of body) target.searchParams.set(name, value);
    return this.open(target);
  }
}

export const textOf = words;
