//! Processes of their own, and what they tell.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use syncline_sandbox::faults::FaultRule;

/// What one process measured.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Figure {
    pub(crate) records: u64,
    pub(crate) seconds: f64,
    /// Until the search index had caught up as well, where there is one.
    pub(crate) searchable_seconds: Option<f64>,
    pub(crate) peak_mib: f64,
    /// Bytes of a record as it came over the wire, where they were counted.
    pub(crate) record_bytes: Option<u64>,
}

impl Figure {
    pub(crate) fn rate(&self) -> f64 {
        self.records as f64 / self.seconds
    }

    /// Records a second until they could be searched.
    pub(crate) fn searchable_rate(&self) -> f64 {
        self.records as f64 / self.searchable_seconds.unwrap_or(self.seconds)
    }

    /// Prints itself for the process that asked.
    pub(crate) fn tell(records: u64, seconds: f64, record_bytes: Option<u64>) {
        Self { records, seconds, searchable_seconds: None, peak_mib: peak_mib(), record_bytes }.print();
    }

    /// Prints itself with the time until the records could be searched.
    pub(crate) fn tell_both(records: u64, seconds: f64, searchable: f64) {
        Self {
            records,
            seconds,
            searchable_seconds: Some(searchable),
            peak_mib: peak_mib(),
            record_bytes: None,
        }
        .print();
    }

    fn print(&self) {
        let figure = self;
        println!("{}", serde_json::to_string(figure).expect("a figure is JSON"));
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} records/s in {:.1} s", self.rate(), self.seconds)?;
        if let Some(seconds) = self.searchable_seconds {
            write!(f, ", searchable after {seconds:.1} s")?;
        }
        write!(f, ", with {:.0} MiB", self.peak_mib)
    }
}

/// The most memory this process has held (`VmHWM`); 0 where the system does not tell.
pub(crate) fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// What a pull is measured against keeps the memory that it once had: whole pages are taken and given back there again and again, and time
/// that the application's own settings of jemalloc would cost must not be in its favour.
const GREEDY: &str = "dirty_decay_ms:-1,muzzy_decay_ms:-1,oversize_threshold:0,tcache_max:32768";

pub(crate) fn again(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(arguments);
    if let ["sandbox" | "drain", ..] = arguments {
        command.env("_RJEM_MALLOC_CONF", GREEDY);
    }
    command
}

/// The sample tenant in a process of its own.
pub(crate) struct Sandbox {
    child: Child,
    pub(crate) details: String,
}

impl Sandbox {
    /// `way`: how far away it is, see [`serve`].
    pub(crate) fn start(records: u64, way: &str) -> Self {
        let mut child = again(&["sandbox", &records.to_string(), way])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sandbox starts");
        let mut details = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut details)
            .expect("its first line");
        Self { child, details: details.trim().to_owned() }
    }

    /// Columns that the measured programs ask for, as in `$select`; empty: all.
    pub(crate) fn ask_for(&mut self, select: &str) {
        let mut json: serde_json::Value = serde_json::from_str(&self.details).expect("details are JSON");
        json["select"] = select.into();
        self.details = json.to_string();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It has nothing to keep.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed. Service protection is off: the rate is to be measured, not the limit. `way`: `near`, `20 ms`, the same
/// behind a line of `1 Gbit/s` or `100 Mbit/s`, `1 s`, `gzip`, or `throttled`, where every fourth call for a page is answered with 429 and a
/// pause of a second.
pub(crate) fn serve(records: u64, way: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let config = syncline_sandbox::SandboxConfig {
            records,
            latency_ms: match way {
                "20 ms" | "1 Gbit/s" | "100 Mbit/s" => 20,
                "1 s" => 1000,
                _ => 0,
            },
            gzip: way == "gzip",
            line_mbit_per_s: match way {
                "1 Gbit/s" => 1000,
                "100 Mbit/s" => 100,
                _ => 0,
            },
            ..Default::default()
        };
        let sandbox = syncline_sandbox::Sandbox::start(config).await.expect("the sandbox starts");
        if way == "throttled" {
            let rule = serde_json::json!({ "kind": "status", "status": 429, "retry_after": 1, "every": 4,
                "service": "contoso", "method": "GET", "path": "/contacts?" });
            sandbox.faults().add(FaultRule::read_list(vec![rule]).expect("the rule is known"));
        }
        if let Some(environment) = sandbox.environment("contoso") {
            environment.protection.set(None);
        }
        println!("{}", serde_json::to_string(sandbox.details()).expect("details are JSON"));
        std::future::pending::<()>().await;
    });
}

/// Runs one measurement in a process of its own.
pub(crate) fn measure(name: &str, details: &str) -> Figure {
    let output = again(&[name, details]).stderr(Stdio::inherit()).output().expect("the measurement starts");
    read(name, &output)
}

/// The folder of the peer, where its packages are installed.
fn peer_folder() -> Option<std::path::PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peer");
    folder.join("node_modules").is_dir().then_some(folder)
}

/// The peer's pull; `None` where its packages are not installed.
pub(crate) fn measure_peer(details: &str) -> Option<Figure> {
    let mut command = Command::new("node");
    command.current_dir(peer_folder()?).args(["peer.mjs", details]).stderr(Stdio::inherit());
    Some(read("peer", &command.output().ok()?))
}

fn read(name: &str, output: &std::process::Output) -> Figure {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{name} told no figure: {error}: {text}"))
}

/// A member of the sandbox's details.
pub(crate) fn detail(details: &str, name: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(details).expect("details are JSON");
    json[name].as_str().unwrap_or_default().to_owned()
}
