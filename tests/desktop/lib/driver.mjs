// A WebDriver client in the words a test needs: the protocol over fetch, no package.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const KEYS = { Enter: "\uE007", Escape: "\uE00C", Tab: "\uE004", Control: "\uE009", Shift: "\uE008", ArrowDown: "\uE015", ArrowUp: "\uE013", Backspace: "\uE003", Delete: "\uE017" };

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts WebKitWebDriver and, through it, the application `binary` with `args`; `env` is added to this process's. */
export async function startSession({ binary, args = [], env = {} }) {
  const port = await freePort();
  const child = spawn("WebKitWebDriver", [`--port=${port}`], {
    env: { ...process.env, TAURI_WEBVIEW_AUTOMATION: "true", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (data) => {
    complaints = (complaints + data).slice(-20_000);
  });
  let failedToStart;
  child.on("error", (error) => {
    failedToStart = error;
  });
  const base = `http://127.0.0.1:${port}`;
  try {
    await until("WebKitWebDriver answers", async () => {
      if (failedToStart) throw new Error(`WebKitWebDriver can't be started (package webkit2gtk-driver): ${failedToStart.message}`);
      return (await call(base, "GET", "/status").catch(() => undefined))?.ready;
    });
    const { sessionId } = await call(base, "POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary, args } } },
    });
    return new Session(`${base}/session/${sessionId}`, child, () => complaints);
  } catch (error) {
    child.kill();
    error.message += `\n${complaints}`;
    throw error;
  }
}

async function call(base, method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const { value } = await response.json();
  if (!response.ok) {
    const error = new Error(`${value.error}: ${value.message}`);
    error.name = value.error;
    throw error;
  }
  return value;
}

/** Tries until `attempt` gives something truthy, and gives that; the error names `what` and the last failure. */
export async function until(what, attempt, seconds = 10) {
  const end = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      const value = await attempt();
      if (value) return value;
      last = undefined;
    } catch (error) {
      // A page that changes under the finger is looked at once more; what can't be started stays so.
      if (/can't be started/.test(error.message)) throw error;
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}${last ? ` (${last.message})` : ""}`);
    await sleep(50);
  }
}

/** One running application. */
export class Session {
  #base;
  #child;
  #complaints;
  constructor(base, child, complaints) {
    this.#base = base;
    this.#child = child;
    this.#complaints = complaints;
  }

  /** What the application wrote to standard error. */
  get complaints() {
    return this.#complaints();
  }

  /** Runs `script` (a function's body) in the page; elements cross both ways. */
  async run(script, ...args) {
    return await call(this.#base, "POST", "/execute/sync", { script, args });
  }

  /** Runs a body that calls its last argument with the result. */
  async runAsync(script, ...args) {
    return await call(this.#base, "POST", "/execute/async", { script, args });
  }

  /** Calls a command of the application as the page does; gives `{ ok }` or `{ error }`. */
  async rpc(name, request = {}) {
    return this.runAsync(
      `const done = arguments[arguments.length - 1];
       window.__TAURI_INTERNALS__.invoke("rpc", { name: arguments[0], request: arguments[1] })
         .then((ok) => done({ ok }), (error) => done({ error }));`,
      name,
      request,
    );
  }

  /** Text of the page as a person sees it. */
  async text() {
    return this.run("return document.body.innerText");
  }

  async screenshot() {
    return Buffer.from(await call(this.#base, "GET", "/screenshot"), "base64");
  }

  async resize(width, height) {
    await call(this.#base, "POST", "/window/rect", { width, height });
  }

  async click(element) {
    await call(this.#base, "POST", `/element/${element[ELEMENT]}/click`, {});
  }

  async type(element, text) {
    await call(this.#base, "POST", `/element/${element[ELEMENT]}/value`, { text });
  }

  /** Empties a field and types into it. */
  async fill(element, text) {
    await call(this.#base, "POST", `/element/${element[ELEMENT]}/clear`, {});
    await this.type(element, text);
  }

  /** Presses keys together, such as `press("Control", "k")`. */
  async press(...names) {
    const keys = names.map((name) => KEYS[name] ?? name);
    const actions = [
      ...keys.map((value) => ({ type: "keyDown", value })),
      ...keys.toReversed().map((value) => ({ type: "keyUp", value })),
    ];
    await call(this.#base, "POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  /** Moves the pointer to a place in the page, in CSS pixels. */
  async pointAt(x, y) {
    const move = { type: "pointerMove", duration: 0, origin: "viewport", x, y };
    await call(this.#base, "POST", "/actions", { actions: [{ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions: [move] }] });
  }

  /** Ends the application and the driver. */
  async quit() {
    const application = await startedBy(this.#child.pid);
    await call(this.#base, "DELETE", "").catch(() => {});
    await this.kill();
    // The driver leaves the application running when its session ends.
    for (const pid of application) await end(pid);
  }

  /** Ends the driver at once. */
  async kill() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill();
      await once(this.#child, "exit");
    }
    // An application that outlives its driver would keep the pipe, and with it this process, open.
    this.#child.stderr.destroy();
  }
}

/** Numbers of the processes that a process started. */
async function startedBy(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return children.split(" ").filter(Boolean).map(Number);
}

/** Asks a process to end, waits until it has, and insists after five seconds. */
async function end(pid) {
  const signal = (name) => {
    try {
      return process.kill(pid, name);
    } catch {
      return false;
    }
  };
  signal("SIGTERM");
  for (let tries = 0; tries < 100 && signal(0); tries++) await sleep(50);
  signal("SIGKILL");
}
