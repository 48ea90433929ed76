//! What every implementation of the seam must do, as functions that any test can call.
//!
//! Each gives the names of the rules that were checked, in order, so that a suite can tell that none was left out; the first rule that
//! does not hold is a [`Breach`].

mod destination;
mod source;

pub use destination::{DestinationFixture, destination};
pub use source::{SourceFixture, source};

use std::future::Future;
use syncline_model::{ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;

/// A rule that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The rule's name.
    pub rule: &'static str,
    /// What was seen.
    pub what: String,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

impl std::error::Error for Breach {}

/// The rules that held.
pub type Held = Result<Vec<&'static str>, Breach>;

/// Fails with a breach unless the condition holds.
pub(crate) fn hold(rule: &'static str, condition: bool, what: impl FnOnce() -> String) -> Result<(), Breach> {
    if condition { Ok(()) } else { Err(Breach { rule, what: what() }) }
}

/// The value, or a breach with the error.
pub(crate) fn good<T>(rule: &'static str, result: Result<T, SynclineError>) -> Result<T, Breach> {
    result.map_err(|error| Breach { rule, what: format!("{error:?}") })
}

/// A clear error: of one of these codes, with a message.
pub(crate) fn refused<T>(
    rule: &'static str,
    codes: &[ErrorCode],
    result: Result<T, SynclineError>,
) -> Result<SynclineError, Breach> {
    match result {
        Ok(_) => Err(Breach { rule, what: "it was accepted".to_owned() }),
        Err(error) => {
            hold(rule, codes.contains(&error.code) && !error.message.is_empty(), || format!("{error:?}"))?;
            Ok(error)
        }
    }
}

/// A call with a token that was cancelled before must end as cancelled, and soon.
pub(crate) async fn cancelled<T>(
    rule: &'static str,
    call: impl Future<Output = Result<T, SynclineError>>,
) -> Result<(), Breach> {
    refused(rule, &[ErrorCode::Cancelled], call.await).map(|_| ())
}

pub(crate) fn token() -> CancellationToken {
    CancellationToken::new()
}

pub(crate) fn cancelled_token() -> CancellationToken {
    let token = token();
    token.cancel();
    token
}
