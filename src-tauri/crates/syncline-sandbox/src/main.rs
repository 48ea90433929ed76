//! `syncline-sandbox`: the sample tenant by itself.

use clap::Parser;
use syncline_sandbox::{Sandbox, SandboxConfig};

/// Serves the sample tenant on loopback until interrupted. Prints its addresses as one JSON line.
#[derive(Parser)]
struct Arguments {
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

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let sandbox = Sandbox::start(SandboxConfig {
        port: arguments.port,
        records: arguments.records,
        seed: arguments.seed,
        access_token_lifetime_s: arguments.token_lifetime,
        big_tenant: arguments.big_tenant,
        ..SandboxConfig::default()
    })
    .await?;
    #[expect(clippy::print_stdout, reason = "the one line that a caller reads")]
    {
        println!("{}", serde_json::to_string(sandbox.details())?);
    }
    interrupted().await?;
    sandbox.stop().await;
    Ok(())
}

/// Waits for Ctrl-C, or for the signal that ends a process.
#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
