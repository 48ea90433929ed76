//! The main job through the `syncline` command: sample tenant, sign-in, pull, preview, run; and what came of it.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::node::Node;
use crate::steps::{Outcome, Steps};
use crate::{command, tree};

/// The definition that is previewed and run.
const DEFINITION: &str = include_str!("demo.sync.json");

/// Does it all in a store of its own, emptied first.
pub(crate) fn run(steps: &mut Steps, node: &Node, records: u32) -> Outcome {
    let job = steps.step("sample tenant", || Job::start(records))?;
    println!("  {} contacts at {}", records, job.at("dataverse"));
    steps.step("connections", || job.connect())?;
    let identity = steps.step("sign-in through the browser redirect", || job.sign_in(node))?;
    println!("  signed in as {}", text(&identity["identity"], "user_name"));
    let pulled = steps.step("pull of contact into the encrypted store", || {
        job.json(&["cache", "pull", "sample", "contact"])
    })?;
    println!("  {}", counts(&pulled, &["read", "new", "changed", "unchanged", "pages"]));
    let definition = job.definition.to_string_lossy().into_owned();
    let plan = steps.step("preview", || job.json(&["sync", "preview", &definition]))?;
    println!("  {}", counts(&plan["summary"], &["read", "create", "update", "unchanged", "skip", "invalid"]));
    let run = steps.step("run of that very plan", || {
        job.json(&["sync", "run", "--plan", &text(&plan, "plan_id"), "--yes"])
    })?;
    println!(
        "  {}: {}",
        text(&run, "status"),
        counts(&run, &["read", "created", "updated", "unchanged", "skipped", "failed"])
    );
    for failure in run["failures"].as_array().into_iter().flatten().take(3) {
        println!("    {}: {}", text(failure, "source_id"), text(failure, "message"));
    }
    let again = steps.step("second run", || job.json(&["sync", "run", &definition, "--yes"]))?;
    println!(
        "  {}: {}",
        text(&again, "status"),
        counts(&again, &["read", "created", "updated", "unchanged", "failed"])
    );
    let report =
        steps.step("report of the first run", || job.text(&["runs", "show", &text(&run, "run_id")]))?;
    for line in report.lines().take(20) {
        println!("  {line}");
    }
    println!("  the store is {}", job.home.display());
    Ok(())
}

/// The sample tenant while it runs, and the store that the commands share.
struct Job {
    home: PathBuf,
    definition: PathBuf,
    tenant: Value,
    serving: Child,
}

impl Drop for Job {
    fn drop(&mut self) {
        // It serves until it is told to stop.
        let _ = self.serving.kill();
        let _ = self.serving.wait();
    }
}

impl Job {
    fn start(records: u32) -> Result<Self, String> {
        let home = tree::scratch().join("demo-headless");
        tree::remove(&home)?;
        std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        let definition = home.join("demo.sync.json");
        std::fs::write(&definition, DEFINITION)
            .map_err(|error| format!("{}: {error}", definition.display()))?;
        let mut serving = command::program(tree::program("syncline"))
            .args(["sandbox", "--json", "--records", &records.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("syncline sandbox: {error}"))?;
        let line = first_line(&mut serving);
        match line.and_then(|line| {
            serde_json::from_str(&line).map_err(|error| format!("syncline sandbox: {error} in {line}"))
        }) {
            Ok(tenant) => Ok(Self { home, definition, tenant, serving }),
            Err(why) => {
                let _ = serving.kill();
                let _ = serving.wait();
                Err(why)
            }
        }
    }

    /// An address or name of the sample tenant.
    fn at(&self, name: &str) -> String {
        text(&self.tenant, name)
    }

    fn syncline(&self, arguments: &[&str]) -> Command {
        let mut syncline = command::program(tree::program("syncline"));
        syncline.arg("--home").arg(&self.home).args(arguments);
        syncline
    }

    fn text(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self
            .syncline(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("syncline: {error}"))?;
        accept(arguments, &output)
    }

    fn json(&self, arguments: &[&str]) -> Result<Value, String> {
        let written = self.text(&[&["--json"], arguments].concat())?;
        serde_json::from_str(&written).map_err(|error| format!("syncline {}: {error}", arguments.join(" ")))
    }

    /// The tenant read, the marketing platform written to.
    fn connect(&self) -> Result<(), String> {
        self.text(&[
            "connection",
            "add",
            "sample",
            "--system",
            "dataverse",
            "--url",
            &self.at("dataverse"),
            "--authority",
            &self.at("authority"),
            "--tenant",
            &self.at("tenant"),
            "--client-id",
            &self.at("client_id"),
            "--kind",
            "sandbox",
            "--client",
            "Sample tenant",
        ])?;
        let partner = format!("partner={}", self.at("insider_partner"));
        let insider = self.at("insider");
        let arguments = [
            "connection",
            "add",
            "marketing",
            "--system",
            "insider",
            "--url",
            &insider,
            "--option",
            &partner,
            "--kind",
            "sandbox",
            "--client",
            "Sample tenant",
            "--writable",
            "--secret-stdin",
        ];
        let mut adding = self
            .syncline(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("syncline: {error}"))?;
        if let Some(mut input) = adding.stdin.take() {
            input
                .write_all(format!("{}\n", self.at("insider_token")).as_bytes())
                .map_err(|error| format!("the request token: {error}"))?;
        }
        let output = adding.wait_with_output().map_err(|error| format!("syncline: {error}"))?;
        accept(&arguments, &output).map(|_| ())
    }

    /// `login --no-browser` says which page to open; a small browser signs in there as a person would.
    fn sign_in(&self, node: &Node) -> Result<Value, String> {
        let mut login = self
            .syncline(&["--json", "login", "sample", "--no-browser"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("syncline login: {error}"))?;
        let page: Value = first_line(&mut login)
            .and_then(|line| serde_json::from_str(&line).map_err(|error| error.to_string()))?;
        let browser = tree::root().join("tests/desktop/browser.mjs");
        let browsed = command::run(node.program("node").arg(browser).arg(text(&page, "open")));
        if browsed.is_err() {
            let _ = login.kill();
        }
        let output = login.wait_with_output().map_err(|error| format!("syncline login: {error}"))?;
        browsed?;
        let written = accept(&["login"], &output)?;
        let last = written.lines().last().unwrap_or_default();
        serde_json::from_str(last).map_err(|error| format!("syncline login: {error} in {last}"))
    }
}

/// Reads one line, and leaves the rest to be read on.
fn first_line(child: &mut Child) -> Result<String, String> {
    let Some(output) = child.stdout.take() else { return Err("its output is closed".to_owned()) };
    let mut reader = BufReader::with_capacity(1, output);
    let mut line = String::new();
    reader.read_line(&mut line).map_err(|error| error.to_string())?;
    child.stdout = Some(reader.into_inner());
    if line.is_empty() { Err("ended without a word".to_owned()) } else { Ok(line) }
}

/// What was written, if the command ended well. Exit code 4 is well too: done, but some records were refused.
fn accept(arguments: &[&str], output: &std::process::Output) -> Result<String, String> {
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0 | 4) => Ok(written),
        Some(_) | None => Err(format!(
            "syncline {}: {}\n{}{written}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

fn text(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::String(text) => text.clone(),
        Value::Null => "(not told)".to_owned(),
        other => other.to_string(),
    }
}

/// Counts, seconds and, where there was something to do, the rate of what was done: of a run what was sent, else what was read.
fn counts(value: &Value, names: &[&str]) -> String {
    let mut words: Vec<String> = names.iter().map(|name| format!("{} {}", value[*name], name)).collect();
    let count = |name: &str| value[name].as_f64().unwrap_or(0.0);
    if let Some(seconds) = value["seconds"].as_f64() {
        words.push(format!("{seconds:.1} s"));
        let done = if value["created"].is_null() {
            count("read")
        } else {
            count("created") + count("updated") + count("failed")
        };
        if done > 0.0 && seconds > 0.0 {
            words.push(format!("{:.0} records/s", done / seconds));
        }
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_a_line() {
        let value = serde_json::json!({"read": 500, "new": 3, "seconds": 2.0});
        assert_eq!(counts(&value, &["read", "new"]), "500 read, 3 new, 2.0 s, 250 records/s");
    }

    #[test]
    fn a_run_that_sent_nothing_has_no_rate() {
        let idle = serde_json::json!({"read": 500, "created": 0, "updated": 0, "failed": 0, "seconds": 0.01});
        assert_eq!(counts(&idle, &["read", "created"]), "500 read, 0 created, 0.0 s");
        let busy = serde_json::json!({"read": 500, "created": 40, "updated": 0, "failed": 0, "seconds": 2.0});
        assert_eq!(counts(&busy, &["created"]), "40 created, 2.0 s, 20 records/s");
    }

    #[test]
    fn the_first_line_leaves_the_rest() {
        let mut child = command::program("printf").arg("one\ntwo\n").stdout(Stdio::piped()).spawn().unwrap();
        assert_eq!(first_line(&mut child).unwrap(), "one\n");
        let rest = child.wait_with_output().unwrap();
        assert_eq!(rest.stdout, b"two\n");
    }
}
