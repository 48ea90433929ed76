import type { ApiError } from "./generated/ApiError";
import type { ErrorCode } from "./generated/ErrorCode";

/** What a button beside an error does. Routes give each a meaning; `retry` is the screen's own. */
export type Remedy =
  | "retry"
  | "sign-in"
  | "edit-connection"
  | "unlock"
  | "pull"
  | "settings"
  | "reload"
  | "none";

export interface ErrorLook {
  severity: "error" | "warning" | "info";
  title: string;
  remedy: Remedy;
  /** Words on the button. */
  action: string;
}

/** The one table from a code to how it looks. Each code of the backend has a line; the compiler checks that none is missing. */
export const errorLooks: Record<ErrorCode, ErrorLook> = {
  usage: { severity: "error", title: "That can't be understood", remedy: "none", action: "" },
  definition_invalid: { severity: "error", title: "The definition has problems", remedy: "none", action: "" },
  query_invalid: { severity: "error", title: "The query does not fit", remedy: "none", action: "" },
  not_found: { severity: "warning", title: "Not found", remedy: "retry", action: "Look again" },
  already_exists: { severity: "warning", title: "The name is taken", remedy: "none", action: "" },
  sign_in_needed: { severity: "warning", title: "Not signed in", remedy: "sign-in", action: "Sign in" },
  sign_in_refused: {
    severity: "error",
    title: "Sign-in was refused",
    remedy: "edit-connection",
    action: "Check the connection",
  },
  sign_in_cancelled: {
    severity: "info",
    title: "Sign-in was not finished",
    remedy: "sign-in",
    action: "Sign in",
  },
  privilege_missing: {
    severity: "error",
    title: "A privilege is missing",
    remedy: "retry",
    action: "Try again",
  },
  read_only: {
    severity: "warning",
    title: "This connection is read-only",
    remedy: "unlock",
    action: "Allow writing",
  },
  confirmation_needed: { severity: "warning", title: "Please confirm", remedy: "none", action: "" },
  identity_changed: {
    severity: "error",
    title: "Another organization or user answered",
    remedy: "edit-connection",
    action: "Check the connection",
  },
  guard_refused: { severity: "warning", title: "A guard stopped this", remedy: "none", action: "" },
  throttled: {
    severity: "warning",
    title: "The service asks to slow down",
    remedy: "retry",
    action: "Try again",
  },
  unreachable: {
    severity: "warning",
    title: "The service can't be reached",
    remedy: "retry",
    action: "Try again",
  },
  unexpected_reply: {
    severity: "error",
    title: "The service answered something unexpected",
    remedy: "retry",
    action: "Try again",
  },
  service_refused: { severity: "error", title: "The service refused", remedy: "retry", action: "Try again" },
  keychain_unavailable: {
    severity: "error",
    title: "The keychain can't be used",
    remedy: "reload",
    action: "Try again",
  },
  store_key_wrong: {
    severity: "error",
    title: "The store can't be unlocked",
    remedy: "reload",
    action: "Try again",
  },
  store_newer: {
    severity: "error",
    title: "The store is from a newer Syncline",
    remedy: "reload",
    action: "Try again",
  },
  store_corrupt: { severity: "error", title: "The store is damaged", remedy: "reload", action: "Try again" },
  disk_full: { severity: "error", title: "The disk is full", remedy: "retry", action: "Try again" },
  busy: { severity: "info", title: "Already at work", remedy: "retry", action: "Try again" },
  cancelled: { severity: "info", title: "Stopped", remedy: "retry", action: "Go on" },
  file: { severity: "error", title: "The file could not be used", remedy: "retry", action: "Try again" },
  internal: {
    severity: "error",
    title: "Something went wrong in Syncline",
    remedy: "retry",
    action: "Try again",
  },
};

/** Faults that stop the whole application, shown in place of it. */
export const startupFaults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "keychain_unavailable",
  "store_key_wrong",
  "store_newer",
  "store_corrupt",
]);

export function errorLook(error: ApiError): ErrorLook {
  return errorLooks[error.code] ?? errorLooks.internal;
}

export function isApiError(value: unknown): value is ApiError {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** Whatever was thrown, as the one error shape. */
export function toApiError(fault: unknown): ApiError {
  if (isApiError(fault) && typeof fault.code === "string" && fault.code in errorLooks) return fault;
  const blank = { hint: null, request_id: null, service_code: null };
  if (fault instanceof Error) {
    const detail = "detail" in fault && typeof fault.detail === "string" ? fault.detail : null;
    const hint = fault.name === "HostFault" ? "check that Syncline is still running, then try again" : null;
    return { ...blank, code: "internal", message: fault.message, hint, detail };
  }
  return {
    ...blank,
    code: "internal",
    message: typeof fault === "string" ? fault : "an unknown fault",
    detail: null,
  };
}

/** The text for a support case. */
export function errorText(error: ApiError): string {
  return [
    `${errorLook(error).title}: ${error.message}`,
    error.hint && `What to do: ${error.hint}`,
    `Code: ${error.code}`,
    error.service_code && `Service code: ${error.service_code}`,
    error.request_id && `Request id: ${error.request_id}`,
    error.detail && `Detail: ${error.detail}`,
  ]
    .filter(Boolean)
    .join("\n");
}
