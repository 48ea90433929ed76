//! `cache.cost`, `connections.budget`: what work costs before it begins, and what is left of a service's limits.

use std::sync::Arc;
use syncline_http::Tally;
use syncline_sync::{Cost, Work, estimate_pull};
use tokio_util::sync::CancellationToken;

use super::pulls::{Opened, asked, check};
use crate::app::App;
use crate::wire::{ApiError, Budget, ConnectionRef, CostView, PullCost, PullStart};

pub(crate) fn view(cost: &Cost) -> CostView {
    CostView {
        calls: cost.calls,
        seconds: cost.seconds,
        share_of_requests: cost.share_of_requests,
        share_of_time: cost.share_of_time,
    }
}

pub(crate) async fn pull(app: &Arc<App>, request: PullStart) -> Result<PullCost, ApiError> {
    let connection = app.connection(&request.connection).await?;
    check(&request.item)?;
    let link = app.link(&connection).await?;
    let source = link.source(connection.name.as_str())?;
    let cancel = CancellationToken::new();
    let version = app.schema_version(&connection).await;
    let at = Opened { link, version };
    let asked = asked(app, &connection, &at, request.item, &cancel).await?;
    let work = Work {
        clock: Arc::new(jiff::Timestamp::now),
        progress: Arc::new(|_, _, _| ()),
        calls: Arc::new(|_, _| ()),
        tally: Tally::default(),
        cancel,
    };
    let estimate = estimate_pull(&app.store, source.as_ref(), &asked.request, &work).await?;
    let mut cost = view(&estimate.cost);
    cost.calls += super::learn::requests(app, &connection, &at.link).await;
    Ok(PullCost {
        entity: asked.entity.to_string(),
        records: estimate.records,
        exact: estimate.exact,
        page_size: estimate.page_size,
        way: estimate.way.as_str().to_owned(),
        cost,
    })
}

pub(crate) async fn budget(app: &Arc<App>, request: ConnectionRef) -> Result<Budget, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let state = app.gate(&connection.url).state();
    Ok(Budget {
        sent: state.requests_sent,
        remaining: state.remaining_requests.and_then(|left| u64::try_from(left).ok()),
        remaining_seconds: state.remaining_time_ms.map(|left| left.max(0) as f64 / 1000.0),
        throttled: state.pauses,
        recommended: state.recommended_parallel,
        paused_until: state.paused_until.map(|until| until.to_string()),
    })
}
