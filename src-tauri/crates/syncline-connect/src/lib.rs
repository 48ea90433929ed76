//! syncline-connect.
