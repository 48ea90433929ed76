//! syncline-model.
