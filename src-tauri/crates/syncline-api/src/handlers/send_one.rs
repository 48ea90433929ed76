//! `plans.send_one`: one row of a plan through the whole path, and how a request looks outside of Syncline.

use std::sync::Arc;
use syncline_model::{Connection, ErrorCode, System};
use syncline_store::{PlanRowFilter, PlanStatus};
use syncline_sync::PlanDetail;

use super::{plans, runs, sign_off, syncs, two_way};
use crate::app::App;
use crate::wire::{ApiError, JobKind, JobStarted, PreviewStart, RequestView, SendOne, Tag};

pub(crate) async fn start(app: &Arc<App>, request: SendOne) -> Result<JobStarted, ApiError> {
    let whole = plans::find(app, &request.plan).await?;
    if whole.status == PlanStatus::Run {
        return Err(ApiError::new(ErrorCode::GuardRefused, "this plan was run; it stays as it was run")
            .hint("make a new preview"));
    }
    let planned: PlanDetail = serde_json::from_value(whole.detail.clone()).unwrap_or_default();
    if planned.undo_of.is_some() {
        return Err(ApiError::new(ErrorCode::GuardRefused, "an undo is run whole, less what is held back")
            .hint("hold the other rows back and run it"));
    }
    let definition = syncs::read(&whole.definition_json)?;
    let (id, ordinal) = (whole.id, u32::try_from(request.ordinal).unwrap_or(u32::MAX));
    let row = app.with_store(move |store| store.plan_row(id, ordinal)).await?.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("the plan has no row {}", request.ordinal))
    })?;
    // Asked before anything is begun: on production the person says 1.
    let ready = runs::prepare(app, &whole).await?;
    app.guard_write(&ready.destination, 1, request.expect)?;
    let root = Arc::clone(app);
    let title = format!("sending one record of {}", definition.name);
    let stale = vec![Tag::Runs, Tag::Plans, Tag::Definitions];
    let destination = Some(ready.destination.name.to_string());
    let job = app.jobs().start(JobKind::Run, title, destination, stale, move |handle| async move {
        let _turn = runs::turn(&root, &definition.name)?;
        let one = PreviewStart { source_id: Some(row.source_id.clone()), ..PreviewStart::default() };
        let plan = plans::make(&root, &definition, &one, &handle).await?;
        let plan = plans::find(&root, &plan.plan_id).await?;
        if two_way::part(&plan).is_some() {
            two_way::guard(&root, &plan, None).await?;
            let report = two_way::run(&root, plan, two_way::How::default(), &handle).await?;
            return serde_json::to_value(report)
                .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()));
        }
        let ready = runs::prepare(&root, &plan).await?;
        if ready.writes > 1 {
            return Err(ApiError::new(
                ErrorCode::GuardRefused,
                format!("{} records have the id {}", ready.writes, row.source_id),
            ));
        }
        runs::tell_plans(&handle, &plan);
        let report = runs::execute(&root, plan, definition, ready, runs::Asked::default(), &handle).await?;
        if report.run.created + report.run.updated + report.run.deleted == 1 {
            let signed = sign_off::signed(&whole);
            root.with_store(move |store| {
                // It has gone: the plan's run must not send it, and its events, a second time.
                let changed =
                    store.exclude_plan_rows(id, Some(&[ordinal]), &PlanRowFilter::default(), true)?;
                match signed {
                    Some(signed) if changed > 0 => {
                        store.sign_plan(id, &syncline_store::SignOff { changed: true, ..signed })
                    }
                    Some(_) | None => Ok(()),
                }
            })
            .await?;
        }
        serde_json::to_value(report).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    });
    Ok(JobStarted { job })
}

/// A request as a command line for curl. Credentials are variables of the shell. Absent for files and databases.
pub(super) fn curl(request: &RequestView, connection: &Connection) -> Option<String> {
    let root = connection.url.trim_end_matches('/');
    let (url, body, mut headers) = match connection.system {
        System::Dataverse => {
            let version = connection.api_version.as_deref().unwrap_or("v9.2");
            let headers = vec!["Authorization: Bearer $TOKEN".to_owned(), "OData-Version: 4.0".to_owned()];
            (format!("{root}/api/data/{version}{}", request.path), request.body.clone(), headers)
        }
        System::Insider => {
            let partner = connection.options.get("partner").cloned().unwrap_or_default();
            let headers = vec![format!("X-PARTNER-NAME: {partner}"), "X-REQUEST-TOKEN: $TOKEN".to_owned()];
            // A row is one user of a request.
            (format!("{root}{}", request.path), format!("{{\"users\":[{}]}}", request.body), headers)
        }
        System::Csv | System::Jsonl | System::Postgres | System::Sqlite => return None,
    };
    headers.push("Content-Type: application/json".to_owned());
    // What only tells the sending side something is not a header on the wire.
    let sent = request.headers.iter().filter(|(name, _)| name.as_str() != "events");
    headers.extend(sent.map(|(name, value)| format!("{name}: {value}")));
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let header = |text: &String| match text.strip_suffix("$TOKEN") {
        // The shell puts the token in; single quotes would keep it from doing so.
        Some(before) => format!("-H {}\"$TOKEN\"", quoted(before)),
        None => format!("-H {}", quoted(text)),
    };
    let headers = headers.iter().map(header).collect::<Vec<_>>().join(" \\\n  ");
    Some(format!(
        "curl -X {} {} \\\n  {headers} \\\n  --data-raw {}",
        request.method,
        quoted(&url),
        quoted(&body)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_command_line_holds_no_secret_and_survives_quotes() {
        let json = serde_json::json!({
            "id": uuid::Uuid::nil(), "name": "c", "system": "dataverse", "url": "https://c.crm.dynamics.com", "auth": "client-credentials",
            "authority": "https://login.microsoftonline.com", "kind": "sandbox", "writable": false, "status": "verified", "options": {},
        });
        let connection: Connection = serde_json::from_value(json).unwrap();
        let request = RequestView {
            method: "PATCH".into(),
            path: "/contacts(1)".into(),
            headers: BTreeMap::from([("If-Match".to_owned(), "W/\"1\"".to_owned())]),
            body: r#"{"lastname":"O'Neil"}"#.into(),
        };
        let line = curl(&request, &connection).unwrap();
        assert!(
            line.starts_with("curl -X PATCH 'https://c.crm.dynamics.com/api/data/v9.2/contacts(1)'"),
            "{line}"
        );
        assert!(line.contains(r#"-H 'Authorization: Bearer '"$TOKEN""#), "{line}");
        assert!(line.contains(r#"--data-raw '{"lastname":"O'\''Neil"}'"#), "{line}");
    }
}
