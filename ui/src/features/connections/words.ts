import type { AuthMethod, ConnectionSave, ConnectionView, System } from "@/api";
import { statusLights } from "@/api";
import { ago } from "@/lib/time";
import { type DatabaseAddress, databaseAddress, databaseUrl } from "./database";

/** Who a connection is, in a few words. */
export function identityWords(connection: ConnectionView): string {
  const { identity } = connection;
  if (identity?.user_name) return identity.user_name;
  if (identity?.organization_id) return identity.organization_id;
  return connection.signed_in ? "signed in" : "not signed in";
}

/** The sentence behind the light. */
export function statusSentence(connection: ConnectionView): string {
  const said = connection.status_message.trim();
  const word = said === "" ? statusLights[connection.status].word : said;
  return connection.checked_at ? `${word} · checked ${ago(connection.checked_at)}` : word;
}

export interface MethodCard {
  method: AuthMethod;
  title: string;
  when: string;
}

/** Ways to sign in, each with when to use which. */
export const dynamicsMethods: readonly MethodCard[] = [
  {
    method: "authorization-code",
    title: "In the browser",
    when: "You sign in as yourself, with MFA and whatever your organization asks for. The usual way.",
  },
  {
    method: "device-code",
    title: "With a code on another device",
    when: "No browser on this machine, or a security key that is plugged in elsewhere.",
  },
  {
    method: "client-credentials",
    title: "As an application",
    when: "A client id and secret for work that no person watches. Needs an application user in the environment.",
  },
  {
    method: "access-token",
    title: "Paste an access token",
    when: "For a quick look with a token from another tool. Ends when the token ends, about an hour.",
  },
];

export const systemChoices: readonly { system: System; title: string; text: string }[] = [
  {
    system: "dataverse",
    title: "Dynamics 365",
    text: "A Dataverse environment: Sales, Service, your own tables",
  },
  { system: "insider", title: "Insider One", text: "A destination for profiles and events" },
  { system: "postgres", title: "PostgreSQL", text: "A database: tables to read from and to write to" },
  { system: "sqlite", title: "SQLite file", text: "A database on this computer" },
  { system: "csv", title: "CSV file", text: "A destination on this computer" },
  { system: "jsonl", title: "JSON lines file", text: "A destination on this computer" },
];

/** What an address of one text is called, and an example. */
export function plainAddress(system: System): { label: string; hint: string } {
  switch (system) {
    case "insider":
      return {
        label: "Root of the API",
        hint: "Such as https://unification.useinsider.com; /api/user/v1/upsert is added",
      };
    case "sqlite":
      return {
        label: "Database file",
        hint: "The whole path, such as /home/ann/app.db. The file must be there",
      };
    case "dataverse":
    case "postgres":
    case "csv":
    case "jsonl":
      return { label: "File to write", hint: "The whole path, such as /home/ann/contacts.csv" };
  }
}

/** What the form holds. Texts as typed; empty means not said. */
export interface ConnectionForm {
  system: System;
  address: string;
  name: string;
  client: string;
  kind: ConnectionView["kind"];
  colour: string;
  auth: AuthMethod;
  clientId: string;
  tenant: string;
  authority: string;
  apiVersion: string;
  scopes: string;
  secret: string;
  secretExpires: string;
  partner: string;
  /** PostgreSQL: the parts of its address. */
  database: DatabaseAddress;
  writable: boolean;
}

export const emptyForm: ConnectionForm = {
  system: "dataverse",
  address: "",
  name: "",
  client: "",
  kind: "sandbox",
  colour: "",
  auth: "authorization-code",
  clientId: "",
  tenant: "",
  authority: "",
  apiVersion: "",
  scopes: "",
  secret: "",
  secretExpires: "",
  partner: "",
  database: { host: "", port: "5432", name: "", user: "", certificate: "" },
  writable: false,
};

export function formOf(connection: ConnectionView): ConnectionForm {
  return {
    ...emptyForm,
    system: connection.system,
    address: connection.url,
    name: connection.name,
    client: connection.client ?? "",
    kind: connection.kind,
    colour: connection.colour,
    auth: connection.auth,
    clientId: connection.client_id ?? "",
    tenant: connection.tenant ?? "",
    authority: connection.authority,
    apiVersion: connection.api_version ?? "",
    scopes: connection.scopes.join(" "),
    secretExpires: connection.secret_expires?.slice(0, 10) ?? "",
    partner: connection.options.partner ?? "",
    database:
      connection.system === "postgres"
        ? databaseAddress(connection.url, connection.options.sslrootcert ?? "")
        : emptyForm.database,
    writable: connection.writable,
  };
}

/** The request that saves a form; `previous` is the name it was saved under so far. */
export function saveRequest(form: ConnectionForm, previous: string | null): ConnectionSave {
  const said = (text: string) => (text.trim() === "" ? undefined : text.trim());
  const isDynamics = form.system === "dataverse";
  const options: Record<string, string> = {};
  if (form.system === "insider" && said(form.partner)) options.partner = form.partner.trim();
  if (form.system === "postgres") options.sslrootcert = form.database.certificate.trim();
  if (said(form.secretExpires)) options.secret_expires = form.secretExpires.trim();
  return {
    name: previous ?? form.name.trim(),
    rename: previous !== null && previous !== form.name.trim() ? form.name.trim() : undefined,
    create: previous === null,
    system: form.system,
    url: form.system === "postgres" ? databaseUrl(form.database) : form.address.trim(),
    auth: isDynamics ? form.auth : form.system === "insider" ? "access-token" : "none",
    authority: isDynamics ? said(form.authority) : undefined,
    tenant: isDynamics ? said(form.tenant) : undefined,
    client_id: isDynamics ? said(form.clientId) : undefined,
    scopes: isDynamics && said(form.scopes) ? form.scopes.trim().split(/\s+/) : undefined,
    api_version: isDynamics ? said(form.apiVersion) : undefined,
    kind: form.kind,
    client: form.client.trim(),
    colour: said(form.colour),
    writable: form.writable,
    options,
    secret: said(form.secret),
  };
}

/** What is still missing before the form can be saved; empty when nothing is. */
export function missingIn(form: ConnectionForm, editing: boolean): string[] {
  const missing: string[] = [];
  if (form.system === "postgres") {
    if (form.database.host.trim() === "") missing.push("the server");
    if (form.database.name.trim() === "") missing.push("the database");
    if (form.database.user.trim() === "") missing.push("the user");
  } else if (form.address.trim() === "")
    missing.push(["csv", "jsonl", "sqlite"].includes(form.system) ? "the file" : "the address");
  if (form.name.trim() === "") missing.push("a name");
  if (form.system === "dataverse" && form.auth !== "access-token" && form.clientId.trim() === "")
    missing.push("the application (client) id");
  const needsSecret =
    form.system === "insider" ||
    (form.system === "dataverse" && (form.auth === "client-credentials" || form.auth === "access-token"));
  if (needsSecret && !editing && form.secret === "")
    missing.push(
      form.auth === "client-credentials" && form.system === "dataverse" ? "the client secret" : "the token",
    );
  return missing;
}
