//! `app.*`, `settings.*`, `state.*`: what the application is, what it obeys, what it remembers.

use std::sync::Arc;
use syncline_model::ErrorCode;
use syncline_store::Store;

use crate::app::App;
use crate::wire::{About, ApiError, Empty, KeyRef, KeyedValue, Settings};

pub(super) const SETTINGS: &str = "settings";
/// Longest kept value, in bytes of JSON.
const LONGEST: usize = 1024 * 1024;

pub(crate) async fn about(app: &Arc<App>, _: Empty) -> Result<About, ApiError> {
    let connections = app.with_store(Store::connections).await?;
    Ok(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        home: app.home.display().to_string(),
        store_bytes: app.store.size(),
        vault: app.vault_choice.as_str().to_owned(),
        platform: std::env::consts::OS.to_owned(),
        first_run: connections.is_empty(),
    })
}

pub(crate) async fn stored_settings(app: &Arc<App>) -> Result<Settings, ApiError> {
    let kept = app.with_store(|store| store.kept(SETTINGS)).await?;
    let defaults = Settings { theme: "system".to_owned(), notifications: true, ..Settings::default() };
    Ok(kept.and_then(|value| serde_json::from_value(value).ok()).unwrap_or(defaults))
}

pub(crate) async fn settings(app: &Arc<App>, _: Empty) -> Result<Settings, ApiError> {
    stored_settings(app).await
}

pub(crate) async fn set_settings(app: &Arc<App>, request: Settings) -> Result<Settings, ApiError> {
    if !matches!(request.theme.as_str(), "system" | "light" | "dark") {
        return Err(ApiError::new(ErrorCode::Usage, format!("not a theme: {}", request.theme))
            .hint("use system, light or dark"));
    }
    super::run_guards::check(&request.limits)?;
    app.use_network(&request)?;
    // Links hold the client of before.
    app.links.lock().await.clear();
    keep(app, SETTINGS, serde_json::to_value(&request).unwrap_or_default()).await?;
    Ok(request)
}

pub(crate) async fn keep(app: &Arc<App>, key: &str, value: serde_json::Value) -> Result<(), ApiError> {
    let key = key.to_owned();
    app.with_store(move |store| {
        if value.is_null() {
            return store.drop_kept(&key).map(|_| ());
        }
        store.keep(&key, None, &value, jiff::Timestamp::now())
    })
    .await
}

pub(crate) async fn state_get(app: &Arc<App>, request: KeyRef) -> Result<KeyedValue, ApiError> {
    let key = request.key.clone();
    let value = app.with_store(move |store| store.kept(&format!("state/{key}"))).await?;
    Ok(KeyedValue { key: request.key, value: value.unwrap_or_default() })
}

pub(crate) async fn state_set(app: &Arc<App>, request: KeyedValue) -> Result<Empty, ApiError> {
    if request.value.to_string().len() > LONGEST {
        return Err(ApiError::new(ErrorCode::Usage, format!("{} is too large to be kept", request.key)));
    }
    keep(app, &format!("state/{}", request.key), request.value).await?;
    Ok(Empty {})
}
