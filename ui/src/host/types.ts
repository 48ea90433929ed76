/** What the user interface needs from where it runs. Two hosts exist: the window (Tauri) and the bridge (a browser). */
export interface Host {
  /** `tauri` or `bridge`; only for what a person is told, never to branch behaviour in features. */
  readonly name: "tauri" | "bridge";
  /**
   * One command. Rejects with what the backend said (`ApiError` in JSON) or a `HostFault`. With `signal` the answer can be given
   * up; the backend then stops where it can.
   */
  rpc(name: string, request: unknown, signal?: AbortSignal): Promise<unknown>;
  /** Backend events, until the returned function is called. `onLink` tells when the line is lost and found again. */
  listen(onEvent: (event: unknown) => void, onLink?: (up: boolean) => void): () => void;
  /** Opens an address in the system browser. */
  openUrl(url: string): Promise<void>;
  /** Asks for a file to write; null when the person changed their mind. */
  saveDialog(options: FileDialog): Promise<string | null>;
  /** Asks for a text file and reads it. */
  openTextDialog(options: FileDialog): Promise<{ name: string; text: string } | null>;
  copyText(text: string): Promise<void>;
  /** An OS notification, when the window has no focus. */
  notify(title: string, body: string): Promise<void>;
  setTitle(title: string): Promise<void>;
  /** What the application was started for: with `sample`, the sample tenant and its tour. */
  startedFor(): Promise<{ sample: boolean }>;
  /** Links `syncline://…` that the operating system hands over, those that wait already included, until the returned function is called. */
  links(onLink: (link: string) => void): () => void;
  /** Opens the store once more after it could not be opened. */
  reopen(): Promise<void>;
}

export interface FileDialog {
  title: string;
  defaultName?: string;
  extensions: string[];
}

/** The backend itself could not be reached, as opposed to an error it answered with. */
export class HostFault extends Error {
  constructor(
    message: string,
    readonly detail?: string,
  ) {
    super(message);
    this.name = "HostFault";
  }
}
