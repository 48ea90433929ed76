//! syncline-insider.
