//! The prediction score: what a plan said of each row against what came of it.

use serde::{Deserialize, Serialize};
use syncline_model::{Action, SynclineError};
use syncline_store::Store;
use uuid::Uuid;

/// How far a plan came true, over the rows that a run was to send. Rows that were left alone or left out were not sent and are not
/// counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prediction {
    /// Rows that were to be sent.
    pub predicted: u64,
    /// Rows that came out as predicted.
    pub as_predicted: u64,
    /// Rows that came out otherwise.
    pub otherwise: u64,
    /// Rows that the run did not get to.
    pub not_reached: u64,
    /// Rows by prediction and outcome, most rows first.
    pub groups: Vec<PredictionGroup>,
}

/// Rows of one prediction and one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionGroup {
    /// What was predicted.
    pub action: Action,
    /// What came: `created`, `updated`, `upserted`, `drifted`, `failed` or `unknown`.
    pub outcome: String,
    /// Rows.
    pub rows: u64,
}

impl PredictionGroup {
    /// True when the outcome is the predicted one. A service that upserts without telling which it did agrees with both.
    pub fn as_predicted(&self) -> bool {
        match self.action {
            Action::Create => matches!(self.outcome.as_str(), "created" | "upserted"),
            Action::Update => matches!(self.outcome.as_str(), "updated" | "upserted"),
            Action::Delete => self.outcome == "deleted",
            Action::Unchanged | Action::Skip | Action::Invalid => false,
        }
    }
}

impl Prediction {
    fn of(predicted: u64, groups: Vec<PredictionGroup>) -> Self {
        let sum = |wanted: bool| {
            groups.iter().filter(|group| group.as_predicted() == wanted).map(|group| group.rows).sum::<u64>()
        };
        let (as_predicted, otherwise) = (sum(true), sum(false));
        let not_reached = predicted.saturating_sub(as_predicted + otherwise);
        Self { predicted, as_predicted, otherwise, not_reached, groups }
    }

    /// Part of the rows with an outcome that came out as predicted, 0 to 1.
    pub fn score(&self) -> Option<f64> {
        let reached = self.as_predicted + self.otherwise;
        (reached > 0).then(|| self.as_predicted as f64 / reached as f64)
    }
}

/// Compares row by row. `predicted`: rows that were to be sent.
pub fn prediction_of(store: &Store, run: Uuid, predicted: u64) -> Result<Prediction, SynclineError> {
    let groups = store
        .run_outcomes_by_action(run)?
        .into_iter()
        .map(|count| PredictionGroup { action: count.action, outcome: count.outcome, rows: count.rows })
        .collect();
    Ok(Prediction::of(predicted, groups))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_of_what_was_reached() {
        let group =
            |action, outcome: &str, rows| PredictionGroup { action, outcome: outcome.to_owned(), rows };
        let prediction = Prediction::of(
            12,
            vec![
                group(Action::Create, "upserted", 5),
                group(Action::Update, "created", 1),
                group(Action::Update, "updated", 3),
                group(Action::Create, "failed", 1),
            ],
        );
        assert_eq!((prediction.as_predicted, prediction.otherwise, prediction.not_reached), (8, 2, 2));
        assert_eq!(prediction.score(), Some(0.8));
        assert_eq!(Prediction::of(3, Vec::new()).score(), None);
    }
}
