import { useSyncExternalStore } from "react";
import { type ConnectionView, change, isBrowsable, toApiError } from "@/api";
import { nav } from "./nav";
import { notify } from "./toasts";

/** What lies over the window: at most one of each. */
export interface Overlays {
  signIn: ConnectionView | null;
  unlock: ConnectionView | null;
  forget: ConnectionView | null;
  /** The palette, with what is typed in it already. */
  palette: string | null;
  shortcuts: boolean;
  jobs: boolean;
  tour: boolean;
  /** A link that was handed over and waits for a choice of the connection, or can't be read. */
  link: string | null;
}

const closed: Overlays = {
  signIn: null,
  unlock: null,
  forget: null,
  palette: null,
  shortcuts: false,
  jobs: false,
  tour: false,
  link: null,
};
let overlays = closed;
const listeners = new Set<() => void>();

export function show(part: Partial<Overlays>): void {
  overlays = { ...overlays, ...part };
  for (const listener of listeners) listener();
}

export function useOverlays(): Overlays {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => overlays,
  );
}

export type ConnectionAction =
  | "open"
  | "sign-in"
  | "test"
  | "edit"
  | "unlock"
  | "lock"
  | "sign-out"
  | "forget";

/** What can be done to a connection, from wherever. */
export async function actOn(action: ConnectionAction, connection: ConnectionView): Promise<void> {
  const name = connection.name;
  try {
    switch (action) {
      case "open":
        if (isBrowsable(connection))
          nav.switchTo(name, nav.get().connection === name ? { at: "entities" } : undefined);
        else nav.go({ at: "connect", edit: name });
        return;
      case "sign-in":
        show({ signIn: connection });
        return;
      case "test": {
        const { error, status } = await change("connections.test", { connection: name });
        if (error)
          notify({
            tone: "error",
            title: `${name} does not answer as it should`,
            text: [error.message, error.hint].filter(Boolean).join(". "),
            fault: error,
          });
        else
          notify({
            tone: status === "verified" ? "success" : "warning",
            title: status === "verified" ? `${name} works` : `${name} is saved, but not verified`,
          });
        return;
      }
      case "edit":
        nav.go({ at: "connect", edit: name });
        return;
      case "unlock":
        show({ unlock: connection });
        return;
      case "lock":
        await change("connections.lock", { connection: name });
        notify({ tone: "success", title: `${name} is read-only` });
        return;
      case "sign-out":
        await change("sign_in.out", { connection: name });
        notify({
          tone: "success",
          title: `Signed out of ${name}`,
          text: "Its cached records stay on this computer.",
        });
        return;
      case "forget":
        show({ forget: connection });
    }
  } catch (fault) {
    const error = toApiError(fault);
    notify({ tone: "error", title: error.message, text: error.hint ?? undefined, fault: error });
  }
}
