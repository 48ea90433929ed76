//! `syncline cache …`: what is kept on this machine.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{CacheHashed, CachedEntity, Empty, JobStarted, PullReport, SearchHits, SqlTable};
use syncline_model::ErrorCode;

use super::cache_files::{self, Export, Fetch, FileForm};
use super::records::{Selected, stream};
use crate::context::Context;
use crate::{exit, output, progress};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Pull an entity into the store; goes on where an interrupted pull stood
    Pull(Pull),
    /// What is cached
    List,
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

#[derive(Args)]
pub(crate) struct Pull {
    /// Connection
    name: String,
    /// Logical name of the entity
    entity: String,
    /// Columns by logical name; default: all readable
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// FetchXML filter or condition
    #[arg(long, value_name = "XML")]
    filter: Option<String>,
    /// Begin anew even if an interrupted pull could go on
    #[arg(long)]
    full: bool,
    /// Records a page, at most; without it as many as the service gives and memory allows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5000))]
    page_size: Option<u32>,
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::Pull(arguments) => return pull(arguments, context).await,
        Verb::List => list(context).await?,
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

async fn pull(arguments: Pull, context: &Context) -> Result<u8, ApiError> {
    let columns = (!arguments.columns.is_empty()).then_some(arguments.columns);
    let request = serde_json::json!({
        "connection": arguments.name, "entity": arguments.entity, "columns": columns, "filter": arguments.filter,
        "full": arguments.full, "page_size": arguments.page_size,
    });
    let started: JobStarted = context.call("cache.pull", &request).await?;
    let job = progress::watch(context.app().await?, &started.job).await?;
    let report: PullReport = serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the pull ended with an unexpected result: {error}"))
    })?;
    if context.json {
        output::json(&report);
    } else {
        output::line(&format!(
            "{}: {} read in {} pages and {:.1} s ({:.0}/s): {} new, {} changed, {} unchanged, {} deleted{}",
            report.entity,
            report.read,
            report.pages,
            report.seconds,
            report.read as f64 / report.seconds.max(0.001),
            report.new,
            report.changed,
            report.unchanged,
            report.deleted,
            if report.resumed { ", resumed" } else { "" }
        ));
        if report.not_indexed > 0 {
            eprintln!(
                "{} records can't be found by words yet; the next pull goes on with that",
                report.not_indexed
            );
        }
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
                hit.snippet.replace(['⟦', '⟧', '\n'], " ").trim().to_owned(),
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
