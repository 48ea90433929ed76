//! syncline-sync.
