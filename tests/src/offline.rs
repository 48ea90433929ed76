//! Programs without a network: each in a network namespace of its own that has no route, not even to this machine, and under strace, so that
//! every attempt to reach somebody is seen.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Calls that reach for another machine.
const REACHING: &str = "trace=connect,sendto,sendmsg,sendmmsg";

/// A command that runs `program` without a network; its attempts are written to `trace`. `Err` tells what this machine lacks.
pub fn without_network(program: &OsStr, trace: &Path) -> Result<Command, String> {
    let namespace = namespace()?;
    if !runs("strace", &["--version"]) {
        return Err("strace is missing: apt-get install strace".to_owned());
    }
    let mut command = Command::new("unshare");
    command.args(namespace).args(["strace", "-f", "-qq", "-e", "signal=none", "-e", REACHING, "-o"]);
    command.arg(trace).arg("--").arg(program);
    Ok(command)
}

/// How a network namespace can be had: as root, or with a user namespace around it that keeps the user.
fn namespace() -> Result<&'static [&'static str], String> {
    let ways: [&[&str]; 2] = [&["--net", "--"], &["--user", "--map-current-user", "--net", "--"]];
    ways.into_iter().find(|way| runs("unshare", &[way, &["true"][..]].concat())).ok_or_else(|| {
        "this machine permits no network namespace, neither to root nor to a user: run as root in a container with \
         CAP_SYS_ADMIN, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
            .to_owned()
    })
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Attempts to reach an address of the internet's kind, as strace writes them. Sockets of this machine (D-Bus) are none.
pub fn attempts(trace: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(trace).map_err(|error| format!("{}: {error}", trace.display()))?;
    Ok(text.lines().filter(|line| line.contains("AF_INET")).map(str::to_owned).collect())
}
