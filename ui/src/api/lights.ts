import type { ConnectionKind } from "./generated/ConnectionKind";
import type { ConnectionStatus } from "./generated/ConnectionStatus";
import type { ConnectionView } from "./generated/ConnectionView";
import type { System } from "./generated/System";

/** Words for what the backend names by a code. */
export const systemNames: Record<System, string> = {
  dataverse: "Dynamics 365",
  insider: "Insider One",
  csv: "CSV files",
  jsonl: "JSON lines files",
  postgres: "PostgreSQL",
  sqlite: "SQLite",
};

export const kindNames: Record<ConnectionKind, string> = {
  production: "Production",
  sandbox: "Sandbox",
  development: "Development",
};

export const statusLights: Record<ConnectionStatus, { light: "green" | "yellow" | "red"; word: string }> = {
  verified: { light: "green", word: "Verified" },
  unverified: { light: "yellow", word: "Not verified yet" },
  broken: { light: "red", word: "Broken" },
};

/** May be written to now: saved as writable, or unlocked for a while. */
export function isWritable(connection: ConnectionView, now: number = Date.now()): boolean {
  return (
    connection.writable || (connection.unlocked_until !== null && Date.parse(connection.unlocked_until) > now)
  );
}

/** Systems one browses; the others only take records. */
export function isBrowsable(connection: ConnectionView): boolean {
  return connection.system === "dataverse" || isDatabase(connection);
}

/** Databases: tables are browsed, but what only Dynamics 365 has is not there. */
export function isDatabase({ system }: { system: System }): boolean {
  return system === "postgres" || system === "sqlite";
}

/** The connections of one client; connections without a client belong together. */
export function ofClient(
  connections: readonly ConnectionView[],
  client: string | null | undefined,
): ConnectionView[] {
  return connections.filter((connection) => (connection.client ?? "") === (client ?? ""));
}
