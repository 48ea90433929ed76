//! Stopping a statement that runs.

use rusqlite::{Connection, InterruptHandle};
use std::sync::{Arc, Mutex};

use crate::StoreError;
use crate::store::lock;

/// Stops a statement that is running, or one that has not begun.
#[derive(Clone, Default)]
pub struct SqlCancel(Arc<Mutex<CancelState>>);

#[derive(Default)]
struct CancelState {
    cancelled: bool,
    running: Option<InterruptHandle>,
}

impl SqlCancel {
    /// A handle that has not been used.
    pub fn new() -> Self {
        Self::default()
    }
    /// Stops the statement; it ends with `StoreError::Cancelled`.
    pub fn cancel(&self) {
        let mut state = lock(&self.0);
        state.cancelled = true;
        if let Some(running) = &state.running {
            running.interrupt();
        }
    }
    pub(crate) fn is_cancelled(&self) -> bool {
        lock(&self.0).cancelled
    }
    pub(crate) fn begin(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        if state.cancelled {
            return Err(StoreError::Cancelled);
        }
        state.running = Some(connection.get_interrupt_handle());
        Ok(())
    }
    /// Nothing is running any more that could be stopped.
    pub(crate) fn end(&self) {
        lock(&self.0).running = None;
    }
}

impl std::fmt::Debug for SqlCancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqlCancel")
    }
}
