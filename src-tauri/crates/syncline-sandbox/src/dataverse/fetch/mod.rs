//! FetchXML: reading, running, paging, aggregating.
mod aggregate;
pub(crate) mod condition;
mod join;
mod parse;
mod related;
#[cfg(test)]
mod robust;
mod run;
mod sort;
pub(crate) mod vocabulary;
mod who;
pub(crate) mod xml;

pub(crate) use run::run;
