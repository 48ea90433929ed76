//! The one command of the page. All names but the five below go to the application beneath.
//!
//! | name | request | response |
//! |---|---|---|
//! | `app.startup` | `{}` | `Startup`: `{ phase: "opening" \| "ready" \| "failed", error, sample, version }`, at once |
//! | `app.retry` | `{}` | `Startup`, after one more try to open |
//! | `app.open_url` | `{ url }` | `{}`, when the system browser was asked to open it |
//! | `app.notify` | `{ title, body }` | `{}`; shown by the operating system unless the window has the focus |
//! | `app.take_links` | `{}` | the links that wait to be opened, each given once |
//!
//! Every other name waits while the store is being opened, and fails with the reason when it could not be.

use serde_json::{Value, json};
use syncline_api::ApiError;
use syncline_model::ErrorCode;
use tauri::ipc::Response;
use tauri::{AppHandle, State};

use crate::shell::Shell;
use crate::{browser, notify};

/// Hands a request to the application and its answer, or error, to the page.
#[tauri::command]
pub(crate) async fn rpc(
    app: AppHandle,
    shell: State<'_, Shell>,
    name: String,
    request: Value,
) -> Result<Response, ApiError> {
    match name.as_str() {
        "app.startup" => Ok(answer(&json!(shell.startup()))),
        "app.retry" => Ok(answer(&json!(shell.retry(app).await))),
        "app.open_url" => {
            browser::open(&app, text(&request, "url")).map(|()| answer(&json!({}))).map_err(|message| {
                ApiError::new(ErrorCode::Internal, message)
                    .hint("copy the address and open it in a browser by hand")
            })
        }
        "app.notify" => {
            notify::tell(&app, text(&request, "title"), text(&request, "body"));
            Ok(answer(&json!({})))
        }
        "app.take_links" => Ok(answer(&json!(shell.links().take()))),
        name => shell.api().await?.rpc_text(name, request).await.map(Response::new),
    }
}

/// JSON text goes to the page as it is, numbers digit for digit.
fn answer(value: &Value) -> Response {
    Response::new(value.to_string())
}

fn text<'a>(request: &'a Value, name: &str) -> &'a str {
    request.get(name).and_then(Value::as_str).unwrap_or_default()
}
