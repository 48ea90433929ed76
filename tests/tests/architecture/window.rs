//! What the window may do: strict content security policy, least capabilities, one folder that knows Tauri.

use super::{files, root, shown};

#[test]
fn the_web_view_reaches_nothing_but_us() {
    let text = std::fs::read_to_string(root().join("src-tauri/tauri.conf.json")).expect("tauri.conf.json");
    let config: serde_json::Value = serde_json::from_str(&text).expect("tauri.conf.json is JSON");
    let csp = &config["app"]["security"]["csp"];
    let policy = match csp {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    assert!(policy.contains("default-src"), "no content security policy: {policy}");
    for forbidden in ["*", "https:", "unsafe-eval"] {
        assert!(
            !policy.replace("ipc: http://ipc.localhost", "").contains(forbidden),
            "{forbidden} in {policy}"
        );
    }
    let script = policy.split(';').find(|part| part.contains("script-src")).unwrap_or_default();
    assert!(!script.contains("unsafe-inline"), "inline scripts are allowed: {script}");
}

#[test]
fn capabilities_name_one_window_and_no_wildcard() {
    let folder = root().join("src-tauri/capabilities");
    let all = files(&folder, &[".json"]);
    assert!(!all.is_empty(), "no capability file");
    for path in all {
        let text = std::fs::read_to_string(&path).expect("readable");
        let capability: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(capability["windows"], serde_json::json!(["main"]), "{}", shown(&path));
        for permission in capability["permissions"].as_array().expect("permissions") {
            let name = permission.as_str().or_else(|| permission["identifier"].as_str()).unwrap_or_default();
            for forbidden in ["fs:", "shell:", "http:", "process:"] {
                assert!(!name.starts_with(forbidden), "{}: {name}", shown(&path));
            }
        }
    }
}

#[test]
fn one_folder_of_the_ui_knows_tauri() {
    let mut faults = Vec::new();
    for path in files(&root().join("ui/src"), &[".ts", ".tsx"]) {
        let inside = path.starts_with(root().join("ui/src/host"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if !inside && text.contains("@tauri-apps") {
            faults.push(shown(&path));
        }
    }
    assert!(faults.is_empty(), "@tauri-apps outside ui/src/host: {faults:?}");
}

/// True where a line of TypeScript gives the type `any`; the English word in texts and comments is no type.
fn gives_any(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    if code.trim_start().starts_with('*') {
        return false;
    }
    [": any", "as any", "<any"].iter().any(|word| {
        code.match_indices(word).any(|(at, _)| {
            let after = code[at + word.len()..].trim_start();
            after.is_empty() || after.starts_with([';', ',', ')', '[', ']', '>', '|', '}', '=', '{'])
        })
    })
}

#[test]
fn typescript_is_typed() {
    assert!(gives_any("const x: any = 1;") && gives_any("f(x as any)") && !gives_any("// of: any kind"));
    let mut faults = Vec::new();
    for path in files(&root().join("ui/src"), &[".ts", ".tsx"]) {
        for (number, line) in std::fs::read_to_string(&path).unwrap_or_default().lines().enumerate() {
            if gives_any(line) || line.contains("@ts-ignore") || line.contains("@ts-expect-error") {
                faults.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn web_addresses_are_known_ones() {
    // The window and the backend speak to the connection's own hosts, its authority and loopback; nothing phones home.
    let known = [
        "login.microsoftonline",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
        "dynamics.com",
        "dynamics.cn",
        "microsoftdynamics",
        "appsplatform.us",
        "useinsider.com",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "example",
        ".test",
        ".invalid",
        "syncline.app/schemas",
        "schemas.microsoft.com",
        "www.w3.org",
        "json-schema.org",
        "docs.oasis-open.org",
        "proxy.",
        "contoso",
        "fabrikam",
        "northwind",
        "learn.microsoft.com",
        "portal.azure.com",
        "entra.microsoft.com",
        "microsoft.com/devicelogin",
        "aka.ms",
        "org.crm",
        "ipc.localhost",
        "{",
        "host",
        "$",
        "crm",
        "a.b",
        "\\",
        "'",
        "\"",
        "`",
    ];
    let mut faults = Vec::new();
    let crates = files(&root().join("src-tauri/crates"), &[".rs"]);
    for path in crates.into_iter().chain(files(&root().join("ui/src"), &[".ts", ".tsx"])) {
        if path.to_string_lossy().contains("sandbox") || path.to_string_lossy().contains("xtask") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for (at, _) in line.match_indices("https://") {
                let rest = &line[at + "https://".len()..];
                let address: String = rest.chars().take_while(|c| !c.is_whitespace()).take(60).collect();
                if !address.is_empty() && !known.iter().any(|name| address.contains(name)) {
                    faults.push(format!("{}:{}: https://{address}", shown(&path), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
