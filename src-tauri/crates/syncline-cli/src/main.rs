//! The `syncline` command: the same engine, store and keychain as the window, for people who script.
//!
//! Standard output holds the answer and nothing else; progress, hints and logs go to standard error.

mod arguments;
mod context;
mod exit;
mod output;
mod progress;
mod verbs;

use clap::Parser;

use arguments::Arguments;
use context::Context;

fn main() -> std::process::ExitCode {
    syncline_api::share_memory();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    let json = arguments.json;
    if let Some(filter) = &arguments.log {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime can't be started: {error}");
            return std::process::ExitCode::from(exit::FAILED);
        }
    };
    let code = runtime.block_on(async move {
        let context = Context::new(&arguments);
        let code = match verbs::run(arguments.verb, &context).await {
            Ok(code) => code,
            Err(error) => {
                output::failure(&error, json);
                exit::code_of(&error)
            }
        };
        if let Some(path) = &arguments.requests
            && let Err(error) = context.write_requests(path).await
        {
            eprintln!("{}", error.message);
        }
        code
    });
    // Work that is still under way must not keep the command from ending.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    std::process::ExitCode::from(code)
}
