//! Taking the write-ahead log into the file while the writer goes on. That takes time and waits for the disk, and a pull that writes all
//! the time would wait as long whenever the log has grown to its limit. What is left for the writer then, before the log begins anew, is
//! what came since.
//!
//! Source: SQLite, "Write-Ahead Logging", "Checkpointing": a passive checkpoint does as much as it can without hindering readers or the
//! writer, and the log begins anew when all of it was taken and nobody reads from it.

use rusqlite::Connection;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::StoreError;
use crate::store::lock;

/// Pages in the log from which on the writer takes them after each transaction, until it begins anew: 64 MB.
pub(crate) const LIMIT: i64 = 16_000;
/// Pages in the log and not in the file that are worth taking beside the writer: 16 MB.
const WORTH_TAKING: i64 = 4_000;

struct Keeper {
    ask: SyncSender<()>,
    thread: JoinHandle<()>,
}

/// The thread that does it; it begins when the log has so much, and ends with this.
#[derive(Default)]
pub(crate) struct LogKeeper(Mutex<Option<Keeper>>);

impl LogKeeper {
    /// To be called after the writer has written. `opener` gives what opens a connection of the thread's own, that can write.
    pub(crate) fn written<O>(&self, writer: &Connection, opener: impl FnOnce() -> O)
    where
        O: FnOnce() -> Result<Connection, StoreError> + Send + 'static,
    {
        if !is_worth_taking(writer) {
            return;
        }
        let mut keeper = lock(&self.0);
        if keeper.as_ref().is_none_or(|keeper| keeper.thread.is_finished()) {
            let (ask, asked) = sync_channel(1);
            let (open, thread) = (opener(), std::thread::Builder::new().name("log-keeper".to_owned()));
            *keeper = thread.spawn(move || keep(open, &asked)).ok().map(|thread| Keeper { ask, thread });
        }
        if let Some(keeper) = &*keeper {
            // Where it is asked already it need not be asked again.
            let _ = keeper.ask.try_send(());
        }
    }

    /// Waits until nobody takes anything beside the writer and the thread's connection is closed. It begins again by itself.
    pub(crate) fn stop(&self) {
        let keeper = lock(&self.0).take();
        if let Some(Keeper { ask, thread }) = keeper {
            drop(ask);
            // A thread that panicked has ended too.
            let _ = thread.join();
        }
    }
}

impl Drop for LogKeeper {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Pages in the log, and how many of them are in the file.
fn pages(db: &Connection) -> rusqlite::Result<(i64, i64)> {
    db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// False also where the writer takes them: only one can at a time, and while there is always something new the log begins anew only when
/// the writer has taken the last.
fn is_worth_taking(db: &Connection) -> bool {
    pages(db).is_ok_and(|(pages, taken)| pages < LIMIT && pages - taken >= WORTH_TAKING)
}

/// Where something is wrong it ends: the log then grows until the writer takes it, or until this is tried again.
fn keep(open: impl FnOnce() -> Result<Connection, StoreError>, asked: &Receiver<()>) {
    let Ok(db) = open() else { return };
    for () in asked {
        if is_worth_taking(&db) && db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, WORTH_TAKING, pages};
    use crate::Store;
    use crate::testing::{key, open};
    use std::time::{Duration, Instant};

    /// Some 1,000 pages or more in a transaction.
    fn write(store: &Store) {
        let sql = "CREATE TABLE IF NOT EXISTS much(n INTEGER PRIMARY KEY, text BLOB);
            WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000)
            INSERT INTO much(text) SELECT randomblob(4000) FROM n";
        store.write(|tx| Ok(tx.execute_batch(sql)?)).unwrap();
    }

    fn in_log(store: &Store) -> (i64, i64) {
        store.with_writer(|writer| Ok(pages(writer)?)).unwrap()
    }

    #[test]
    fn the_log_is_taken_beside_the_writer() {
        let (folder, store) = open();
        let mut most = 0;
        let begun = Instant::now();
        // The writer takes nothing by itself below the limit.
        while in_log(&store).1 == 0 {
            if in_log(&store).0 < LIMIT - 4_000 {
                write(&store);
                most = in_log(&store).0;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "nobody takes {:?}", in_log(&store));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!((WORTH_TAKING..LIMIT).contains(&most), "{most} pages were in the log");
        drop(store);
        let log = std::fs::metadata(folder.path().join("syncline.db-wal")).map_or(0, |meta| meta.len());
        assert_eq!(log, 0, "what was left is taken when the store is closed");
        let store = Store::open(folder.path(), &key()).unwrap();
        let count = |db: &rusqlite::Connection| {
            Ok(db.query_row("SELECT count(*) % 1000 FROM much", [], |row| row.get::<_, i64>(0))?)
        };
        assert_eq!(store.read(count).unwrap(), 0);
    }

    #[test]
    fn the_log_begins_anew_while_there_is_always_something_new() {
        let (_folder, store) = open();
        let mut shortest = i64::MAX;
        for n in 0..40 {
            write(&store);
            if n > 20 {
                shortest = shortest.min(in_log(&store).0);
            }
        }
        assert!(shortest < LIMIT, "it has only grown");
    }

    #[test]
    fn forgetting_waits_for_it() {
        let (_folder, store) = open();
        for _ in 0..3 {
            for _ in 0..5 {
                write(&store);
            }
            // What was written last is being taken at this moment, or will be.
            assert!(store.compact().unwrap());
            assert_eq!(in_log(&store).0, 0);
        }
    }
}
