//! System packages on Debian and Ubuntu; elsewhere, what to install.

use std::collections::BTreeSet;
use std::process::Command;

use crate::command;
use crate::setup::For;

/// A package, and programs any of which does as well.
struct Package {
    name: &'static str,
    or_program: &'static [&'static str],
}

const fn package(name: &'static str) -> Package {
    Package { name, or_program: &[] }
}

/// To build and run: a C compiler for SQLCipher, OpenSSL's libcrypto beneath it, WebKitGTK for the window, a Secret Service.
const BUILD: &[Package] = &[
    package("build-essential"),
    package("pkg-config"),
    package("libssl-dev"),
    package("libwebkit2gtk-4.1-dev"),
    package("libgtk-3-dev"),
    package("librsvg2-dev"),
    // The tray icon; loaded when one is shown.
    package("libayatana-appindicator3-dev"),
    package("dbus"),
    package("gnome-keyring"),
    package("xdg-utils"),
];

/// To test: the real window under a display server, with a notification service; and a browser.
const TESTS: &[Package] = &[
    package("dunst"),
    package("openbox"),
    // Stands in for a desktop's tray.
    Package { name: "dbus-tests", or_program: &["dbus-test-tool"] },
    package("xdotool"),
    package("webkit2gtk-driver"),
    package("xvfb"),
    package("xauth"),
    package("fonts-dejavu-core"),
    package("fonts-noto-core"),
    // A real server for the tests of SQL connections; they start it on a socket of their own.
    package("postgresql"),
    Package { name: "openssl", or_program: &["openssl"] },
    // Shows that nothing tries to connect while the network is away.
    Package { name: "strace", or_program: &["strace"] },
    Package { name: "util-linux", or_program: &["unshare"] },
    Package { name: "chromium", or_program: &["chromium", "chromium-browser", "google-chrome"] },
];

/// Installs what is missing; gives a line on what was done.
pub(crate) fn ensure(purpose: For) -> Result<String, String> {
    let wanted = wanted(purpose);
    if !cfg!(target_os = "linux") {
        return Ok(elsewhere());
    }
    if !(command::on_path("dpkg-query") && command::on_path("apt-get")) {
        return Err(format!(
            "This system has no apt. Install what these Debian packages hold, then run the task again:\n  {}",
            wanted.iter().map(|package| package.name).collect::<Vec<_>>().join(" ")
        ));
    }
    let missing = missing(&wanted);
    if missing.is_empty() {
        return Ok(format!("all {} there", wanted.len()));
    }
    install(&missing)?;
    let still: Vec<&str> = missing_of(&wanted, &installed(&wanted));
    if still.is_empty() {
        Ok(format!("installed {}", missing.join(" ")))
    } else {
        Err(format!("still missing: {}", still.join(" ")))
    }
}

/// Installs these packages without their recommendations; as root, or through sudo.
pub(crate) fn install(names: &[&str]) -> Result<(), String> {
    let by_hand =
        format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", names.join(" "));
    let root = command::asked("id", &["-u"]).as_deref() == Some("0");
    if !root && !command::on_path("sudo") {
        return Err(format!(
            "Packages are missing and there is neither root nor sudo. Have installed:\n  {by_hand}"
        ));
    }
    let apt = |arguments: &[&str]| {
        let mut apt = if root { Command::new("apt-get") } else { Command::new("sudo") };
        if !root {
            apt.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        }
        command::run(apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
            .map_err(|why| format!("{why}\nBy hand:\n  {by_hand}"))
    };
    println!("  installing {}", names.join(" "));
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], names].concat())?;
    Ok(())
}

fn wanted(purpose: For) -> Vec<&'static Package> {
    match purpose {
        For::Running => BUILD.iter().collect(),
        For::Tests => BUILD.iter().chain(TESTS).collect(),
    }
}

fn missing(wanted: &[&'static Package]) -> Vec<&'static str> {
    missing_of(wanted, &installed(wanted))
}

fn missing_of(wanted: &[&'static Package], installed: &BTreeSet<String>) -> Vec<&'static str> {
    wanted
        .iter()
        .filter(|package| !installed.contains(package.name))
        .filter(|package| !package.or_program.iter().any(|program| command::on_path(program)))
        .map(|package| package.name)
        .collect()
}

fn installed(wanted: &[&'static Package]) -> BTreeSet<String> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\\n"])
        .args(wanted.iter().map(|package| package.name))
        .output();
    // The exit code tells only that one of them is unknown.
    output.map(|output| read_status(&String::from_utf8_lossy(&output.stdout))).unwrap_or_default()
}

fn read_status(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| line.strip_suffix(" installed")).map(str::to_owned).collect()
}

fn elsewhere() -> String {
    if cfg!(target_os = "macos") {
        "needed: Xcode's command line tools (xcode-select --install) and Node 20.19 or newer".to_owned()
    } else {
        "needed: Microsoft C++ Build Tools, WebView2 (part of Windows 11), OpenSSL and Node 20.19 or newer"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count() {
        let known = read_status("dbus installed\nxvfb not-installed\nxauth config-files\n");
        assert_eq!(known, BTreeSet::from(["dbus".to_owned()]));
        static WANTED: [Package; 2] = [package("dbus"), package("xvfb")];
        assert_eq!(missing_of(&WANTED.iter().collect::<Vec<_>>(), &known), ["xvfb"]);
    }

    #[test]
    fn a_program_stands_in_for_its_package() {
        static WANTED: [Package; 1] = [Package { name: "no-such-package", or_program: &["sh"] }];
        assert!(missing_of(&WANTED.iter().collect::<Vec<_>>(), &BTreeSet::new()).is_empty());
    }
}
