//! Signing a plan off.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Writes a plan as a document and signs it: from then on it runs as it is, or not at all. Ends as a job whose result is a
/// `SignOffReport`.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SignOffStart {
    /// Plan.
    pub plan: String,
    /// File to write; its ending tells the form: `.html`, `.xlsx` or `.json`.
    pub path: String,
    /// Who signs; absent: the user of the source connection.
    pub by: Option<String>,
    /// Personal values become pseudonyms.
    pub masked: Option<bool>,
}

/// A document that was written.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SignOffReport {
    /// Where it is.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Records that the plan is of.
    pub records: u64,
    /// Plan.
    pub plan_id: String,
    /// What was signed.
    pub signed: SignedView,
    /// Personal values are pseudonyms.
    pub masked: bool,
    /// Source columns and target attributes that were masked.
    pub masked_fields: Vec<String>,
}

/// Sends one row of a plan by itself, to see the service's true answer. It is read and mapped anew, so what is sent is what is there
/// now; after it was taken the row is held back in the plan. Ends as a job whose result is a `RunReport`.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SendOne {
    /// Plan.
    pub plan: String,
    /// Row.
    pub ordinal: u64,
    /// 1, as confirmed by the person; asked for on production.
    pub expect: Option<u64>,
}

/// Who signed a plan off.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SignedView {
    /// Hash of the plan's content.
    pub hash: String,
    /// Who.
    pub by: String,
    /// RFC 3339 UTC.
    pub at: String,
    /// Rows were taken out or put back since: it must be signed anew before it runs.
    pub changed: bool,
}
