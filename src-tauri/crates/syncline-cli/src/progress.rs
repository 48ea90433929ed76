//! A job in a terminal: a bar on a terminal, quiet elsewhere; Ctrl-C asks the job to stop at its next safe border.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use syncline_api::wire::{Event, JobState, JobView};
use syncline_api::{ApiError, App};
use syncline_model::ErrorCode;

/// Waits for a job, showing how far it is. The result of a job that ended well or was stopped; the error of one that failed.
pub(crate) async fn watch(app: &Arc<App>, job: &str) -> Result<JobView, ApiError> {
    let bar = ProgressBar::with_draw_target(None, target());
    let mut events = app.events();
    let mut asked = 0;
    let view = loop {
        tokio::select! {
            view = app.jobs().wait(job) => break view?,
            event = events.recv() => {
                if let Ok(Event::Job { job: view }) = event && view.id == job {
                    show(&bar, &view);
                }
            }
            signal = tokio::signal::ctrl_c() => {
                asked += 1;
                if signal.is_err() || asked > 1 {
                    std::process::exit(i32::from(crate::exit::INTERRUPTED));
                }
                eprintln!("stopping at the next safe point; press Ctrl-C again to leave at once");
                app.jobs().cancel(job)?;
            }
        }
    };
    bar.finish_and_clear();
    match (&view.state, &view.error) {
        (JobState::Failed, Some(error)) => Err(error.clone()),
        (JobState::Cancelled, error) if view.result.is_null() => {
            let stopped = || {
                ApiError::new(ErrorCode::Cancelled, format!("stopped: {}", view.title))
                    .hint("the same command goes on where it stopped")
            };
            Err(error.clone().unwrap_or_else(stopped))
        }
        _ => Ok(view),
    }
}

fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(8)
    } else {
        ProgressDrawTarget::hidden()
    }
}

fn show(bar: &ProgressBar, view: &JobView) {
    match view.total {
        Some(total) => {
            bar.set_length(total);
            bar.set_style(style("{msg} {wide_bar} {human_pos}/{human_len}"));
        }
        None => bar.set_style(style("{msg} {spinner} {human_pos}")),
    }
    bar.set_position(view.done);
    let mut text = format!("{}: {}", view.title, view.stage);
    if let Some(rate) = view.rate {
        text.push_str(&format!(", {rate:.0}/s"));
    }
    if let Some(left) = view.seconds_left {
        text.push_str(&format!(", {left:.0} s left"));
    }
    bar.set_message(text);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
