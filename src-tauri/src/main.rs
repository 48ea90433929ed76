//! Syncline's window: starts Tauri, opens the application beneath it, registers the one command and forwards its events.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod args;
mod away;
mod browser;
mod coalesce;
mod events;
mod links;
mod notify;
mod rpc;
mod shell;
mod window;

use std::process::ExitCode;

use clap::Parser;
use tauri::Manager;

use crate::args::Args;
use crate::shell::Shell;

fn main() -> ExitCode {
    syncline_api::share_memory();
    let args = Args::parse();
    log_to_standard_error();
    let mut builder = tauri::Builder::default();
    if args.home.is_none() {
        // A second start with the same (default) home brings the first window forward, and hands it its link. A home of one's own is
        // guarded by the store's owner lock, and may stand beside the default one.
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, arguments, _folder| {
            links::arrive(app, arguments)
        }));
    }
    let built = builder
        .plugin(window::remember_place())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .invoke_handler(tauri::generate_handler![rpc::rpc])
        .on_page_load(window::on_page_load)
        .on_window_event(window::on_event)
        .setup(move |app| {
            let shell = Shell::new(args.config(), args.sample);
            shell.links().add(args.link);
            app.manage(shell.clone());
            window::show_at_last(app.handle());
            shell.open(app.handle().clone());
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|app, event| match event {
                tauri::RunEvent::Exit => app.state::<Shell>().close(),
                // The dock's icon is clicked while the window is put away.
                #[cfg(target_os = "macos")]
                tauri::RunEvent::Reopen { .. } => window::bring_forward(app),
                #[cfg(target_os = "macos")]
                tauri::RunEvent::Opened { urls } => {
                    links::arrive(app, urls.into_iter().map(String::from));
                }
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the window could not be started");
            ExitCode::FAILURE
        }
    }
}

/// `SYNCLINE_LOG` takes a filter such as `syncline=debug`; warnings are shown without it.
fn log_to_standard_error() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SYNCLINE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
