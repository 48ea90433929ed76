//! The one error a shell sees: code, message, hint and what a support case needs.

pub use syncline_model::SynclineError as ApiError;
