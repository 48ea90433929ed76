//! Definitions that run by themselves: when, in words; what was missed; the same for the machine's own schedulers.

mod cron;
mod state;
pub(crate) mod texts;
mod watch;
mod windows;

pub(crate) use cron::{Cron, shown};
pub(crate) use state::{forget_missed, read as read_state};
pub(crate) use watch::{Turn, begin, both_within, counted, watch, within};
