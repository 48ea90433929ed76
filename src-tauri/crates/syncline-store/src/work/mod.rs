//! What is to be sent, what was sent and what came of it: plans, runs, ledgers.

pub(crate) mod as_sent;
pub(crate) mod audit;
pub(crate) mod beside_sent;
pub(crate) mod hand_edits;
pub(crate) mod ledgers;
pub(crate) mod outcomes;
pub(crate) mod plan_body;
pub(crate) mod plan_filter;
pub(crate) mod plan_keys;
pub(crate) mod plan_pack;
pub(crate) mod plan_rows;
pub(crate) mod plan_turns;
mod plan_walk;
pub(crate) mod plan_window;
pub(crate) mod plans;
pub(crate) mod recover;
pub(crate) mod retention;
pub(crate) mod run_requests;
pub(crate) mod run_rows;
pub(crate) mod run_timeline;
pub(crate) mod runs;
pub(crate) mod sign_off;

/// Rows of a plan or run share a table; the row's number is made of the plan's number and the ordinal, so that rows of one plan lie
/// together and in order.
pub(crate) const ORDINALS: i64 = 1 << 32;

/// First row number of a plan or run.
pub(crate) fn base(number: i64) -> i64 {
    number * ORDINALS
}

/// A text for `LIKE` in which nothing is a pattern; to be used with `ESCAPE '\'`.
pub(crate) fn like_anywhere(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
