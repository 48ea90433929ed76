import { pickTextFile } from "./pick";
import { type Host, HostFault } from "./types";

/** The bridge tells its token to a page of its own origin; asked for once, and again after the bridge was started anew. */
let token: Promise<string> | null = null;

function askToken(): Promise<string> {
  token ??= fetch("/bridge.json").then(async (response) => {
    if (!response.ok) throw new HostFault(`the bridge answered ${response.status} when asked for its token`);
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "token" in body && typeof body.token === "string")
      return body.token;
    throw new HostFault("the bridge gave no token");
  });
  token.catch(() => {
    token = null;
  });
  return token;
}

/** A browser, served by the bridge on loopback: for UI work and tests. */
export function bridgeHost(): Host {
  return {
    name: "bridge",
    async rpc(name, request, signal) {
      let response: Response;
      try {
        response = await fetch(`/rpc/${name}`, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${await askToken()}` },
          body: JSON.stringify(request ?? {}),
          signal: signal ?? null,
        });
      } catch (cause) {
        if (cause instanceof HostFault || signal?.aborted) throw cause;
        throw new HostFault("the application behind this page does not answer", String(cause));
      }
      const text = await response.text();
      let body: unknown = null;
      try {
        body = text === "" ? null : JSON.parse(text);
      } catch {
        throw new HostFault(
          `the bridge answered ${response.status} with something that is not JSON`,
          text.slice(0, 500),
        );
      }
      if (!response.ok)
        throw (
          unwrapError(body) ?? new HostFault(`the bridge answered ${response.status}`, text.slice(0, 500))
        );
      return body;
    },
    listen(onEvent, onLink) {
      const stop = new AbortController();
      void follow(onEvent, onLink, stop.signal);
      return () => stop.abort();
    },
    async openUrl(url) {
      window.open(url, "_blank", "noopener");
    },
    // A browser has no save dialog that gives a path; the bridge writes where it is told.
    async saveDialog({ title, defaultName }) {
      return window.prompt(title, defaultName ?? "");
    },
    openTextDialog: pickTextFile,
    copyText: (text) => navigator.clipboard.writeText(text),
    async notify(title, body) {
      if (document.hasFocus() || !("Notification" in window)) return;
      if (Notification.permission === "granted") new Notification(title, { body });
    },
    async setTitle(title) {
      document.title = title;
    },
    // A browser is handed no links; one may stand behind the page's own address.
    links(onLink) {
      const address = new URL(location.href);
      const link = address.searchParams.get("link");
      if (link === null) return () => undefined;
      address.searchParams.delete("link");
      history.replaceState(null, "", address);
      const timer = setTimeout(() => onLink(link));
      return () => clearTimeout(timer);
    },
    startedFor: async () => ({ sample: false }),
    // The bridge does not start without its store.
    reopen: async () => undefined,
  };
}

function unwrapError(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return null;
  if ("error" in body) return body.error;
  return "code" in body ? body : null;
}

/** Server-sent events read with fetch, since EventSource cannot carry the token's header. */
async function follow(
  onEvent: (event: unknown) => void,
  onLink: ((up: boolean) => void) | undefined,
  signal: AbortSignal,
): Promise<void> {
  let wait = 250;
  while (!signal.aborted) {
    try {
      const response = await fetch("/events", {
        headers: { authorization: `Bearer ${await askToken()}`, accept: "text/event-stream" },
        signal,
      });
      if (response.status === 403) token = null;
      if (!response.ok || !response.body) throw new Error(String(response.status));
      onLink?.(true);
      wait = 250;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let buffer = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        buffer = takeMessages(buffer + value, onEvent);
      }
    } catch {
      if (signal.aborted) return;
    }
    onLink?.(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, 5000);
  }
}

/** Hands over each whole message of a stream and gives back what is left. */
export function takeMessages(buffer: string, onEvent: (event: unknown) => void): string {
  const parts = buffer.replace(/\r\n/g, "\n").split("\n\n");
  const rest = parts.pop() ?? "";
  for (const part of parts) {
    const data = part
      .split("\n")
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).trimStart())
      .join("\n");
    if (data === "") continue;
    try {
      onEvent(JSON.parse(data));
    } catch {
      // A message that is not JSON is not ours.
    }
  }
  return rest;
}
