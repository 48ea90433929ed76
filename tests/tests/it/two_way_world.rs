//! Two sides of a two-way sync: contacts of the sample tenant and an application's users, each edited past the application.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use syncline_tests::postgres::{PASSWORD, PostgresServer, USERS};

use crate::app_support::{Bench, count};

/// A database with the tables of an application.
pub(crate) enum Database {
    Postgres(PostgresServer),
    Sqlite(PathBuf),
}

impl Database {
    pub(crate) fn postgres() -> Self {
        let server = PostgresServer::start();
        server.database("app", "app");
        let database = Self::Postgres(server);
        database.anew();
        database
    }

    /// Empty tables in place of those that are there.
    pub(crate) fn anew(&self) {
        self.tell(&format!(
            r#"DROP TABLE IF EXISTS "Users", "Companies"; {USERS} GRANT SELECT, INSERT, UPDATE, DELETE ON "Users", "Companies" TO app"#
        ));
    }

    pub(crate) fn sqlite(bench: &Bench) -> Self {
        Self::sqlite_in(bench.home.path())
    }

    pub(crate) fn sqlite_in(folder: &Path) -> Self {
        let path = folder.join("app.db");
        let tables = USERS.replace("now()", "CURRENT_TIMESTAMP").replace("timestamptz", "datetime");
        rusqlite::Connection::open(&path).unwrap().execute_batch(&tables).unwrap();
        Self::Sqlite(path)
    }

    /// What saves a connection to it.
    pub(crate) fn connection(&self) -> Value {
        let (system, url, secret) = match self {
            Self::Postgres(server) => ("postgres", server.loopback_url("app", "app"), json!(PASSWORD)),
            Self::Sqlite(path) => ("sqlite", path.display().to_string(), Value::Null),
        };
        json!({
            "name": "app", "system": system, "url": url, "writable": true, "kind": "sandbox", "secret": secret,
            "options": { "modified.Users": "UpdatedAt" },
        })
    }

    pub(crate) async fn connect(&self, bench: &Bench) {
        bench.rpc("connections.save", self.connection()).await;
        let test = bench.rpc("connections.test", json!({ "connection": "app" })).await;
        assert_eq!(test["status"], "verified", "{test}");
    }

    /// The first column of the first row, as text; empty for null and for no row.
    pub(crate) fn ask(&self, sql: &str) -> String {
        match self {
            Self::Postgres(server) => server.sql("app", sql),
            Self::Sqlite(path) => {
                use rusqlite::types::Value as Cell;
                let database = rusqlite::Connection::open(path).unwrap();
                match database.query_row(sql, [], |row| row.get(0)) {
                    Ok(Cell::Text(text)) => text,
                    Ok(Cell::Integer(number)) => number.to_string(),
                    Ok(Cell::Null) | Err(rusqlite::Error::QueryReturnedNoRows) => String::new(),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// All rows of so many columns, which are texts or can be read as such.
    pub(crate) fn rows<const COLUMNS: usize>(&self, sql: &str) -> Vec<[String; COLUMNS]> {
        match self {
            Self::Postgres(server) => {
                let told = server.sql("app", sql);
                let cut = |line: &str| line.split('|').map(str::to_owned).collect::<Vec<_>>();
                told.lines().map(|line| cut(line).try_into().expect("as many columns")).collect()
            }
            Self::Sqlite(path) => {
                let database = rusqlite::Connection::open(path).unwrap();
                database.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
                let mut statement = database.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| {
                    let mut cells = [const { String::new() }; COLUMNS];
                    for (at, cell) in cells.iter_mut().enumerate() {
                        *cell = row.get(at)?;
                    }
                    Ok(cells)
                });
                rows.unwrap().map(Result::unwrap).collect()
            }
        }
    }

    pub(crate) fn tell(&self, sql: &str) {
        match self {
            Self::Postgres(server) => drop(server.sql("app", sql)),
            Self::Sqlite(path) => {
                let database = rusqlite::Connection::open(path).unwrap();
                database.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
                database.execute_batch(sql).unwrap();
            }
        }
    }

    /// So many minutes from now, as the database writes it.
    pub(crate) fn moment(&self, minutes: i64) -> String {
        match self {
            Self::Postgres(_) => format!("now() + interval '{minutes} minutes'"),
            Self::Sqlite(_) => format!("datetime('now', '{minutes:+} minutes')"),
        }
    }

    /// Changes a user; the time of the change is so many minutes from now.
    pub(crate) fn user(&self, id: &str, set: &str, minutes: i64) {
        let at = self.moment(minutes);
        self.tell(&format!(r#"UPDATE "Users" SET {set}, "UpdatedAt" = {at} WHERE "Id" = '{id}'"#));
    }

    /// A user's column as text.
    pub(crate) fn held(&self, id: &str, column: &str) -> String {
        let column = match column {
            "IsActive" => r#"CASE WHEN "IsActive" THEN 'yes' ELSE 'no' END"#.to_owned(),
            other => format!(r#"CAST("{other}" AS text)"#),
        };
        self.ask(&format!(r#"SELECT {column} FROM "Users" WHERE "Id" = '{id}'"#))
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.ask(&format!(r#"SELECT count(*) FROM "Users" WHERE "Id" = '{id}'"#)) == "1"
    }
}

/// Accounts and companies.
pub(crate) fn companies() -> Value {
    json!({
        "version": 1, "name": "companies",
        "source": { "connection": "contoso", "entity": "account", "columns": ["accountid", "name"], "page_size": 500 },
        "destination": { "connection": "app", "entity": "Companies" },
        "identifiers": [{ "to": "Name", "from": "name" }],
        "fields": [{ "to": "Name", "from": "name", "direction": "both" }],
        "conflict": "source",
    })
}

/// Contacts and users.
pub(crate) fn users(conflict: &str, deleted: &str) -> Value {
    json!({
        "version": 1, "name": "users",
        "source": {
            "connection": "contoso", "entity": "contact", "page_size": 500,
            "columns": ["contactid", "emailaddress1", "firstname", "lastname", "telephone1", "statecode", "parentcustomerid"],
        },
        "destination": { "connection": "app", "entity": "Users" },
        "identifiers": [{ "to": "Email", "from": "emailaddress1", "check": "email" }],
        "fields": [
            { "to": "Email", "from": "emailaddress1", "direction": "both" },
            { "to": "FirstName", "from": "firstname", "direction": "both" },
            { "to": "LastName", "from": "lastname", "direction": "both" },
            { "to": "PhoneNumber", "from": "telephone1", "direction": "both" },
            { "to": "IsActive", "from": "statecode", "direction": "both" },
            { "to": "CompanyId", "from": "parentcustomerid", "direction": "both", "linked": { "source": "account", "destination": "Companies" } },
        ],
        "conflict": conflict,
        "two_way": { "create": "both", "deleted": deleted },
    })
}

impl Bench {
    /// Previews and runs a two-way definition; the report.
    pub(crate) async fn sync(&self, definition: &Value) -> Value {
        let plan = self.preview(definition).await;
        self.run(&plan).await
    }

    /// What a preview would write on both sides, and what waits.
    pub(crate) async fn due(&self, definition: &Value) -> (u64, u64, Value) {
        let plan = self.preview(definition).await;
        let sum =
            |counts: &Value| count(counts, "create") + count(counts, "update") + count(counts, "delete");
        let writes = sum(&plan["summary"]) + sum(&plan["two_way"]["other_counts"]);
        (writes, count(&plan["two_way"], "conflicts"), plan)
    }

    /// A record as the service holds it; null where it has none.
    pub(crate) async fn live(&self, connection: &str, entity: &str, id: &str) -> Value {
        let ask = json!({ "connection": connection, "entity": entity, "id": id, "mode": "live" });
        match self.app.rpc("records.get", ask).await {
            Ok(view) => view["row"]["raw"].clone(),
            Err(error) => {
                assert_eq!(error.code, syncline_model::ErrorCode::NotFound, "{error:?}");
                Value::Null
            }
        }
    }

    /// Ids of the records that have this text in a column, as the service holds them.
    pub(crate) async fn found(
        &self,
        connection: &str,
        entity: &str,
        column: &str,
        text: &str,
    ) -> Vec<String> {
        let filter = format!("<condition attribute='{column}' operator='eq' value='{text}'/>");
        let ask = json!({ "connection": connection, "entity": entity, "mode": "live", "filter": filter, "columns": [column] });
        let page = self.rpc("records.query", ask).await;
        page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn write(
        &self,
        connection: &str,
        entity: &str,
        operation: &str,
        id: Option<&str>,
        data: Value,
    ) -> Value {
        let ask = json!({ "connection": connection, "entity": entity, "operation": operation, "id": id, "data": data });
        self.rpc("records.write", ask).await
    }

    /// Pairs of a definition: record of the source to record of the destination.
    pub(crate) async fn pairs(&self, definition: &Value) -> BTreeMap<String, String> {
        let mut pairs = BTreeMap::new();
        let mut offset = 0;
        loop {
            let page = self
                .rpc("links.list", json!({ "json": definition.to_string(), "offset": offset, "limit": 1000 }))
                .await;
            let links = page["rows"].as_array().unwrap().clone();
            if links.is_empty() {
                return pairs;
            }
            offset += links.len();
            for link in &links {
                pairs.insert(
                    link["source_id"].as_str().unwrap().to_owned(),
                    link["destination_id"].as_str().unwrap().to_owned(),
                );
            }
        }
    }
}
