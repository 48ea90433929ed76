//! The command line.

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use syncline_api::VaultChoice;

use crate::verbs;

/// Browse, cache, preview and sync Microsoft Dynamics 365 from a terminal.
#[derive(Parser)]
#[command(
    name = "syncline",
    version,
    about,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    /// Folder of the store; default: the platform's folder for application data
    #[arg(long, global = true, env = "SYNCLINE_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// One JSON document on standard output (JSON lines where records stream)
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Where secrets are kept: keychain, or memory for this one process
    #[arg(long, global = true, default_value = "keychain", env = "SYNCLINE_VAULT", value_name = "VAULT")]
    pub(crate) vault: VaultChoice,
    /// Log filter for standard error, such as info or syncline_http=debug
    #[arg(long, global = true, env = "SYNCLINE_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Write what was asked and answered to this file, as JSON lines without secrets (the latest 500)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) requests: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Serve the sample tenant on loopback until interrupted
    Sandbox(verbs::sandbox::Arguments),
    /// Add, list, show, test, change and forget connections
    #[command(subcommand)]
    Connection(verbs::connection::Verb),
    /// Sign in to a connection
    Login(verbs::login::Login),
    /// Remove a connection's tokens
    Logout(verbs::login::Logout),
    /// List the entities of a connection
    Entities(verbs::entities::Entities),
    /// Columns, choices, keys and relationships of an entity
    Describe(verbs::entities::Describe),
    /// Read records from the service
    Records(verbs::records::Records),
    /// Run a FetchXML document against the service
    Fetch(verbs::records::Fetch),
    /// Create, get, update, upsert or delete one record
    Record(verbs::record::Record),
    /// Pull, list, read, search and query what is cached
    #[command(subcommand)]
    Cache(verbs::cache::Verb),
    /// The same table in two environments, side by side
    Compare(verbs::compare::Compare),
    /// Check, preview and run sync definitions
    #[command(subcommand)]
    Sync(verbs::sync::Verb),
    /// History of runs
    #[command(subcommand)]
    Runs(verbs::runs::Verb),
}
