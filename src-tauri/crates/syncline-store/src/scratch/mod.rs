//! What SQLite puts aside while it sorts, groups and joins. SQLCipher has it in memory, because it does not encrypt such files; so a sort of
//! a large entity took as much memory as the entity is large. Here it goes to files, encrypted as it is written.

mod file;
mod vfs;

pub(crate) use vfs::{FAILED, register};
