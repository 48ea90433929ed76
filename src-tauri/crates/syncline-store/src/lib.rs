//! syncline-store.
