//! `syncline sandbox`: the sample tenant until interrupted.

use syncline_api::ApiError;
use syncline_model::ErrorCode;
use syncline_sandbox::{Sandbox, SandboxConfig};

use crate::{exit, output};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Port of the sign-in service; 0: any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Contacts; the other entities follow in proportion
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    records: u64,
    /// The same seed makes the same data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Lifetime of access tokens in seconds
    #[arg(long, default_value_t = 3900)]
    token_lifetime: u64,
    /// The first environment has 1,000 tables with 40,000 columns
    #[arg(long)]
    big_tenant: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<u8, ApiError> {
    let config = SandboxConfig {
        port: arguments.port,
        records: arguments.records,
        seed: arguments.seed,
        access_token_lifetime_s: arguments.token_lifetime,
        big_tenant: arguments.big_tenant,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.map_err(|error| {
        ApiError::new(ErrorCode::Busy, format!("the sample tenant can't be started: {error}"))
            .hint("choose another port, or --port 0 for any free one")
    })?;
    output::json(sandbox.details());
    // An error means that no signal will come; then it serves until it is ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    sandbox.stop().await;
    Ok(exit::DONE)
}
