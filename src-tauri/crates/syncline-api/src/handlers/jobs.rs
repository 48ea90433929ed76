//! `jobs.*`.

use std::sync::Arc;

use crate::app::App;
use crate::wire::{ApiError, Empty, JobRef, JobView};

pub(crate) async fn list(app: &Arc<App>, _: Empty) -> Result<Vec<JobView>, ApiError> {
    Ok(app.jobs().list())
}

pub(crate) async fn get(app: &Arc<App>, request: JobRef) -> Result<JobView, ApiError> {
    app.jobs().get(&request.job)
}

pub(crate) async fn cancel(app: &Arc<App>, request: JobRef) -> Result<JobView, ApiError> {
    app.jobs().cancel(&request.job)
}
