import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWindow } from "@tauri-apps/api/window";
import { writeText } from "@tauri-apps/plugin-clipboard-manager";
import { save } from "@tauri-apps/plugin-dialog";
import { pickTextFile } from "./pick";
import type { Host } from "./types";

/** What the window sends under `syncline:event`; `missed` when this page was too slow and events were lost. */
interface Batch {
  missed: boolean;
  events: unknown[];
}

/** The window: one `rpc` command and one event. The shell itself answers `app.startup`, `app.retry`, `app.open_url`, `app.notify`. */
export function tauriHost(): Host {
  const rpc = (name: string, request: unknown): Promise<unknown> => invoke("rpc", { name, request });
  return {
    name: "tauri",
    rpc,
    listen(onEvent, onLink) {
      const stop = listen<Batch>("syncline:event", ({ payload }) => {
        // Lost events are as good as a lost line: what happened meanwhile is asked for.
        if (payload.missed) {
          onLink?.(false);
          onLink?.(true);
        }
        for (const event of payload.events) onEvent(event);
      });
      stop.then(() => onLink?.(true)).catch(() => onLink?.(false));
      return () => {
        stop.then((unlisten) => unlisten()).catch(() => undefined);
      };
    },
    openUrl: (url) => rpc("app.open_url", { url }).then(() => undefined),
    saveDialog: ({ title, defaultName, extensions }) =>
      save({ title, defaultPath: defaultName, filters: [{ name: extensions.join(", "), extensions }] }),
    openTextDialog: pickTextFile,
    copyText: (text) => writeText(text),
    notify: (title, body) => rpc("app.notify", { title, body }).then(() => undefined),
    setTitle: (title) => getCurrentWindow().setTitle(title),
    startedFor: async () => {
      const startup = await rpc("app.startup", {});
      return {
        sample:
          typeof startup === "object" && startup !== null && "sample" in startup && startup.sample === true,
      };
    },
    links(onLink) {
      const take = () =>
        rpc("app.take_links", {})
          .then((links) => {
            if (Array.isArray(links)) for (const link of links) if (typeof link === "string") onLink(link);
          })
          .catch(() => undefined);
      const stop = listen("syncline:link", () => void take());
      // What came before this page stood waits to be taken.
      stop.then(take).catch(() => undefined);
      return () => {
        stop.then((unlisten) => unlisten()).catch(() => undefined);
      };
    },
    reopen: () => rpc("app.retry", {}).then(() => undefined),
  };
}
