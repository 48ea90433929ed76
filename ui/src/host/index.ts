import { bridgeHost } from "./bridge";
import { tauriHost } from "./tauri";
import type { Host } from "./types";

export { type FileDialog, type Host, HostFault } from "./types";

/** The host this page runs in. */
export const host: Host = "__TAURI_INTERNALS__" in globalThis ? tauriHost() : bridgeHost();
