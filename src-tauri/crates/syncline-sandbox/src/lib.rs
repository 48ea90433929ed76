//! syncline-sandbox.
pub mod data;
pub mod dataverse;
