//! Two-way sync: one look at both sides makes two plans, one each way, which are previewed, run, audited and taken back like any other.
//!
//! What changed since the last sync is told by the base: the values that both sides held then. So the own writes of a sync are no changes
//! for the next one, and of two fields of a record that were changed on different sides both go.

mod commit;
mod crosswalk;
mod gather;
mod gather_match;
mod merge;
mod numbers;
mod pair;
mod pair_gone;
mod pair_new;
mod pair_rows;
mod plan;
mod reader;
mod settle;
mod sheet;
mod side;

pub(crate) use commit::in_no_pair;
pub use commit::{Committed, commit_run};
pub use merge::{FieldState, GoneVerdict, Rules, Verdict, merge_field, merge_gone};
pub use pair::PairExtra;
pub use plan::{Scope, TwoWayPart, TwoWayRequest, make_two_way};
pub use reader::{TwoWayMark, TwoWayMarks, marks_key};
pub use settle::settle_before;
pub use side::SideAccess;
