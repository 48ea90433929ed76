//! syncline-mapping.
