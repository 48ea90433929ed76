//! Exit codes, in one table.

use syncline_api::ApiError;
use syncline_model::ErrorCode;

/// Done.
pub(crate) const DONE: u8 = 0;
/// Failed.
pub(crate) const FAILED: u8 = 1;
/// Wrong usage, unreadable or invalid definition.
pub(crate) const USAGE: u8 = 2;
/// Sign-in needed or refused.
pub(crate) const SIGN_IN: u8 = 3;
/// Done, but records were rejected or failed.
pub(crate) const PARTIAL: u8 = 4;
/// A guard refused.
pub(crate) const GUARD: u8 = 5;
/// Throttled or unreachable beyond the retries.
pub(crate) const UNREACHABLE: u8 = 6;
/// Interrupted; can be resumed.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code of a failure.
pub(crate) fn code_of(error: &ApiError) -> u8 {
    match error.code {
        ErrorCode::Usage | ErrorCode::DefinitionInvalid | ErrorCode::QueryInvalid => USAGE,
        ErrorCode::SignInNeeded | ErrorCode::SignInRefused | ErrorCode::SignInCancelled => SIGN_IN,
        ErrorCode::ReadOnly
        | ErrorCode::ConfirmationNeeded
        | ErrorCode::IdentityChanged
        | ErrorCode::GuardRefused => GUARD,
        ErrorCode::Throttled | ErrorCode::Unreachable => UNREACHABLE,
        ErrorCode::Cancelled => INTERRUPTED,
        ErrorCode::NotFound
        | ErrorCode::AlreadyExists
        | ErrorCode::PrivilegeMissing
        | ErrorCode::UnexpectedReply
        | ErrorCode::ServiceRefused
        | ErrorCode::KeychainUnavailable
        | ErrorCode::StoreKeyWrong
        | ErrorCode::StoreNewer
        | ErrorCode::StoreCorrupt
        | ErrorCode::DiskFull
        | ErrorCode::Busy
        | ErrorCode::File
        | ErrorCode::Internal => FAILED,
    }
}

/// The exit code of a run by its status.
pub(crate) fn code_of_run(status: &str) -> u8 {
    match status {
        "succeeded" => DONE,
        // A run that was refused for every record is done all the same; one that broke off has an error of its own.
        "partial" | "failed" => PARTIAL,
        "cancelled" | "interrupted" => INTERRUPTED,
        _ => FAILED,
    }
}

/// Wrong usage, or help that was asked for. With `--json` the error is JSON too.
pub(crate) fn usage(error: &clap::Error) -> std::process::ExitCode {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Nothing can be done about an output that is closed.
        let _ = error.print();
        return std::process::ExitCode::SUCCESS;
    }
    if std::env::args().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let told = |line: &str| {
            let line = line.trim();
            (line.starts_with("tip:") || line.starts_with("[possible values:")).then(|| line.to_owned())
        };
        let hint =
            text.lines().find_map(told).unwrap_or_else(|| "syncline --help lists the verbs".to_owned());
        let problem = ApiError::new(ErrorCode::Usage, message).hint(hint);
        crate::output::failure(&problem, true);
    } else {
        let _ = error.print();
    }
    std::process::ExitCode::from(USAGE)
}
