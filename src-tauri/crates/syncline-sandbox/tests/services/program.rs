//! `syncline-sandbox` as a process.
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[tokio::test]
async fn the_first_line_is_the_details() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_syncline-sandbox"))
        .args(["--records", "10", "--token-lifetime", "77"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let details: Value = serde_json::from_str(&line).unwrap();
    for name in [
        "dataverse",
        "insider",
        "authority",
        "discovery",
        "tenant",
        "client_id",
        "confidential_client_id",
        "client_secret",
        "insider_partner",
        "insider_token",
        "control",
    ] {
        assert!(details[name].as_str().is_some_and(|text| !text.is_empty()), "{name} of {details}");
    }
    assert!(details["finops"].is_null() && details["salesforce"].is_null());
    for kind in ["normal", "restricted", "disabled", "second factor", "no environment", "guest"] {
        assert!(details["users"].as_array().unwrap().iter().any(|user| user["kind"] == kind), "{kind}");
    }
    for environment in details["environments"].as_array().unwrap() {
        let url = format!("{}/api/data/v9.2/WhoAmI", environment["url"].as_str().unwrap());
        assert_eq!(reqwest::get(url).await.unwrap().status(), 401);
    }
    let authority = details["authority"].as_str().unwrap();
    let port = authority.rsplit_once(':').unwrap().1;
    let second =
        Command::new(env!("CARGO_BIN_EXE_syncline-sandbox")).args(["--port", port]).output().unwrap();
    assert!(!second.status.success() && !second.stderr.is_empty(), "the port is taken");
    #[cfg(unix)]
    {
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(child.wait().unwrap().success(), "an orderly end on SIGTERM");
    }
    #[cfg(not(unix))]
    child.kill().unwrap();
}
