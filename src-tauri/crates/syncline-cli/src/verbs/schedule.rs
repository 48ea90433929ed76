//! `syncline sync schedule`: when a definition runs by itself, and the same for the machine's own schedulers.

use clap::Args;
use std::path::{Path, PathBuf};
use syncline_api::ApiError;
use syncline_api::wire::{DefinitionView, ScheduleTexts, ScheduleTimes};
use syncline_model::{ErrorCode, ScheduleSection, SyncDefinition};

use crate::context::{Context, read_file};
use crate::{exit, output};

#[derive(Args)]
pub(crate) struct Schedule {
    /// Definition file
    file: PathBuf,
    /// A systemd service and timer
    #[arg(long, group = "form")]
    systemd: bool,
    /// A line for crontab
    #[arg(long, group = "form")]
    cron: bool,
    /// A task for Windows' Task Scheduler
    #[arg(long, group = "form")]
    windows: bool,
    /// A workflow for GitHub Actions
    #[arg(long, group = "form")]
    ci: bool,
    /// Write the files into this folder
    #[arg(long, value_name = "DIR", requires = "form")]
    out: Option<PathBuf>,
}

fn section(text: &str, name: &str) -> Result<ScheduleSection, ApiError> {
    let definition = SyncDefinition::from_json(text).map_err(|problems| {
        let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        ApiError::new(ErrorCode::DefinitionInvalid, format!("the definition can't be read: {first}"))
            .hint("syncline sync check FILE tells every problem with its place")
    })?;
    definition.schedule.ok_or_else(|| {
        ApiError::new(ErrorCode::DefinitionInvalid, format!("{name} has no schedule"))
            .hint(r#"add to the definition: "schedule": { "cron": "0 * * * *" }"#)
    })
}

/// An error unless the definition has a schedule that is not paused.
pub(crate) async fn guard(
    file: Option<&Path>,
    name: Option<&str>,
    context: &Context,
) -> Result<(), ApiError> {
    let (shown, text) = match (file, name) {
        (Some(file), _) => (file.display().to_string(), read_file(file)?),
        (None, Some(name)) => {
            let view: DefinitionView =
                context.call("definitions.get", &serde_json::json!({ "name": name })).await?;
            (name.to_owned(), view.definition.to_json())
        }
        (None, None) => return Err(ApiError::new(ErrorCode::Usage, "name a definition file or --name NAME")),
    };
    if section(&text, &shown)?.paused {
        return Err(ApiError::new(ErrorCode::GuardRefused, format!("the schedule of {shown} is paused"))
            .hint("resume it, or run without --scheduled"));
    }
    Ok(())
}

pub(crate) async fn run(arguments: Schedule, context: &Context) -> Result<u8, ApiError> {
    let text = read_file(&arguments.file)?;
    let schedule = section(&text, &arguments.file.display().to_string())?;
    let times: ScheduleTimes =
        context.call("schedules.times", &serde_json::json!({ "cron": schedule.cron })).await?;
    if let Some(problem) = times.problem.as_ref().filter(|_| times.words.is_none()) {
        return Err(ApiError::new(ErrorCode::DefinitionInvalid, problem.clone())
            .hint("minute hour day month weekday in UTC, such as 0 * * * * for every hour"));
    }
    let form = [
        (arguments.systemd, "systemd"),
        (arguments.cron, "cron"),
        (arguments.windows, "windows"),
        (arguments.ci, "ci"),
    ]
    .into_iter()
    .find_map(|(asked, form)| asked.then_some(form));
    let Some(form) = form else {
        if context.json {
            output::json(&serde_json::json!({
                "cron": schedule.cron, "paused": schedule.paused, "words": times.words, "next": times.next,
            }));
        } else {
            let paused = if schedule.paused { " (paused)" } else { "" };
            output::line(&format!("{}: {}{paused}", schedule.cron, times.words.unwrap_or_default()));
            for time in &times.next {
                output::line(&format!("  {}  ({})", time.local, time.utc));
            }
        }
        return Ok(exit::DONE);
    };
    let file = std::path::absolute(&arguments.file).unwrap_or_else(|_| arguments.file.clone());
    let program = std::env::current_exe().ok().map(|path| path.display().to_string());
    let request = serde_json::json!({ "json": text, "file": file, "program": program });
    let all: Vec<ScheduleTexts> = context.call("schedules.texts", &request).await?;
    let Some(found) = all.into_iter().find(|one| one.form == form) else {
        return Err(ApiError::new(ErrorCode::Internal, format!("there is no form {form}")));
    };
    if let Some(problem) = &found.problem {
        return Err(
            ApiError::new(ErrorCode::Usage, problem.clone()).hint("use the cron line, or another schedule")
        );
    }
    if let Some(folder) = &arguments.out {
        for one in &found.files {
            let path = folder.join(&one.name);
            std::fs::write(&path, &one.text).map_err(|error| {
                ApiError::new(ErrorCode::File, format!("{}: {error}", path.display()))
                    .hint("choose a folder that you may write to")
            })?;
        }
    }
    if context.json {
        output::json(&found);
    } else {
        for one in &found.files {
            output::line(&format!("# {}", one.name));
            output::line(one.text.trim_end());
            output::line("");
        }
        output::line(&format!("# {}", found.note));
    }
    Ok(exit::DONE)
}
