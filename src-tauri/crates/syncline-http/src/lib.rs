//! syncline-http.
