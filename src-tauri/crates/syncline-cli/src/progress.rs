//! A job in a terminal: a bar on a terminal, quiet elsewhere; Ctrl-C asks the job to stop at its next safe border.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use syncline_api::wire::{Event, JobState, JobView};
use syncline_api::{ApiError, App};
use syncline_model::ErrorCode;

/// Waits for a job, showing how far it is. The result of a job that ended well or was stopped; the error of one that failed.
pub(crate) async fn watch(app: &Arc<App>, job: &str) -> Result<JobView, ApiError> {
    follow(app, job, false).await
}

/// The same; with `lines` each event is a JSON line on standard output.
pub(crate) async fn follow(app: &Arc<App>, job: &str, lines: bool) -> Result<JobView, ApiError> {
    let bar = ProgressBar::with_draw_target(None, target());
    let mut events = app.events();
    let mut asked = 0;
    let view = loop {
        tokio::select! {
            view = app.jobs().wait(job) => break view?,
            event = events.recv() => {
                if let Ok(Event::Job { job: view }) = event && view.id == job {
                    if lines {
                        tell(&view);
                    } else {
                        show(&bar, &view);
                    }
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

/// One event: where the job is. Its result is printed at its end, by whoever asked for it.
fn tell(view: &JobView) {
    if view.finished_at.is_some() {
        return;
    }
    crate::output::json(&serde_json::json!({
        "event": "progress", "job": view.id, "kind": view.kind, "stage": view.stage, "done": view.done, "total": view.total,
        "rate": view.rate, "seconds_left": view.seconds_left, "calls": view.calls, "seconds": view.seconds,
    }));
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
    bar.set_message(words(view));
}

/// What stands beside the bar.
fn words(view: &JobView) -> String {
    let mut text = format!("{}: {}", view.title, view.stage);
    if let Some(calls) = view.calls {
        match calls.expected {
            Some(all) => text.push_str(&format!(", request {} of about {all}", calls.spent)),
            None if calls.spent == 1 => text.push_str(", 1 request"),
            None => text.push_str(&format!(", {} requests", calls.spent)),
        }
    }
    if let Some(rate) = view.rate {
        text.push_str(&format!(", {rate:.0}/s"));
    }
    if let Some(left) = view.seconds_left {
        text.push_str(&format!(", {left:.0} s left"));
    }
    text
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::words;
    use syncline_api::wire::{JobCalls, JobKind, JobState, JobView};

    fn job(calls: Option<JobCalls>) -> JobView {
        JobView {
            id: "1".into(),
            kind: JobKind::Pull,
            connection: None,
            title: "pulling contact".into(),
            state: JobState::Running,
            stage: "reading".into(),
            done: 5_000,
            total: Some(20_000),
            rate: Some(2_500.0),
            seconds_left: Some(6.0),
            calls,
            seconds: 2.0,
            started_at: String::new(),
            finished_at: None,
            error: None,
            result: serde_json::Value::Null,
            number: 1,
        }
    }

    #[test]
    fn requests_stand_beside_what_is_expected() {
        let about = Some(JobCalls { spent: 12, expected: Some(40) });
        assert_eq!(words(&job(about)), "pulling contact: reading, request 12 of about 40, 2500/s, 6 s left");
        let unknown = Some(JobCalls { spent: 12, expected: None });
        assert_eq!(words(&job(unknown)), "pulling contact: reading, 12 requests, 2500/s, 6 s left");
        assert_eq!(words(&job(None)), "pulling contact: reading, 2500/s, 6 s left");
    }
}
