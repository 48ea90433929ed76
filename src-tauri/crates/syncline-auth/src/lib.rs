//! syncline-auth.
