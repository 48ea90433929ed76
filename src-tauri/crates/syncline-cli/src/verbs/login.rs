//! `syncline login` and `logout`.

use clap::Args;
use syncline_api::ApiError;
use syncline_api::wire::{ConnectionRef, ConnectionTest, ConnectionView, SignInStarted};

use crate::context::Context;
use crate::{exit, output, progress};

#[derive(Args)]
pub(crate) struct Login {
    /// Connection
    name: String,
    /// Print the address in place of opening the system browser
    #[arg(long)]
    no_browser: bool,
    /// Sign in with a code on another device
    #[arg(long)]
    device_code: bool,
}

#[derive(Args)]
pub(crate) struct Logout {
    /// Connection
    name: String,
}

pub(crate) async fn login(arguments: Login, context: &Context) -> Result<u8, ApiError> {
    let started: SignInStarted = context
        .call(
            "sign_in.start",
            &serde_json::json!({
                "connection": arguments.name, "device_code": arguments.device_code, "open_browser": false,
            }),
        )
        .await?;
    if let (Some(code), Some(address)) = (&started.user_code, &started.verification_uri) {
        if context.json {
            output::json(
                &serde_json::json!({ "user_code": code, "open": address, "expires_at": started.expires_at }),
            );
        } else {
            eprintln!("Open {address} on any device and enter the code {code}");
        }
    } else if let Some(address) = &started.authorize_url {
        if arguments.no_browser {
            output::json(&serde_json::json!({ "open": address }));
        } else if open_browser(address).is_err() {
            eprintln!("No browser could be opened. Open this address yourself: {address}");
        } else {
            output::note(context.json, "Sign in in the browser; this command goes on by itself.");
        }
    }
    let job = progress::watch(context.app().await?, &started.job).await?;
    let test: ConnectionTest = serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(
            syncline_model::ErrorCode::Internal,
            format!("the sign-in ended with an unexpected result: {error}"),
        )
    })?;
    if let Some(error) = test.error {
        return Err(error);
    }
    if context.json || arguments.no_browser {
        output::json(&serde_json::json!({ "signed_in": true, "identity": test.identity }));
    } else {
        let name = test.identity.and_then(|identity| identity.user_name).unwrap_or_default();
        output::line(&format!("signed in to {} as {name}", arguments.name));
    }
    Ok(exit::DONE)
}

/// `SYNCLINE_BROWSER` names a command that takes the address in place of the system browser.
fn open_browser(address: &str) -> std::io::Result<()> {
    match std::env::var_os("SYNCLINE_BROWSER") {
        Some(command) => std::process::Command::new(command).arg(address).spawn().map(|_| ()),
        None => open::that_detached(address),
    }
}

pub(crate) async fn logout(arguments: Logout, context: &Context) -> Result<u8, ApiError> {
    let view: ConnectionView =
        context.call("sign_in.out", &ConnectionRef { connection: arguments.name }).await?;
    if context.json {
        output::json(&view);
    } else {
        output::line(&format!("signed out of {}", view.name));
    }
    Ok(exit::DONE)
}
