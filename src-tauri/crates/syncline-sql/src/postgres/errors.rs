//! What the server says, in plain words and with its own code (PostgreSQL, Error Codes).

use syncline_model::{ErrorCode, SynclineError};
use tokio_postgres::error::DbError;

use super::session::Sessions;
use crate::address::SslMode;
use crate::statement::Doing;
use crate::table::Table;

/// What a refused row is told: the plain sentence, then the server's own.
pub(super) fn sentence(error: &DbError, table: Option<&Table>) -> String {
    let constraint = error.constraint().unwrap_or("a rule");
    let columns = |key: &str| {
        table
            .and_then(|table| table.schema.keys.iter().find(|found| found.name == key))
            .map(|key| key.columns.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", "))
    };
    let plain = match error.code().code() {
        "23505" => Some(match columns(constraint) {
            Some(columns) => {
                format!("{columns}: another row has this value already (unique key {constraint})")
            }
            None => format!("another row has this value already (unique key {constraint})"),
        }),
        "23502" => error.column().map(|column| format!("{column} can't be empty (NOT NULL)")),
        "23503" => Some(format!(
            "a row that is pointed at is not there, or is still pointed at (foreign key {constraint})"
        )),
        "23514" => Some(format!("a value breaks the rule {constraint}")),
        "23P01" => Some(format!("the row overlaps another one (exclusion {constraint})")),
        "22001" => Some("a text is too long for its column".to_owned()),
        "22003" => Some("a number is too large for its column".to_owned()),
        "22P02" | "22007" | "22008" => Some("a value is none of its column's type".to_owned()),
        "428C9" => Some("a column is computed by the database and can't be set".to_owned()),
        "55P03" => Some("another session holds the row; it was waited for 30 s".to_owned()),
        "P0001" => Some("a trigger of the database refused the row".to_owned()),
        _ => None,
    };
    let mut text = match plain {
        Some(plain) => format!("{plain}: {}", error.message()),
        None => error.message().to_owned(),
    };
    if let Some(detail) = error.detail() {
        text.push_str("; ");
        text.push_str(detail);
    }
    text
}

/// An error of a session. `doing`: what was tried on which table.
pub(super) fn of(error: &tokio_postgres::Error, doing: Option<(&Table, Doing)>) -> SynclineError {
    let Some(told) = error.as_db_error() else {
        return SynclineError::new(
            ErrorCode::Unreachable,
            format!("the database could not be talked to: {}", chain(error)),
        )
        .hint("see whether the server runs and can be reached");
    };
    let table = doing.map(|(table, _)| table);
    let code = told.code().code();
    let failure = match code {
        "42501" => {
            let found = SynclineError::new(ErrorCode::PrivilegeMissing, told.message());
            match doing {
                Some((table, doing)) => found
                    .hint(format!("the owner of the table gives the right: {}", table.grant(doing.right()))),
                None => {
                    found.hint("have the right granted by the table's owner: GRANT SELECT ON TABLE … TO …")
                }
            }
        }
        "42P01" | "3F000" => {
            SynclineError::new(ErrorCode::NotFound, told.message()).hint("describe the table again")
        }
        "42703" => SynclineError::new(ErrorCode::QueryInvalid, told.message())
            .hint("the table has changed; describe it again"),
        "25006" => SynclineError::new(
            ErrorCode::ReadOnly,
            "this server takes no writes: it is a standby, or set to read only",
        )
        .hint("connect to the primary server"),
        "53100" => SynclineError::new(ErrorCode::ServiceRefused, "the server's disk is full"),
        "53300" => SynclineError::new(ErrorCode::Throttled, "the server has no session free")
            .hint("try again later, or have the user's limit raised"),
        "57014" => SynclineError::new(
            ErrorCode::ServiceRefused,
            "the server stopped the query: it took longer than it allows",
        ),
        "57P01" | "57P02" | "57P03" => {
            SynclineError::new(ErrorCode::Unreachable, "the server is shutting down or starting")
                .hint("try again in a moment")
        }
        code if code.starts_with("28") || code == "3D000" => signing_in(told),
        _ => SynclineError::new(ErrorCode::ServiceRefused, sentence(told, table)),
    };
    failure.service_code(code).detail(told.to_string())
}

fn signing_in(told: &DbError) -> SynclineError {
    match told.code().code() {
        "28P01" => SynclineError::new(ErrorCode::SignInRefused, "the database refused the password")
            .hint("enter it again: connection set NAME --secret-stdin"),
        "3D000" => SynclineError::new(ErrorCode::NotFound, told.message())
            .hint("the address ends with the database's name; the server has another one"),
        _ => SynclineError::new(ErrorCode::SignInRefused, told.message())
            .hint("the server's pg_hba.conf says who may connect from where, and how"),
    }
}

/// An error while a session is opened.
pub(super) fn connecting(error: &tokio_postgres::Error, sessions: &Sessions) -> SynclineError {
    if error.as_db_error().is_some() {
        return of(error, None);
    }
    let (place, text) = (sessions.place(), chain(error));
    if text.contains("password missing") {
        return SynclineError::new(
            ErrorCode::SignInNeeded,
            "the database asks for a password and none is saved",
        )
        .hint("save it: connection set NAME --secret-stdin");
    }
    let encrypted = sessions.address().ssl == SslMode::VerifyFull;
    let failure = SynclineError::new(
        ErrorCode::Unreachable,
        format!("the database at {place} can't be reached: {text}"),
    );
    if encrypted && (text.contains("certificate") || text.contains("TLS") || text.contains("tls")) {
        return failure.hint("the server must offer TLS with a certificate for the host's name that this computer trusts; for an authority of your own: --option sslrootcert=FILE");
    }
    failure.hint("see whether the server runs and listens there, and whether a firewall or VPN lies between")
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}
