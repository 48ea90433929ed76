//! What every verb needs: the application, opened when first used, and how to answer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use syncline_api::{ApiError, App, AppConfig, VaultChoice};
use syncline_model::{ErrorCode, Secret};
use tokio::sync::OnceCell;

use crate::arguments::Arguments;

/// Home, vault and the way of answering.
pub(crate) struct Context {
    home: Option<PathBuf>,
    vault: VaultChoice,
    /// JSON on standard output.
    pub(crate) json: bool,
    app: OnceCell<Arc<App>>,
}

impl Context {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        Self {
            home: arguments.home.clone(),
            vault: arguments.vault,
            json: arguments.json,
            app: OnceCell::new(),
        }
    }

    /// The application; opens store and vault at the first call.
    pub(crate) async fn app(&self) -> Result<&Arc<App>, ApiError> {
        self.app.get_or_try_init(|| App::open(AppConfig::new(self.home.clone(), self.vault))).await
    }

    /// Writes what was asked and answered so far, oldest first; nothing where the application was not opened.
    pub(crate) async fn write_requests(&self, path: &std::path::Path) -> Result<(), ApiError> {
        if self.app.get().is_none() {
            return Ok(());
        }
        let mut seen: Vec<serde_json::Value> = self.call("requests.list", &serde_json::json!({})).await?;
        seen.reverse();
        let text: String = seen.iter().map(|one| format!("{one}\n")).collect();
        std::fs::write(path, text)
            .map_err(|error| ApiError::new(ErrorCode::File, format!("{}: {error}", path.display())))
    }

    /// Calls a command of the list.
    pub(crate) async fn call<Request: Serialize, Response: DeserializeOwned>(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Response, ApiError> {
        let request = serde_json::to_value(request)
            .map_err(|error| ApiError::new(ErrorCode::Usage, error.to_string()))?;
        let response = self.app().await?.rpc_text(name, request).await?;
        serde_json::from_str(&response).map_err(|error| {
            ApiError::new(
                ErrorCode::Internal,
                format!("the answer of {name} has an unexpected shape: {error}"),
            )
        })
    }

    /// Calls a command and gives its answer as it is.
    pub(crate) async fn raw<Request: Serialize>(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<serde_json::Value, ApiError> {
        self.call(name, request).await
    }
}

/// Reads a secret from standard input (its first line), or asks for it without showing it.
pub(crate) fn read_secret(from_stdin: bool, prompt: &str) -> Result<Secret, ApiError> {
    let fault = |error: std::io::Error| {
        ApiError::new(ErrorCode::Usage, format!("the secret can't be read: {error}"))
            .hint("give it on standard input with --secret-stdin")
    };
    let text = if from_stdin {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(fault)?;
        text
    } else {
        rpassword::prompt_password(prompt).map_err(fault)?
    };
    let secret = text.trim_end_matches(['\r', '\n']).to_owned();
    if secret.is_empty() {
        return Err(ApiError::new(ErrorCode::Usage, "the secret is empty")
            .hint("write it on standard input: … --secret-stdin < file"));
    }
    Ok(Secret::new(secret))
}

/// Asks for a secret that need not be there, at the terminal.
pub(crate) fn read_optional_secret(prompt: &str) -> Result<Option<Secret>, ApiError> {
    let text = rpassword::prompt_password(prompt).map_err(|error| {
        ApiError::new(ErrorCode::Usage, format!("the secret can't be read: {error}"))
            .hint("give it on standard input with --secret-stdin")
    })?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(Secret::new))
}

/// Reads a text file that was named on the command line; `-` is standard input.
pub(crate) fn read_file(path: &std::path::Path) -> Result<String, ApiError> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        return std::io::stdin().read_to_string(&mut text).map(|_| text).map_err(|error| {
            ApiError::new(ErrorCode::Usage, format!("standard input can't be read: {error}"))
        });
    }
    std::fs::read_to_string(path).map_err(|error| {
        ApiError::new(ErrorCode::Usage, format!("{}: {error}", path.display()))
            .hint("check the path; the file must be UTF-8 text")
    })
}
