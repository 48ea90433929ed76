// The desktop around the window: its windows, keys and notifications, through X and the session bus as a person's own desktop has them.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { until } from "./driver.mjs";

const execute = promisify(execFile);

async function xdotool(...args) {
  const { stdout } = await execute("xdotool", args, { timeout: 10_000 });
  return stdout.trim();
}

/** Number of the visible window with this title, waited for. */
export async function windowTitled(title, seconds = 10) {
  return until(`a window "${title}"`, async () => (await windowsTitled(title))[0], seconds);
}

/** Numbers of the visible windows with this title. */
export async function windowsTitled(title) {
  // Its exit code is 1 when there is none.
  const found = await xdotool("search", "--onlyvisible", "--name", `^${title}$`).catch(() => "");
  return found.split("\n").filter(Boolean);
}

const hasEnded = (service) => service.exitCode !== null || service.signalCode !== null;

/** Ends a service with the test, and waits until it has gone: the next test's could not take its place before. */
function endWith(test, service) {
  test.after(async () => {
    if (service.pid === undefined || hasEnded(service)) return;
    service.kill();
    await once(service, "exit");
  });
}

/** Starts a window manager (openbox), as a desktop has one: it gives windows focus, frames and keys. Ended with the test. */
export async function windowManager(test) {
  let manager;
  let missing;
  const begin = () => {
    manager = spawn("openbox", [], { stdio: "ignore" });
    endWith(test, manager);
    manager.on("error", (error) => {
      missing = error;
    });
  };
  begin();
  await until("the window manager answers", async () => {
    if (missing) throw new Error(`openbox can't be started (package openbox): ${missing.message}`);
    // It ends at once where another one still has the screen.
    if (hasEnded(manager)) begin();
    return xdotool("get_num_desktops");
  });
}

/** Presses keys in a window, such as `alt+F4`. */
export async function pressIn(window, keys) {
  await activate(window);
  await xdotool("key", keys);
}

/** Brings a window before the others, with the keyboard. */
export async function activate(window) {
  await xdotool("windowactivate", "--sync", window);
}

/** Puts a window out of sight, as a person who turns to other work. */
export async function minimize(window) {
  await xdotool("windowminimize", window);
}

/** Stands in for a desktop's tray: who watches for icons (StatusNotifierWatcher) is on the bus, and takes every one. Ended with the test. */
export async function tray(test) {
  const service = spawn("dbus-test-tool", ["echo", "--name=org.kde.StatusNotifierWatcher"], { stdio: "ignore" });
  endWith(test, service);
  let missing;
  service.on("error", (error) => {
    missing = error;
  });
  await until("somebody watches for tray icons", async () => {
    if (missing) throw new Error(`dbus-test-tool can't be started (package dbus-tests): ${missing.message}`);
    const asked = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"];
    const { stdout } = await execute("dbus-send", [...asked, "string:org.kde.StatusNotifierWatcher"], { timeout: 5000 });
    return stdout.includes("boolean true");
  });
}

/** A notification service of a small desktop (dunst), ended with the test; gives the notifications shown so far. */
export async function notifications(test) {
  const service = spawn("dunst", ["-conf", "/dev/null"], { stdio: "ignore" });
  endWith(test, service);
  let missing;
  service.on("error", (error) => {
    missing = error;
  });
  const shown = async () => {
    if (missing) throw new Error(`dunst can't be started (package dunst): ${missing.message}`);
    const asked = await execute("dunstctl", ["history"], { timeout: 5000 });
    // Those on the screen are moved to the history first, so that one list holds all.
    await execute("dunstctl", ["close-all"], { timeout: 5000 });
    const again = await execute("dunstctl", ["history"], { timeout: 5000 });
    const all = JSON.parse(again.stdout || asked.stdout).data[0] ?? [];
    return all.map((one) => ({ application: one.appname.data, title: one.summary.data, text: one.body.data }));
  };
  await until("the notification service answers", shown);
  return shown;
}
