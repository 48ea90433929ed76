//! Runs programs: quietly, with a sign of life a minute, and with all they wrote at hand when they fail.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::tree;

/// Lines of output shown of a program that failed.
const SHOWN: usize = 120;

/// A program to be run in the clone's top folder, without what `cargo run` adds to the environment (it would make
/// the cargo beneath build anew what depends on it).
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(tree::root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|start| text.starts_with(start))
        {
            command.env_remove(&name);
        }
    }
    command
}

/// Cargo, as it runs this task.
pub(crate) fn cargo<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs to the end; what was written to both outputs, or the last of it and the exit code.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let (output, result) = run_and_keep(command);
    result.map(|()| output)
}

/// Like [`run`], and gives all that was written even if the program failed: for test runners, whose counts are wanted.
pub(crate) fn run_and_keep(command: &mut Command) -> (String, Result<(), String>) {
    let shown = shown(command);
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return (String::new(), Err(format!("{shown}: can't be started: {error}"))),
    };
    let (lines, written) = mpsc::channel();
    read(child.stdout.take(), lines.clone());
    read(child.stderr.take(), lines);
    let output = gather(&written);
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let from = output.len().saturating_sub(SHOWN);
            Err(format!("{}\n{shown}: {status}", output[from..].join("\n")))
        }
        Err(error) => Err(format!("{shown}: {error}")),
    };
    (output.join("\n"), result)
}

/// All lines until both outputs are closed, with a sign of life a minute.
fn gather(written: &mpsc::Receiver<String>) -> Vec<String> {
    let mut output: Vec<String> = Vec::new();
    let start = Instant::now();
    let mut told = start;
    loop {
        match written.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => output.push(line),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return output,
        }
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            let last: String = output.last().map_or("", String::as_str).trim().chars().take(100).collect();
            println!("  … {:.0} s: {last}", start.elapsed().as_secs_f64());
        }
    }
}

fn read(source: Option<impl Read + Send + 'static>, lines: mpsc::Sender<String>) {
    let Some(source) = source else { return };
    std::thread::spawn(move || {
        let mut reader = BufReader::new(source);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            if lines.send(line).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    format!("{program} {}", words.join(" ")).chars().take(200).collect()
}

/// What a program prints in one go; nothing if it is not there or fails.
pub(crate) fn asked(name: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(name).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// True when a program of this name is on the search path.
pub(crate) fn on_path(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_outputs_are_kept_and_a_failure_names_the_program() {
        let output = run(program("sh").args(["-c", "echo out; echo err >&2"])).unwrap();
        assert!(output.contains("out") && output.contains("err"));
        let why = run(program("sh").args(["-c", "echo reason; exit 3"])).unwrap_err();
        assert!(why.contains("reason") && why.contains("exit status: 3"), "{why}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let why = run(&mut program("no-such-program-here")).unwrap_err();
        assert!(why.contains("no-such-program-here"), "{why}");
        assert!(asked("no-such-program-here", &[]).is_none());
    }
}
