//! OData query options: reading them, and shaping rows by them.
pub(crate) mod filter;
pub(crate) mod options;
pub(crate) mod shape;
