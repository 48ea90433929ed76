//! syncline-api.
