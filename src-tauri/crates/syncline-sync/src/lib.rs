//! The work: pulling into the store, planning, running. A plan is computed once; the preview shows it and a run executes exactly it.

mod batches;
mod cached;
mod decide;
mod events;
mod fetch_modes;
mod foresee;
mod index;
mod mask;
mod plan;
mod plan_rows;
mod prediction;
mod progress;
mod pull;
mod pull_pages;
mod pull_way;
mod rules;
mod run;
mod run_batch;
mod seen;

pub use batches::estimate_batches;
pub use cached::CachedSource;
pub use fetch_modes::{Watermark, fetch_filter, watermark_key};
pub use index::catch_up;
pub use mask::{Masker, Personal, Private, personal};
pub use plan::{PlanCounts, PlanDetail, PlanRequest, make_plan};
pub use plan_rows::{RowExtra, read_extra};
pub use prediction::{Prediction, PredictionGroup, prediction_of};
pub use progress::{Clock, OnProgress, Work};
pub use pull::{PullRequest, Pulled, pull};
pub use pull_way::{LARGE_LIST, PlannedPull, PullAsk, PullWay, mark_selection};
pub use rules::rule_of;
pub use run::{RunCounts, RunDetail, RunRequest, run_plan};
