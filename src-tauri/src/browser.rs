//! Opens addresses in the system browser.
//!
//! The opener plugin does it, not the shell plugin: the page can start no process, and only what Rust asks for is opened.
//! `SYNCLINE_BROWSER` names another command (words apart by spaces; the address becomes its last argument), for machines
//! whose default browser can't sign in, and for tests.

use std::process::{Command, Stdio};

use tauri::{AppHandle, Runtime};
use tauri_plugin_opener::OpenerExt;

/// Opens `address`; the error is a sentence for people.
pub(crate) fn open<R: Runtime>(app: &AppHandle<R>, address: &str) -> Result<(), String> {
    if !may_open(address) {
        return Err(format!("only http and https addresses are opened, not {address}"));
    }
    match command_of_environment(std::env::var("SYNCLINE_BROWSER").ok()) {
        Some(words) => start(&words, address),
        None => app.opener().open_url(address, None::<&str>).map_err(|error| error.to_string()),
    }
}

fn may_open(address: &str) -> bool {
    tauri::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

fn command_of_environment(value: Option<String>) -> Option<Vec<String>> {
    let words: Vec<String> = value?.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

fn start(words: &[String], address: &str) -> Result<(), String> {
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(arguments)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("{program}, named by SYNCLINE_BROWSER, can't be started: {error}"))?;
    std::thread::spawn(move || child.wait());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_opened() {
        assert!(may_open("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?x=1"));
        assert!(may_open("http://127.0.0.1:4000/authorize"));
        for refused in ["file:///etc/passwd", "javascript:alert(1)", "syncline", "ms-settings:privacy", ""] {
            assert!(!may_open(refused), "{refused}");
        }
    }

    #[test]
    fn the_command_of_the_environment_is_split_at_spaces() {
        let words = command_of_environment(Some(" node  follow.mjs ".into()));
        assert_eq!(words, Some(vec!["node".to_owned(), "follow.mjs".to_owned()]));
        assert_eq!(command_of_environment(Some("  ".into())), None);
        assert_eq!(command_of_environment(None), None);
    }

    #[test]
    fn a_command_that_is_not_there_is_named() {
        let error = start(&["no-such-browser-here".to_owned()], "https://example.test").unwrap_err();
        assert!(error.contains("no-such-browser-here"), "{error}");
    }
}
