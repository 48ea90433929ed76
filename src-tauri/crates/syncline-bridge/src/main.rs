//! The command list over loopback HTTP, for browser tests and work on the UI. Never part of an installer.
//!
//! `POST /rpc/{name}` with `Authorization: Bearer <token>` answers what the window's `rpc` answers; `GET /events?token=…` streams events as
//! server-sent events; everything else is the built UI, when `--ui` names it. Requests with a foreign `Host` or `Origin` are refused.

mod guard;
mod serve;

use clap::Parser;
use std::path::PathBuf;
use syncline_api::{App, AppConfig, VaultChoice};

#[derive(Parser)]
#[command(
    name = "syncline-bridge",
    about = "Serves Syncline's command list on loopback, for tests in a browser"
)]
struct Arguments {
    /// Folder of the store
    #[arg(long, env = "SYNCLINE_HOME")]
    home: Option<PathBuf>,
    /// Where secrets are kept
    #[arg(long, default_value = "memory")]
    vault: VaultChoice,
    /// Port; 0: any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Token that requests must carry; made when absent
    #[arg(long)]
    token: Option<String>,
    /// Starts the sample tenant
    #[arg(long)]
    sample: bool,
    /// Folder of the built UI
    #[arg(long)]
    ui: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let config = AppConfig::new(arguments.home, arguments.vault).with_schedules();
    let app =
        App::open(config).await.map_err(|error| format!("{}: {}", error.code.as_str(), error.message))?;
    if arguments.sample {
        app.rpc("sample.start", serde_json::json!({})).await.map_err(|error| error.message)?;
    }
    let token = arguments.token.unwrap_or_else(|| hex::encode(rand::random::<[u8; 16]>()));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", arguments.port))
        .await
        .map_err(|error| format!("port {} can't be had: {error}", arguments.port))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let first = serde_json::json!({ "url": format!("http://{address}/"), "token": token });
    #[expect(clippy::print_stdout, reason = "the one line that a caller reads")]
    {
        println!("{first}");
    }
    let router = serve::router(app.clone(), guard::Guard::new(token, address.port()), arguments.ui);
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            // An error means that no signal will come; the process then ends with its parent.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await
        .map_err(|error| error.to_string())?;
    app.close().await;
    Ok(())
}
