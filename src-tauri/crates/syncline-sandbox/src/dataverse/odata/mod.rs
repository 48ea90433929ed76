//! OData query options: reading them, and shaping rows by them.
pub(crate) mod filter;
pub(crate) mod functions;
pub(crate) mod options;
pub(crate) mod relations;
pub(crate) mod shape;
