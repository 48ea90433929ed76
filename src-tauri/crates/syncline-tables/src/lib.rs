//! syncline-tables.
