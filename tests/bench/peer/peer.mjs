// The peer of the pull: reads all contacts page by page with dynamics-web-api and keeps them with better-sqlite3, a transaction a page, so
// that each record is found by its id. It neither encrypts nor indexes words. Argument: the sample tenant's details as JSON.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { DynamicsWebApi } from "dynamics-web-api";

const details = JSON.parse(process.argv[2]);
const form = new URLSearchParams({
  client_id: details.confidential_client_id,
  client_secret: details.client_secret,
  grant_type: "client_credentials",
  scope: `${details.dataverse}/.default`,
});
const answer = await fetch(`${details.authority}/${details.tenant}/oauth2/v2.0/token`, { method: "POST", body: form });
const { access_token: accessToken } = await answer.json();

const api = new DynamicsWebApi({
  serverUrl: details.dataverse,
  dataApi: { version: "9.2" },
  onTokenRefresh: async () => accessToken,
});
const folder = mkdtempSync(join(tmpdir(), "syncline-peer-"));
const database = new Database(join(folder, "records.db"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");
database.exec("CREATE TABLE contact(id TEXT PRIMARY KEY, etag TEXT, fullname TEXT, modifiedon TEXT, raw TEXT NOT NULL)");
const insert = database.prepare("INSERT OR REPLACE INTO contact VALUES(?, ?, ?, ?, ?)");
const keep = database.transaction((rows) => {
  for (const row of rows) {
    insert.run(row.contactid, row["@odata.etag"], row.fullname ?? null, row.modifiedon?.toISOString() ?? null, JSON.stringify(row));
  }
});

const begun = performance.now();
let records = 0;
let next;
do {
  const page = await api.retrieveMultiple(
    {
      collection: "contacts",
      maxPageSize: 5000,
      ...(details.select ? { select: details.select.split(",") } : {}),
      includeAnnotations: "OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname",
    },
    next,
  );
  keep(page.value);
  records += page.value.length;
  next = page.oDataNextLink;
} while (next);
const seconds = (performance.now() - begun) / 1000;
database.close();
rmSync(folder, { recursive: true });
const status = readFileSync("/proc/self/status", "utf8");
const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
console.log(JSON.stringify({ records, seconds, searchable_seconds: null, peak_mib: peak, record_bytes: null }));
