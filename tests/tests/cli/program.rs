//! The program, a home for its store, and the sample tenant.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use syncline_sandbox::{Details, Sandbox, SandboxConfig};
use tokio::runtime::Runtime;

/// `SYNCLINE_CLI`, else the program beside the tests, built where it is missing.
fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("SYNCLINE_CLI") {
        return path.into();
    }
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(Path::parent).expect("tests lie in deps of the profile's folder");
    let path = folder.join(format!("syncline{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "syncline-cli", "--target-dir"])
            .arg(folder.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success() && path.exists(), "cargo build --package syncline-cli failed");
    }
    path
}

/// What a call left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Standard output as JSON lines.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// Ended with this code.
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// The end of a call that is told a secret.
fn ended(mut child: Child, secret: &str) -> Ended {
    // A program that does not read its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(secret.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A home for the store.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    vault: &'static str,
}

impl Home {
    /// Secrets end with each process.
    pub(crate) fn passing() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), vault: "memory" }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Calls the program with `--json` in a network namespace without a route; what it tries to reach is written to `trace`.
    pub(crate) fn without_network(&self, trace: &Path, arguments: &[&str]) -> Ended {
        let command = syncline_tests::offline::without_network(program().as_os_str(), trace);
        let command = command.unwrap_or_else(|why| panic!("{why}"));
        ended(self.start(command, &[&["--json"], arguments].concat()), "")
    }

    /// Starts the program.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.start(Command::new(program()), arguments)
    }

    fn start(&self, mut command: Command, arguments: &[&str]) -> Child {
        command
            // The width of help texts.
            .env_remove("COLUMNS")
            .env_remove("SYNCLINE_HOME")
            .env_remove("SYNCLINE_VAULT")
            .arg("--home")
            .arg(self.path("store"))
            .args(["--vault", self.vault])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Calls the program with a secret on standard input.
    pub(crate) fn told(&self, secret: &str, arguments: &[&str]) -> Ended {
        ended(self.spawn(arguments), secret)
    }

    /// Calls the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.told("", arguments)
    }

    /// Calls the program with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Ended {
        self.run(&[&["--json"], arguments].concat())
    }
}

/// A home with a keychain, and a sample tenant.
pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) sandbox: Sandbox,
    _runtime: Runtime,
}

impl World {
    /// `None` where there is no keychain to keep secrets in.
    pub(crate) fn new(records: u64) -> Option<Self> {
        if cfg!(target_os = "linux") && std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
            let remedy = "no session bus, so no keychain: run it within `cargo xtask session -- …`";
            assert!(std::env::var_os("SYNCLINE_REQUIRE_KEYCHAIN").is_none(), "{remedy}");
            eprintln!("SKIPPED: {remedy}");
            return None;
        }
        let runtime = Runtime::new().unwrap();
        let config = SandboxConfig { records, ..SandboxConfig::default() };
        let sandbox = runtime.block_on(Sandbox::start(config)).unwrap();
        let home = Home { folder: tempfile::tempdir().unwrap(), vault: "keychain" };
        Some(Self { home, sandbox, _runtime: runtime })
    }

    pub(crate) fn details(&self) -> &Details {
        self.sandbox.details()
    }

    /// Adds the first environment as `crm`, signed in as the sandbox's application.
    pub(crate) fn add_crm(&self, more: &[&str]) -> Ended {
        let details = self.details().clone();
        self.add_environment("crm", &details.dataverse, &details.client_secret, more)
    }

    pub(crate) fn add_environment(&self, name: &str, url: &str, secret: &str, more: &[&str]) -> Ended {
        let details = self.details();
        let arguments = [
            "--json",
            "connection",
            "add",
            name,
            "--system",
            "dataverse",
            "--url",
            url,
            "--auth",
            "client-credentials",
            "--authority",
            &details.authority,
            "--tenant",
            &details.tenant,
            "--client-id",
            &details.confidential_client_id,
            "--kind",
            "sandbox",
            "--secret-stdin",
        ];
        self.home.told(secret, &[&arguments, more].concat())
    }

    /// Adds a file as a writable destination.
    pub(crate) fn add_file(&self, name: &str, file: &str) -> PathBuf {
        let path = self.home.path(file);
        let system = file.rsplit('.').next().unwrap();
        let text = path.display().to_string();
        self.home
            .json(&["connection", "add", name, "--system", system, "--url", &text, "--writable"])
            .with(0);
        path
    }

    /// Adds the marketing platform.
    pub(crate) fn add_marketing(&self) {
        let details = self.details();
        let partner = format!("partner={}", details.insider_partner);
        let arguments = [
            "connection",
            "add",
            "marketing",
            "--system",
            "insider",
            "--url",
            &details.insider,
            "--option",
            &partner,
            "--writable",
            "--secret-stdin",
        ];
        self.home.told(&details.insider_token, &arguments).with(0);
    }

    /// Writes a definition and gives its path.
    pub(crate) fn definition(&self, definition: &Value) -> String {
        let path = self.home.path("d.sync.json");
        std::fs::write(&path, definition.to_string()).unwrap();
        path.display().to_string()
    }
}

/// A count in a JSON document.
pub(crate) fn count(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("{name} in {value}"))
}
