//! What a pull would cost, without beginning it: the way it would take, the records on that way, pages and requests.

use serde::{Deserialize, Serialize};
use syncline_connect::Source;
use syncline_model::SynclineError;
use syncline_store::Store;

use crate::cost::{Cost, pull_cost};
use crate::progress::Work;
use crate::pull::{PullRequest, prepared, pull_ask};
use crate::pull_way::PullWay;

/// An estimate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullEstimate {
    /// Records that would be read; `None`: nobody can tell before, as with change tracking. The cost is then the least.
    pub records: Option<u64>,
    /// The number is a count, not a guess.
    pub exact: bool,
    /// Records a page.
    pub page_size: u32,
    /// How it would be read.
    pub way: PullWay,
    /// The cost.
    pub cost: Cost,
}

/// Estimates. Asks the service how many records there are, and nothing else.
pub async fn estimate_pull(
    store: &Store,
    source: &dyn Source,
    request: &PullRequest,
    work: &Work,
) -> Result<PullEstimate, SynclineError> {
    // Before anything is asked: what is asked here is known to the pull.
    let toll = source.toll(&request.schema.summary.logical_name);
    let ask = pull_ask(source, request);
    let (planned, _) = prepared(store, request, &ask, work).await?;
    let count = match planned.way {
        PullWay::Changes => None,
        PullWay::Everything | PullWay::Baseline | PullWay::Since | PullWay::LookBack | PullWay::Members => {
            source.count(&planned.selection, &work.cancel).await.ok()
        }
    };
    let records = count.as_ref().map(|count| count.value);
    let page_size = planned.selection.page_size;
    Ok(PullEstimate {
        records,
        exact: count.is_some_and(|count| count.exact),
        page_size,
        way: planned.way,
        cost: pull_cost(records.unwrap_or(0), page_size, &toll),
    })
}
