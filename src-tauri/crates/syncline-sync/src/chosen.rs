//! Which records a plan of some records is made of, window by window.

use syncline_model::SynclineError;
use syncline_store::Store;

use crate::plan::Only;
use crate::progress::blocking;

/// Records that are read at once.
const WINDOW: usize = 500;

/// Gives the ids one window after the other.
pub(crate) struct Chosen {
    only: Only,
    from: u32,
    ended: bool,
}

impl Chosen {
    pub(crate) fn new(only: &Only) -> Self {
        Self { only: only.clone(), from: 0, ended: false }
    }

    /// The next ids; `None` at the end.
    pub(crate) async fn next(&mut self, store: &Store) -> Result<Option<Vec<String>>, SynclineError> {
        if self.ended {
            return Ok(None);
        }
        match &mut self.only {
            Only::Ids(ids) => {
                let rest = ids.split_off(ids.len().min(WINDOW));
                let window = std::mem::replace(ids, rest);
                self.ended = ids.is_empty();
                Ok((!window.is_empty()).then_some(window))
            }
            Only::Run { run, failed } => {
                let (store, run, failed, from) = (store.clone(), *run, *failed, self.from);
                let found =
                    blocking(move || Ok(store.run_source_ids(run, failed, from, WINDOW as u32)?)).await?;
                let Some((last, _)) = found.last() else {
                    self.ended = true;
                    return Ok(None);
                };
                self.from = last + 1;
                Ok(Some(found.into_iter().map(|(_, id)| id).collect()))
            }
        }
    }
}
