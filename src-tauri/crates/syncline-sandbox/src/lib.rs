//! syncline-sandbox.
