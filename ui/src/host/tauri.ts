import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWindow } from "@tauri-apps/api/window";
import { writeText } from "@tauri-apps/plugin-clipboard-manager";
import { save } from "@tauri-apps/plugin-dialog";
import { isPermissionGranted, requestPermission, sendNotification } from "@tauri-apps/plugin-notification";
import { openUrl } from "@tauri-apps/plugin-opener";
import { pickTextFile } from "./pick";
import type { Host } from "./types";

/** The window: one `rpc` command and one event, `syncline`. */
export function tauriHost(): Host {
  return {
    name: "tauri",
    rpc: (name, request) => invoke("rpc", { name, request }),
    listen(onEvent, onLink) {
      const stop = listen("syncline", (event) => onEvent(event.payload));
      stop.then(() => onLink?.(true)).catch(() => onLink?.(false));
      return () => {
        stop.then((unlisten) => unlisten()).catch(() => undefined);
      };
    },
    openUrl: (url) => openUrl(url),
    saveDialog: ({ title, defaultName, extensions }) =>
      save({ title, defaultPath: defaultName, filters: [{ name: extensions.join(", "), extensions }] }),
    openTextDialog: pickTextFile,
    copyText: (text) => writeText(text),
    async notify(title, body) {
      if (document.hasFocus()) return;
      const granted = (await isPermissionGranted()) || (await requestPermission()) === "granted";
      if (granted) sendNotification({ title, body });
    },
    setTitle: (title) => getCurrentWindow().setTitle(title),
  };
}
