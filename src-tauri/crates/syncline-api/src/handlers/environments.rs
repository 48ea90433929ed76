//! `connections.environments`: what a sign-in leads to.

use std::sync::Arc;
use syncline_auth::{default_scopes, understand_address};
use syncline_model::{AuthMethod, ErrorCode};
use syncline_store::Store;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::links::Link;
use crate::wire::{ApiError, ConnectionRef, EnvironmentView};

pub(crate) async fn environments(
    app: &Arc<App>,
    request: ConnectionRef,
) -> Result<Vec<EnvironmentView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let link = app.link(&connection).await?;
    let Link::Dataverse { tokens, .. } = link.as_ref() else {
        return Err(ApiError::new(
            ErrorCode::Usage,
            format!("{} is no Dataverse environment", connection.name),
        ));
    };
    if connection.auth == AuthMethod::ClientCredentials {
        return Err(ApiError::new(ErrorCode::Usage, "an application has no list of environments")
            .hint("sign in as a person, or enter the environment's address"));
    }
    let understood = understand_address(&connection.url)?;
    let own = connection.options.get("discovery").cloned();
    let service = own
        .or_else(|| understood.cloud.discovery(understood.region.as_deref()).map(str::to_owned))
        .ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, "this cloud has no discovery service")
                .hint("enter the environment's address")
        })?;
    let provider = tokens.for_resource(default_scopes(&service, true));
    let found =
        syncline_dataverse::environments(&app.client(), &service, provider, &CancellationToken::new())
            .await?;
    let saved = app.with_store(Store::connections).await?;
    Ok(found
        .into_iter()
        .map(|environment| EnvironmentView {
            connection: saved
                .iter()
                .find(|connection| connection.url == environment.url)
                .map(|connection| connection.name.to_string()),
            name: environment.friendly_name,
            url: environment.url,
            unique_name: environment.unique_name,
            organization_id: Some(environment.organization_id),
            version: environment.version,
            region: environment.region,
            purpose: environment
                .organization_type
                .map(|kind| if kind == 0 { "Production" } else { "Sandbox" }.to_owned()),
        })
        .collect())
}
