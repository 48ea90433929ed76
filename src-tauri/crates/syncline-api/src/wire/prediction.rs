//! What a plan predicted against what came out.

use serde::{Deserialize, Serialize};
use syncline_model::Action;
use ts_rs::TS;

/// How far a plan came true, over the rows that a run was to send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PredictionView {
    /// Rows that were to be sent.
    pub predicted: u64,
    /// Rows that came out as predicted.
    pub as_predicted: u64,
    /// Rows that came out otherwise: refused, drifted, without an answer, made where a change was predicted or the other way.
    pub otherwise: u64,
    /// Rows that the run did not get to.
    pub not_reached: u64,
    /// Part of the rows with an outcome that came out as predicted, 0 to 1; absent where there is none.
    pub score: Option<f64>,
    /// Rows by prediction and outcome.
    pub groups: Vec<PredictionGroup>,
}

/// Rows of one prediction and one outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PredictionGroup {
    /// What was predicted.
    pub action: Action,
    /// What came.
    pub outcome: String,
    /// Rows.
    pub rows: u64,
    /// They agree.
    pub as_predicted: bool,
}
