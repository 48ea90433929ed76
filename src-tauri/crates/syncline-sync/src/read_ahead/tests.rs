//! A process that dies with any request under way: the pull goes on from the page that was in flight, and stores what an unbroken one stores.

use async_trait::async_trait;
use serde_json::{json, value::RawValue};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use syncline_connect::{Capabilities, Count, Cursor, Page, PageEnd, Selection, SharedTaker, Source};
use syncline_model::{
    ColumnName, EntityName, EntitySchema, EntitySummary, ErrorCode, FetchSection, Identity, Record, RecordId,
    SynclineError,
};
use syncline_store::{Pull, PullStatus, STORE_FILE, Store, StoreKey};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::progress::Work;
use crate::pull::{PullRequest, pull};

const PAGES: u64 = 6;
/// Records of a page; with their length a page is stored in three parts.
const ROWS: u64 = 90;
const RECORD_BYTES: usize = 32 << 10;

fn schema() -> EntitySchema {
    let column = |name: &str, kind: &str| {
        json!({ "logical_name": name, "display_name": name, "type": kind, "required": "none", "readable": true,
            "creatable": true, "updatable": true })
    };
    serde_json::from_value(json!({
        "logical_name": "note", "set_name": "notes", "display_name": "Note", "display_collection_name": "Notes",
        "primary_id": "noteid", "primary_name": "subject", "custom": false, "change_tracking": false,
        "columns": [column("noteid", "uniqueidentifier"), column("subject", "string"), column("body", "memo")],
        "keys": [], "relationships": []
    }))
    .unwrap()
}

fn record(n: u64) -> Record {
    let id = Uuid::from_u64_pair(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n).to_string();
    // Texts that do not shrink, so that storing takes a while.
    let mut state = n + 1;
    let body: String = (0..RECORD_BYTES / 16)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{state:016x}")
        })
        .collect();
    let raw = json!({ "noteid": id, "subject": format!("Note {n}"), "body": body }).to_string();
    Record {
        entity: "note".into(),
        id: RecordId::new(id),
        etag: Some(format!("W/\"{n}\"")),
        raw: RawValue::from_string(raw).unwrap(),
    }
}

type OnAsk = Box<dyn Fn(u64) + Send + Sync>;

/// A page that breaks off in its middle, and comes again.
const BROKEN: u64 = 3;

/// Pages by number; says which one is asked for.
struct Numbered {
    asked: Mutex<Vec<u64>>,
    on_ask: OnAsk,
}

impl Numbered {
    fn new(on_ask: impl Fn(u64) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { asked: Mutex::new(Vec::new()), on_ask: Box::new(on_ask) })
    }

    fn asked(&self) -> Vec<u64> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Source for Numbered {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_back: true,
            upserts: false,
            guards_versions: false,
            deletes: false,
            takes_events: false,
            partial_batches: false,
            filters: false,
            max_batch_rows: 1,
            max_batch_bytes: 1,
            max_page_size: 5_000,
            parallel_batches: 1,
        }
    }
    async fn identity(&self) -> Result<Identity, SynclineError> {
        Ok(Identity::default())
    }
    async fn entities(&self, _: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        Ok(vec![schema().summary])
    }
    async fn schema(&self, _: &EntityName, _: &CancellationToken) -> Result<EntitySchema, SynclineError> {
        Ok(schema())
    }
    async fn count(&self, _: &Selection, _: &CancellationToken) -> Result<Count, SynclineError> {
        Ok(Count { value: PAGES * ROWS, exact: true })
    }
    async fn page(
        &self,
        _: &Selection,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        if cancel.is_cancelled() {
            return Err(SynclineError::new(ErrorCode::Cancelled, "stopped on request"));
        }
        let number: u64 = cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
        (self.on_ask)(number);
        self.asked.lock().unwrap().push(number);
        Ok(Page {
            records: (number * ROWS..(number + 1) * ROWS).map(record).collect(),
            next: (number + 1 < PAGES).then(|| Cursor((number + 1).to_string())),
            bytes: 1,
        })
    }
    async fn page_to(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let Page { records, next, bytes } = self.page(selection, cursor, cancel).await?;
        let mut taker = taker.lock().unwrap();
        if cursor.is_some_and(|cursor| cursor.0 == BROKEN.to_string()) {
            taker.begin()?;
            records.iter().take(ROWS as usize / 2).try_for_each(|record| taker.record(record.clone()))?;
        }
        taker.begin()?;
        records.into_iter().try_for_each(|record| taker.record(record))?;
        Ok(PageEnd { next, token: None, bytes })
    }
    async fn get(
        &self,
        _: &EntityName,
        ids: &[RecordId],
        _: &[ColumnName],
        _: &CancellationToken,
    ) -> Result<Vec<Option<Record>>, SynclineError> {
        Ok(vec![None; ids.len()])
    }
}

fn connection() -> Uuid {
    Uuid::from_u128(5)
}

fn opened(folder: &Path) -> Store {
    let store = Store::open(folder, &StoreKey::from_hex(&"1b".repeat(32)).unwrap()).unwrap();
    store.recover(now()).unwrap();
    store
}

fn now() -> jiff::Timestamp {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

async fn pulled(
    store: &Store,
    source: &Arc<Numbered>,
    cancel: CancellationToken,
) -> Result<Pull, SynclineError> {
    let request = PullRequest {
        connection: connection(),
        schema: schema(),
        columns: Vec::new(),
        filter: None,
        list: None,
        fetch: FetchSection::default(),
        page_size: ROWS as u32,
        full: false,
    };
    let work = Work {
        clock: Arc::new(now),
        progress: Arc::new(|_, _, _| {}),
        calls: Arc::new(|_, _| {}),
        tally: syncline_http::Tally::default(),
        cancel,
    };
    let source: Arc<dyn Source> = source.clone();
    pull(store, source, request, &work).await.map(|pulled| pulled.pull)
}

fn hash(store: &Store) -> String {
    store.content_hash(connection(), &"note".into()).unwrap()
}

/// What a process that dies now leaves: first the store, then its log, which only grows meanwhile.
fn image(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in [STORE_FILE.to_owned(), format!("{STORE_FILE}-wal")] {
        fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
    fs::copy(from.join("syncline.check"), to.join("syncline.check")).unwrap();
    let Ok(files) = fs::read_dir(from.join("spool")) else { return };
    fs::create_dir_all(to.join("spool")).unwrap();
    for file in files.flatten() {
        fs::copy(file.path(), to.join("spool").join(file.file_name())).unwrap();
    }
}

struct Images {
    folder: TempDir,
    whole: String,
}

impl Images {
    fn at(&self, page: u64) -> PathBuf {
        self.folder.path().join(page.to_string())
    }
}

/// A pull, and what it would have left with each of its requests under way.
async fn images() -> Images {
    let folder = tempfile::tempdir().unwrap();
    let (home, root) = (folder.path().join("home"), folder.path().to_owned());
    let store = opened(&home);
    let source = Numbered::new(move |page| image(&root.join("home"), &root.join(page.to_string())));
    let done = pulled(&store, &source, CancellationToken::new()).await.unwrap();
    assert_eq!((done.counts.read, done.counts.pages), (PAGES * ROWS, PAGES));
    assert_eq!(
        fs::read_dir(home.join("spool")).map_or(0, Iterator::count),
        0,
        "nothing is left beside the store"
    );
    let whole = hash(&store);
    drop(store);
    Images { folder, whole }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_came_is_not_asked_for_again() {
    let images = images().await;
    let mut ahead = 0;
    for in_flight in 1..PAGES {
        let store = opened(&images.at(in_flight));
        let before = store.last_pull(connection(), &"note".into()).unwrap().unwrap();
        assert_eq!(before.status, PullStatus::Interrupted);
        ahead += u64::from(before.counts.pages < in_flight);
        let source = Numbered::new(|_| {});
        let done = pulled(&store, &source, CancellationToken::new()).await.unwrap();
        assert_eq!(source.asked(), (in_flight..PAGES).collect::<Vec<_>>(), "with page {in_flight} in flight");
        let counts = done.counts;
        assert_eq!((counts.read, counts.new, counts.unchanged, counts.pages), (540, 540, 0, PAGES));
        assert_eq!(hash(&store), images.whole);
    }
    assert!(ahead > 0, "the next page was never asked for before the one before it was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_asked_for_again() {
    let images = images().await;
    for in_flight in 2..PAGES {
        let folder = images.at(in_flight);
        for file in fs::read_dir(folder.join("spool")).into_iter().flatten().flatten() {
            let bytes = fs::read(file.path()).unwrap();
            // Cut as by a loss of power.
            fs::write(file.path(), &bytes[..bytes.len() / 2]).unwrap();
        }
        let store = opened(&folder);
        let stored = store.last_pull(connection(), &"note".into()).unwrap().unwrap().counts.pages;
        let source = Numbered::new(|_| {});
        let done = pulled(&store, &source, CancellationToken::new()).await.unwrap();
        assert_eq!(source.asked(), (stored..PAGES).collect::<Vec<_>>());
        assert_eq!((done.counts.read, done.counts.pages), (PAGES * ROWS, PAGES));
        assert_eq!(hash(&store), images.whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_spooled_a_page_is_stored_before_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path());
    fs::write(folder.path().join("spool"), "no folder").unwrap();
    let (root, behind) = (store.clone(), Arc::new(AtomicU64::new(0)));
    let most = Arc::clone(&behind);
    let source = Numbered::new(move |page| {
        let pull = root.last_pull(connection(), &"note".into()).unwrap().unwrap();
        most.fetch_max(page - pull.counts.pages, Relaxed);
    });
    let done = pulled(&store, &source, CancellationToken::new()).await.unwrap();
    assert_eq!((done.counts.read, done.counts.pages), (PAGES * ROWS, PAGES));
    assert_eq!(behind.load(Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_pull_asks_for_nothing_that_had_come() {
    let whole = images().await.whole;
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path());
    let cancel = CancellationToken::new();
    let (stop, last) = (cancel.clone(), Arc::new(AtomicU64::new(0)));
    let furthest = Arc::clone(&last);
    let source = Numbered::new(move |page| {
        furthest.store(page, Relaxed);
        if page == 3 {
            stop.cancel();
        }
    });
    let stopped = pulled(&store, &source, cancel).await.unwrap_err();
    assert_eq!(stopped.code, ErrorCode::Cancelled);
    let source = Numbered::new(|_| {});
    let done = pulled(&store, &source, CancellationToken::new()).await.unwrap();
    let again = source.asked();
    assert!(again.first().is_none_or(|first| *first >= last.load(Relaxed)), "{again:?}");
    assert_eq!((done.counts.read, done.counts.pages, done.resumed), (PAGES * ROWS, PAGES, true));
    assert_eq!(hash(&store), whole);
}
