//! syncline-secrets.
