//! A session of its own for a command: a D-Bus session bus, an unlocked keychain (gnome-keyring behind the Secret
//! Service), data folders that vanish, and an X display if wanted. Caches under HOME stay, so that cargo and npm keep theirs.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use clap::Args;

use crate::command;

/// Whether a command gets a display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Display {
    /// None.
    None,
    /// Xvfb's, 1440 by 900.
    Virtual,
}

/// `cargo xtask session [--display] -- COMMAND…`
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// With an X display of its own.
    #[arg(long)]
    display: bool,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

// The keyring takes one newline for its password; a truly empty input would start a prompt that nobody sees.
// XDG_RUNTIME_DIR and the others are set here and not by Rust, so that they vanish with the shell's trap.
const SCRIPT: &str = r#"
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
mkdir -m700 "$folder/run" "$folder/data" "$folder/config" "$folder/cache"
export XDG_RUNTIME_DIR=$folder/run XDG_DATA_HOME=$folder/data XDG_CONFIG_HOME=$folder/config XDG_CACHE_HOME=$folder/cache
export GTK_A11Y=none NO_AT_BRIDGE=1
dbus-run-session -- bash -c '
  printf "\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
  "$@"' _ "$@" 2> >(grep --line-buffered -v "^dbus-daemon\[" >&2 || true)
"#;

/// `program` within a session of its own.
pub(crate) fn within(display: Display, program: &Command) -> Command {
    let mut wrapped = command::program("bash");
    wrapped.args(["-c", SCRIPT, "session"]);
    match display {
        Display::None => {}
        Display::Virtual => {
            wrapped.args(["xvfb-run", "-a", "-s", "-screen 0 1440x900x24"]);
        }
    }
    wrapped.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped
}

/// True when there is a session bus to find a keychain on.
pub(crate) fn has_bus() -> bool {
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || std::env::var_os("XDG_RUNTIME_DIR")
            .is_some_and(|folder| std::path::Path::new(&folder).join("bus").exists())
}

/// True when a window can be shown.
pub(crate) fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Runs the command with this process's input and outputs; its exit code is ours.
pub(crate) fn run(options: &Options) -> ExitCode {
    let Some((program, arguments)) = options.command.split_first() else { return ExitCode::FAILURE };
    let mut inner = command::program(program);
    inner.args(arguments);
    let display = if options.display { Display::Virtual } else { Display::None };
    let mut outer = within(display, &inner);
    if let Ok(folder) = std::env::current_dir() {
        outer.current_dir(folder);
    }
    match outer.status() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(error) => {
            println!("bash: {error}");
            ExitCode::FAILURE
        }
    }
}
