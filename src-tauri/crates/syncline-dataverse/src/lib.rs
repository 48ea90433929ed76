//! syncline-dataverse.
