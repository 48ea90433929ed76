//! syncline-odata.
