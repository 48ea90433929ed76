//! The work: pulling into the store, planning, running. A plan is computed once; the preview shows it and a run executes exactly it.

mod appeared;
mod arrange;
mod batches;
mod cached;
mod checks;
mod chosen;
mod cost;
mod decide;
mod duplicates;
mod events;
mod feed;
mod fetch_modes;
mod finds;
mod foresee;
mod guards;
mod index;
mod mapped_page;
mod mask;
mod mask_records;
mod order;
mod pace;
mod plan;
mod plan_detail;
mod plan_finish;
mod plan_rows;
mod plan_writer;
mod prediction;
mod progress;
mod pull;
mod pull_estimate;
mod pull_pages;
mod pull_way;
mod related;
mod rules;
mod run;
mod run_batch;
mod run_counts;
mod run_events;
mod run_open;
mod run_steps;
mod runner;
mod seen;
mod title;
mod two_way;
mod undo;
mod undo_rows;
mod vanished;
mod waiting;

pub use batches::estimate_batches;
pub use cached::CachedSource;
pub use checks::count_check;
pub use cost::{Cost, DATAVERSE_LIMITS, Load, ServiceLimits, cost, pages, projected, pull_cost};
pub use fetch_modes::{Watermark, fetch_filter, watermark_key};
pub use guards::{Guards, TooMuch, Warnings};
pub use index::catch_up;
pub use mask::{Masker, Personal, Private, personal};
pub use mask_records::RecordMasker;
pub use pace::{Ended, Pace, PaceLimits};
pub use plan::{Only, PlanCounts, PlanDetail, PlanRequest, make_plan};
pub use plan_rows::{RowExtra, read_extra};
pub use prediction::{Prediction, PredictionGroup, prediction_of};
pub use progress::{Clock, OnCalls, OnProgress, Work};
pub use pull::{PullRequest, Pulled, pull};
pub use pull_estimate::{PullEstimate, estimate_pull};
pub use pull_way::{LARGE_LIST, PlannedPull, PullAsk, PullWay, mark_selection};
pub use related::{RelatedReader, Unfound};
pub use rules::rule_of;
pub use run::{RunRequest, resume_run, run_plan};
pub use run_counts::{RunCounts, RunDetail, settle};
pub use two_way::{
    Committed, FieldState, GoneVerdict, PairExtra, Rules, Scope, SideAccess, TwoWayMark, TwoWayMarks,
    TwoWayPart, TwoWayRequest, Verdict, commit_run, make_two_way, marks_key, merge_field, merge_gone,
    settle_before,
};
pub use undo::{UndoRequest, make_undo};
