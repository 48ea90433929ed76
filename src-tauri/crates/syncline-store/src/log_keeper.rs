//! Taking the write-ahead log into the file while the writer goes on. The disk is waited for there, twice for some 100 ms each time that
//! the log has grown to its limit, and a pull that writes all the time would wait as long. What is left for the writer, when the log is to
//! begin anew, is what came since.
//!
//! Source: SQLite, "Write-Ahead Logging", "Checkpointing": a passive checkpoint does as much as it can without hindering readers or the
//! writer, and the log begins anew when all of it was taken and nobody reads from it.

use rusqlite::Connection;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::StoreError;
use crate::store::lock;

/// Pages in the log and not in the file that are worth taking: 16 MB.
const WORTH_TAKING: i64 = 4_000;

struct Keeper {
    ask: SyncSender<()>,
    thread: JoinHandle<Result<(), StoreError>>,
}

/// The thread that does it; it begins when the log first has so much, and ends with this.
#[derive(Default)]
pub(crate) struct LogKeeper(Mutex<Option<Keeper>>);

impl LogKeeper {
    /// To be called after the writer has written. `open` gives what opens a connection of the thread's own, that can write.
    pub(crate) fn written<O>(&self, writer: &Connection, open: impl FnOnce() -> O)
    where
        O: FnOnce() -> Result<Connection, StoreError> + Send + 'static,
    {
        // What fails here fails for the writer too, which tells; the log is only longer until then.
        let Ok(waiting) = waiting(writer) else { return };
        if waiting < WORTH_TAKING {
            return;
        }
        let mut keeper = lock(&self.0);
        if keeper.is_none() {
            let (ask, asked) = sync_channel(1);
            let name = std::thread::Builder::new().name("log-keeper".to_owned());
            let open = open();
            *keeper = name.spawn(move || keep(open, &asked)).ok().map(|thread| Keeper { ask, thread });
        }
        if let Some(keeper) = &*keeper {
            // Where it is asked already it need not be asked again.
            let _ = keeper.ask.try_send(());
        }
    }
}

impl Drop for LogKeeper {
    fn drop(&mut self) {
        let keeper = lock(&self.0).take();
        if let Some(Keeper { ask, thread }) = keeper {
            drop(ask);
            // Its connection is closed then, so that the writer is the last one.
            let _ = thread.join();
        }
    }
}

/// Pages that are in the log and not in the file.
fn waiting(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
        .query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}

/// Ends early where something is wrong: the writer then does all of it, and tells.
fn keep(
    open: impl FnOnce() -> Result<Connection, StoreError>,
    asked: &Receiver<()>,
) -> Result<(), StoreError> {
    let db = open()?;
    asked.iter().try_for_each(|()| Ok(db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?))
}

#[cfg(test)]
mod tests {
    use super::{WORTH_TAKING, waiting};
    use crate::testing::open;
    use std::time::{Duration, Instant};

    #[test]
    fn the_log_is_taken_beside_the_writer() {
        let (folder, store) = open();
        let table = "CREATE TABLE much(n INTEGER PRIMARY KEY, text BLOB)";
        store.write(|tx| Ok(tx.execute_batch(table)?)).unwrap();
        // More than is worth taking, and less than the writer takes by itself.
        for _ in 0..6 {
            store
                .write(|tx| {
                    let mut insert = tx.prepare("INSERT INTO much(text) VALUES(randomblob(4000))")?;
                    (0..1_000).try_for_each(|_| Ok(insert.execute([]).map(drop)?))
                })
                .unwrap();
        }
        let begun = Instant::now();
        while store.with_writer(|writer| Ok(waiting(writer)?)).unwrap() > WORTH_TAKING {
            assert!(begun.elapsed() < Duration::from_secs(60), "nobody takes it");
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(store);
        let log = std::fs::metadata(folder.path().join("syncline.db-wal")).map_or(0, |meta| meta.len());
        assert_eq!(log, 0, "the writer closed last");
    }
}
