//! One file a verb.

pub(crate) mod cache;
mod cache_files;
pub(crate) mod compare;
mod conflicts;
pub(crate) mod connection;
mod costs;
pub(crate) mod entities;
pub(crate) mod login;
mod marks;
mod pulls;
pub(crate) mod record;
pub(crate) mod records;
mod run_requests;
pub(crate) mod runs;
mod runs_again;
mod runs_edits;
pub(crate) mod sandbox;
mod schedule;
pub(crate) mod sync;
mod sync_all;
mod sync_preview;

use syncline_api::ApiError;

use crate::arguments::Verb;
use crate::context::Context;

/// Runs a verb; the exit code.
pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::Sandbox(arguments) => sandbox::run(arguments).await,
        Verb::Connection(verb) => connection::run(verb, context).await,
        Verb::Login(arguments) => login::login(arguments, context).await,
        Verb::Logout(arguments) => login::logout(arguments, context).await,
        Verb::Entities(arguments) => entities::list(arguments, context).await,
        Verb::Describe(arguments) => entities::describe(arguments, context).await,
        Verb::Records(arguments) => records::records(arguments, context).await,
        Verb::Fetch(arguments) => records::fetch(arguments, context).await,
        Verb::Record(arguments) => record::run(arguments, context).await,
        Verb::Cache(verb) => cache::run(verb, context).await,
        Verb::Compare(arguments) => compare::run(arguments, context).await,
        Verb::Sync(verb) => sync::run(verb, context).await,
        Verb::Runs(verb) => runs::run(verb, context).await,
    }
}
