//! A real PostgreSQL of Debian's package, on a socket and port of its own in a folder that goes with it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Password of the server's owner, and of every user that [`PostgresServer::user`] makes.
pub const PASSWORD: &str = "ein Paßwort:/@?";

/// A running server. Its owner is `postgres`; the socket trusts everybody, loopback asks for a password (SCRAM).
pub struct PostgresServer {
    folder: TempDir,
    bin: PathBuf,
    port: u16,
    process: Child,
}

fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL is installed (cargo xtask test installs Debian's package postgresql)")
}

/// The server refuses to run as root; then it runs as the user that the package made.
fn owner() -> Option<(String, String)> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.starts_with("postgres:")).filter(|_| root)?;
    let parts: Vec<&str> = line.split(':').collect();
    Some((parts[2].to_owned(), parts[3].to_owned()))
}

/// A program as the server's owner, which ends when the thread that started it ends.
fn as_owner(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if let Some((user, group)) = owner() {
        command.args(["--reuid", &user, "--regid", &group, "--clear-groups"]);
    }
    command.arg(program).env("LC_ALL", "C.UTF-8").current_dir("/");
    command
}

fn done(command: &mut Command) {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl PostgresServer {
    /// Makes a database cluster and starts it. To be called on the test's own thread, with which the server ends at the latest.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with further settings, such as `ssl=on`. Files that they name must be readable by the server's owner.
    pub fn start_with(settings: &[&str]) -> Self {
        let bin = programs();
        let folder = tempfile::Builder::new().prefix("syncline-pg").tempdir_in("/tmp").expect("a folder");
        if let Some((user, group)) = owner() {
            done(Command::new("chown").arg(format!("{user}:{group}")).arg(folder.path()));
        }
        let (data, secret) = (folder.path().join("data"), folder.path().join("password"));
        std::fs::write(&secret, format!("{PASSWORD}\n")).expect("the password's file");
        done(Command::new("chmod").args(["644"]).arg(&secret));
        let mut init = as_owner(&bin.join("initdb"));
        init.arg("-D").arg(&data).args(["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        init.args(["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile"]).arg(&secret);
        done(&mut init);
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let mut server = as_owner(&bin.join("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(folder.path()).arg("-p").arg(port.to_string());
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=40"]);
        for setting in settings {
            server.arg("-c").arg(setting);
        }
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let process = server.stdout(Stdio::null()).stderr(log).spawn().expect("the server starts");
        let mut started = Self { folder, bin, port, process };
        if started.ready() {
            return started;
        }
        let log = std::fs::read_to_string(started.folder.path().join("log")).unwrap_or_default();
        // Another program took the port in between.
        assert!(log.contains("in use"), "the server did not start: {log}");
        drop(started);
        Self::start_with(settings)
    }

    fn ready(&mut self) -> bool {
        let limit = Instant::now() + Duration::from_secs(60);
        while Instant::now() < limit {
            if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            let asked = Command::new(self.bin.join("pg_isready"))
                .arg("-q")
                .arg("-h")
                .arg(self.folder.path())
                .args(["-p", &self.port.to_string()])
                .status();
            if asked.is_ok_and(|status| status.success()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// The folder of the socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// The cluster's folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The port of socket and loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An address over the socket, where no password is asked for.
    pub fn socket_url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@/{database}?host={}&port={}", self.folder.path().display(), self.port)
    }

    /// An address over loopback, where the password is asked for.
    pub fn loopback_url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL as the server's owner; the rows' columns are parted by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database])
            .arg("-h")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string()])
            .env("PGTZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql starts");
        let mut input = psql.stdin.take().expect("a pipe");
        input.write_all(sql.as_bytes()).expect("psql reads");
        drop(input);
        let mut text = String::new();
        psql.stdout.take().expect("a pipe").read_to_string(&mut text).expect("psql writes");
        let output = psql.wait_with_output().expect("psql ends");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        text.trim_end().to_owned()
    }

    /// Makes a database and an application's user in it.
    pub fn database(&self, name: &str, user: &str) {
        self.sql(
            "postgres",
            &format!("CREATE DATABASE \"{name}\"; CREATE ROLE \"{user}\" LOGIN PASSWORD '{PASSWORD}';"),
        );
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Tables like those of an application with users.
pub const USERS: &str = r#"
CREATE TABLE "Companies" ("Id" uuid PRIMARY KEY, "Name" varchar(200) NOT NULL, "CreditLimit" numeric(12,2));
CREATE TABLE "Users" (
  "Id" uuid PRIMARY KEY,
  "Email" varchar(100) UNIQUE,
  "FirstName" varchar(50),
  "LastName" varchar(50) NOT NULL,
  "PhoneNumber" text,
  "IsActive" boolean NOT NULL DEFAULT true,
  "CompanyId" uuid REFERENCES "Companies",
  "Balance" numeric(19,4),
  "UpdatedAt" timestamptz NOT NULL DEFAULT now()
);
"#;
