//! What work costs before it begins: requests, time, and the share of what the service lets one user do.
//! Source of the limits: Dataverse, service protection API limits (6000 requests and 20 minutes of execution time in five minutes).

use serde::{Deserialize, Serialize};
use syncline_connect::Toll;

use crate::plan::PlanDetail;

/// What a service lets one user do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceLimits {
    /// Length of the sliding window, in seconds.
    pub window: f64,
    /// Requests within it.
    pub requests: f64,
    /// Execution time of all requests within it, in seconds.
    pub execution: f64,
}

/// Dataverse's limits, which every user of every environment has.
pub const DATAVERSE_LIMITS: ServiceLimits =
    ServiceLimits { window: 300.0, requests: 6000.0, execution: 1200.0 };

/// Work to be done at one service.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// Requests.
    pub calls: u64,
    /// Seconds that a request takes on average.
    pub seconds_a_call: f64,
    /// Requests that are under way at once.
    pub at_once: u64,
}

/// The estimate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Requests, at all services together.
    pub calls: u64,
    /// Seconds, pauses that the limits impose included.
    pub seconds: f64,
    /// Most of the requests that may be made within a window, as a part of 1; more than 1 means pauses.
    pub share_of_requests: f64,
    /// Most of the execution time that may be used within a window, as a part of 1; more than 1 means pauses.
    pub share_of_time: f64,
}

/// What a load costs under these limits; without limits only its time counts.
pub fn cost(load: &Load, limits: Option<&ServiceLimits>) -> Cost {
    let calls = load.calls as f64;
    let execution = calls * load.seconds_a_call.max(0.0);
    let bare = execution / load.at_once.max(1) as f64;
    let Some(limits) = limits else {
        return Cost { calls: load.calls, seconds: bare, ..Cost::default() };
    };
    // What falls into one window when nothing pauses.
    let part = if bare > limits.window { limits.window / bare } else { 1.0 };
    let share_of_requests = calls * part / limits.requests;
    let share_of_time = execution * part / limits.execution;
    let full_windows = |amount: f64, limit: f64| ((amount / limit).ceil() - 1.0).max(0.0) * limits.window;
    let held_back = if share_of_requests > 1.0 || share_of_time > 1.0 {
        full_windows(calls, limits.requests).max(full_windows(execution, limits.execution))
    } else {
        0.0
    };
    Cost { calls: load.calls, seconds: bare.max(held_back), share_of_requests, share_of_time }
}

/// Seconds that a page takes where none was seen yet.
const PAGE_SECONDS: f64 = 1.0;
/// Seconds that a batch takes where none was seen yet.
const BATCH_SECONDS: f64 = 2.0;
/// Batches at once that a run comes to, where the service recommends no other number.
const BATCHES_AT_ONCE: u64 = 4;

/// What a run of a plan would cost: its batches, what is asked before and after each, and the source records that are looked at again.
pub(crate) fn run_cost(detail: &PlanDetail, looked_at: bool, tolls: &(Toll, Toll)) -> Cost {
    let (source, destination) = tolls;
    let batches = detail.requests;
    let rows: u64 = detail.lanes.values().map(|(rows, _)| rows).sum();
    if rows == 0 {
        return Cost::default();
    }
    // Each batch looks its own rows up: whole requests, but for the last.
    let by_id = |ids: u64| if ids > 0 { batches.max(rows.div_ceil(ids)) } else { 0 };
    let looks = if looked_at { by_id(source.ids_a_request) } else { 0 };
    // A run asks the source who answers, and counts nothing.
    let looks = looks + u64::from(source.opening > 0);
    // The versions of what was written are read back, so that it can be undone.
    let back = by_id(destination.ids_a_request);
    // New rows that no key recognises are asked for once more.
    let unkeyed = detail.unkeyed_creates;
    let again = match destination.keys_a_request {
        0 => 0,
        keys if unkeyed > 0 => unkeyed.div_ceil(keys).max(batches * unkeyed / rows),
        _ => 0,
    };
    // What rows point at that earlier turns made is looked up when they are due.
    let late: u64 = match destination.keys_a_request {
        0 => 0,
        keys => detail.late_finds.values().map(|finds| finds.div_ceil(keys)).sum(),
    };
    let checks = destination.opening + batches * destination.a_batch + back + again + late;
    let seconds = destination.seconds_a_call.unwrap_or(BATCH_SECONDS);
    let load = Load { calls: batches + checks, seconds_a_call: seconds, at_once: BATCHES_AT_ONCE };
    let one = cost(&load, destination.protected.then_some(&DATAVERSE_LIMITS));
    Cost { calls: one.calls + looks, ..one }
}

/// What a pull of so many records would cost: its pages, one after the other, and what is asked before them.
pub fn pull_cost(records: u64, page_size: u32, toll: &Toll) -> Cost {
    let description = if toll.described { 0 } else { toll.description };
    let calls = toll.opening + description + pages(records, page_size);
    let load = Load { calls, seconds_a_call: toll.seconds_a_call.unwrap_or(PAGE_SECONDS), at_once: 1 };
    cost(&load, toll.protected.then_some(&DATAVERSE_LIMITS))
}

/// Pages that so many records come in.
pub fn pages(records: u64, page_size: u32) -> u64 {
    records.div_ceil(u64::from(page_size.max(1))).max(1)
}

/// What a whole piece of work takes, judged by what it took so far; no less than that.
pub fn projected(spent: u64, done: u64, total: u64, opening: u64) -> u64 {
    if done == 0 || total == 0 {
        return spent;
    }
    let running = spent.saturating_sub(opening) as f64;
    let left = running / done as f64 * total.saturating_sub(done) as f64;
    spent + left.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load(calls: u64, seconds_a_call: f64, at_once: u64) -> Load {
        Load { calls, seconds_a_call, at_once }
    }

    #[test]
    fn shares_and_pauses() {
        let limits = Some(&DATAVERSE_LIMITS);
        let small = cost(&load(60, 0.5, 2), limits);
        assert_eq!((small.seconds, small.share_of_requests), (15.0, 0.01));
        assert_eq!(small.share_of_time, 0.025);
        let long = cost(&load(6000, 1.0, 4), limits);
        assert_eq!(long.seconds, 1500.0);
        assert_eq!((long.share_of_requests, long.share_of_time), (0.2, 1.0));
        let too_much = cost(&load(18_000, 0.05, 8), limits);
        assert!(too_much.share_of_requests > 1.0, "{too_much:?}");
        assert_eq!(too_much.seconds, 600.0, "two windows must pass before the last requests may be sent");
        assert_eq!(cost(&load(10, 1.0, 1), None).share_of_requests, 0.0);
    }

    #[test]
    fn calls_are_counted() {
        let (source, destination) = (
            Toll { opening: 9, ids_a_request: 100, description: 2, protected: true, ..Toll::default() },
            Toll { opening: 4, a_batch: 1, protected: true, ..Toll::default() },
        );
        let detail = PlanDetail {
            requests: 3,
            lanes: [(0, (50, 500)), (1, (200, 500))].into(),
            ..PlanDetail::default()
        };
        assert_eq!(run_cost(&detail, true, &(source, destination)).calls, 4 + 3 * 2 + 1 + 3);
        let unkeyed = PlanDetail { unkeyed_creates: 200, ..detail.clone() };
        let by_columns = Toll { keys_a_request: 40, ..destination };
        assert_eq!(run_cost(&unkeyed, true, &(source, by_columns)).calls, 14 + 5);
        assert_eq!(run_cost(&detail, true, &(source, by_columns)).calls, 14);
        let late = PlanDetail { late_finds: [(1, 90), (3, 1)].into(), ..detail.clone() };
        assert_eq!(run_cost(&late, true, &(source, by_columns)).calls, 14 + 3 + 1);
        assert_eq!(run_cost(&PlanDetail::default(), true, &(source, destination)), Cost::default());
        assert_eq!(pull_cost(1_000, 250, &source).calls, 15);
        assert_eq!(pull_cost(1_000, 250, &Toll { described: true, ..source }).calls, 13);
        assert_eq!((pages(0, 500), pages(500, 500), pages(501, 500)), (1, 1, 2));
        assert_eq!(projected(15, 50, 100, 5), 25);
        assert_eq!(projected(15, 0, 100, 5), 15);
    }

    proptest! {
        #[test]
        fn more_work_never_costs_less(
            calls in 0u64..100_000, more in 0u64..1000, seconds in 0.0f64..30.0, at_once in 0u64..50
        ) {
            let limits = Some(&DATAVERSE_LIMITS);
            let (one, other) =
                (cost(&load(calls, seconds, at_once), limits), cost(&load(calls + more, seconds, at_once), limits));
            prop_assert!(other.seconds >= one.seconds - 1e-6);
            prop_assert!(one.seconds.is_finite() && one.share_of_requests >= 0.0 && one.share_of_time >= 0.0);
        }

        #[test]
        fn a_projection_holds_what_was_spent(spent in 0u64..10_000, done in 0u64..1000, total in 0u64..1000, opening in 0u64..20) {
            prop_assert!(projected(spent, done, total, opening) >= spent);
        }
    }
}
