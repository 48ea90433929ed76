//! Settings, the restored session, what the application is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A kept value.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct KeyedValue {
    /// Key, such as `session` or `grid/contoso/contact`.
    pub key: String,
    /// Any JSON; null removes it.
    #[ts(type = "unknown")]
    pub value: serde_json::Value,
}

/// Names a kept value.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct KeyRef {
    /// Key.
    pub key: String,
}

/// What this application is and where it keeps things.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct About {
    /// Version.
    pub version: String,
    /// Folder of the store.
    pub home: String,
    /// Bytes of the store.
    pub store_bytes: u64,
    /// `keychain` or `memory`.
    pub vault: String,
    /// Name of the operating system.
    pub platform: String,
    /// True when nothing was ever connected.
    pub first_run: bool,
}

/// Settings that the backend obeys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Proxy address; empty: the system's; `none`: no proxy.
    pub proxy: String,
    /// PEM file with further certificate authorities; empty: none.
    pub ca_file: String,
    /// Notify at the end of long work.
    pub notifications: bool,
    /// Days after which a run that ended goes, with its before-images; 0: never.
    pub audit_days: u32,
    /// Days after which a preview that nobody ran goes, a week at most where it would write nothing; 0: never; absent: 30.
    pub preview_days: Option<u32>,
    /// Limits of runs whose definition names none of its own.
    pub limits: syncline_model::RunLimits,
    /// On production any warning of the preview stops a run before its first write.
    pub strict_production: bool,
}
