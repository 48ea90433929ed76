//! `syncline cache …`: what is kept on this machine.

use clap::Subcommand;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{CacheHashed, CachedEntity, Empty, SearchHits, SqlTable};

use super::cache_files::{self, Export, Fetch, FileForm};
use super::marks::{self, SetBack};
use super::pulls::{self, Changes, Pull};
use super::records::{Selected, stream};
use crate::context::Context;
use crate::{exit, output};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Pull an entity into the store; goes on where an interrupted pull stood
    Pull(Pull),
    /// What is cached
    List,
    /// The pulls of an entity with what each changed, latest first
    Pulls {
        /// Connection
        name: String,
        /// Logical name of the entity
        entity: String,
    },
    /// What a pull changed, or what changed since an earlier one, as JSON lines
    Changes(Changes),
    /// How far was read: the watermarks of pulls and of definitions
    Marks {
        /// Connection
        name: String,
    },
    /// Set a watermark back, so that the next pull or sync reads from there
    SetBack(SetBack),
    /// Cached records as JSON lines
    Records {
        #[command(flatten)]
        selected: Selected,
    },
    /// Search everything cached
    Search {
        /// Words; each must be there, as a beginning
        text: String,
        /// Only this connection
        #[arg(long)]
        connection: Option<String>,
        /// At most so many hits
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// A hash over what is cached of an entity, equal where the same records are cached
    Hash {
        /// Connection
        name: String,
        /// Logical name of the entity
        entity: String,
    },
    /// Read the cache with one SELECT
    Sql {
        /// Connection
        name: String,
        /// Statement; tables have the entities' logical names
        statement: String,
        /// Write all rows to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        form: FileForm,
    },
    /// Rows of a FetchXML document over the cache as JSON lines
    Fetch(Fetch),
    /// Write cached records to a CSV, Excel, JSON or SQLite file
    Export(Export),
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::Pull(arguments) => return pulls::pull(arguments, context).await,
        Verb::List => list(context).await?,
        Verb::Pulls { name, entity } => pulls::list(name, entity, context).await?,
        Verb::Changes(arguments) => pulls::changes(arguments, context).await?,
        Verb::Marks { name } => marks::list(name, context).await?,
        Verb::SetBack(arguments) => marks::set_back(arguments, context).await?,
        Verb::Records { selected } => return stream(&selected, "cached", context).await,
        Verb::Search { text, connection, limit } => search(text, connection, limit, context).await?,
        Verb::Hash { name, entity } => hash(name, entity, context).await?,
        Verb::Sql { name, statement, out: Some(out), form } => {
            return cache_files::export_sql(&name, &statement, &out, &form, context).await;
        }
        Verb::Sql { name, statement, out: None, .. } => sql(name, statement, context).await?,
        Verb::Fetch(arguments) => return cache_files::fetch(arguments, context).await,
        Verb::Export(arguments) => return cache_files::export(arguments, context).await,
    }
    Ok(exit::DONE)
}

async fn list(context: &Context) -> Result<(), ApiError> {
    let all: Vec<CachedEntity> = context.call("cache.list", &Empty {}).await?;
    if context.json {
        output::json(&all);
        return Ok(());
    }
    output::table(
        &["connection", "entity", "records", "pulled at", "status"],
        all.into_iter().map(|cached| {
            vec![
                cached.connection,
                cached.entity,
                cached.records.to_string(),
                cached.pulled_at.unwrap_or_default(),
                cached.status,
            ]
        }),
    );
    Ok(())
}

async fn hash(name: String, entity: String, context: &Context) -> Result<(), ApiError> {
    let request = serde_json::json!({ "connection": name, "entity": entity });
    let hashed: CacheHashed = context.call("cache.hash", &request).await?;
    if context.json {
        output::json(&hashed);
    } else {
        output::line(&format!("{}: {} records, {}", hashed.entity, hashed.records, hashed.content_hash));
    }
    Ok(())
}

async fn search(
    text: String,
    connection: Option<String>,
    limit: u32,
    context: &Context,
) -> Result<(), ApiError> {
    let request = serde_json::json!({ "text": text, "connection": connection, "limit": limit });
    let hits: SearchHits = context.call("cache.search", &request).await?;
    if context.json {
        output::json(&hits.hits);
        return Ok(());
    }
    output::table(
        &["connection", "entity", "id", "title", "found"],
        hits.hits.into_iter().map(|hit| {
            vec![
                hit.connection,
                hit.entity,
                hit.id,
                hit.title,
                hit.snippet.replace(['⟦', '⟧'], "").replace('\n', " ").trim().to_owned(),
            ]
        }),
    );
    if hits.more {
        eprintln!("more was found; raise --limit");
    }
    if hits.catching_up {
        eprintln!(
            "the search index is still catching up with a pull: {} records can't be found yet",
            hits.not_indexed
        );
    }
    Ok(())
}

async fn sql(name: String, statement: String, context: &Context) -> Result<(), ApiError> {
    let request = serde_json::json!({ "connection": name, "statement": statement });
    let table: SqlTable = context.call("cache.sql", &request).await?;
    if context.json {
        output::json(&table);
        return Ok(());
    }
    let headers: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    output::table(
        &headers,
        table.rows.into_iter().map(|row| {
            row.into_iter()
                .map(|value| match value {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Null => String::new(),
                    other => other.to_string(),
                })
                .collect()
        }),
    );
    if table.cut {
        eprintln!("cut at 10,000 rows");
    }
    Ok(())
}
