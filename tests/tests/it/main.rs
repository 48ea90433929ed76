//! The parts together, against the sample tenant.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod app_compare;
mod app_copy;
mod app_files;
mod app_forget;
mod app_guards;
mod app_hazards;
mod app_identifiers;
mod app_insider;
mod app_limits;
mod app_offline;
mod app_only_changed;
mod app_prediction;
mod app_preview;
mod app_pull;
mod app_recorder;
mod app_schedule;
mod app_secrets;
mod app_sign_in;
mod app_sign_off;
mod app_support;
mod app_together;
mod app_values;
mod app_workbook;
mod app_writing;
mod bulk;
mod cache_fetch;
mod costs;
mod dataverse;
mod dataverse_write;
mod definition_check;
mod definition_limits;
mod fault_ask;
mod fault_matrix;
mod fault_rows;
mod fault_world;
mod limits;
mod links_elsewhere;
mod long_reads;
mod metadata;
mod modes;
#[cfg(target_os = "linux")]
mod offline_namespace;
mod prefer;
mod queries;
mod sign_in;
