//! What has arrived of a running pull and is not stored yet, kept in a file of its own for the time that storing takes: so the next page can be
//! asked for before the one before it is stored, and should the process die, no page but the one in flight is asked for again.
//!
//! The file is `arrived/` and the pull's id: a header, and one sealed piece for the place it goes on from and one for each part. Pieces are
//! JSON, encrypted with AES-256-GCM under a key that is derived (HKDF-SHA-256) from the store's key and a salt of the file, the
//! number of the piece being its nonce. A newer file takes the older one's place in one step. What can't be read, such as a file
//! that a loss of power has cut, is as if it were not there: its pages are asked for again.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use syncline_model::{Record, RecordId};
use uuid::Uuid;

use crate::cache::pulls::{self, PullStatus};
use crate::{Store, StoreError};

const FOLDER: &str = "arrived";
/// What a file begins with; the last byte is the version of its form.
const MAGIC: &[u8; 8] = b"SYNARR\0\x01";
const SALT_BYTES: usize = 32;
/// No piece is longer: a part is about 1 MiB, but for a single record that is longer.
const LONGEST_PIECE: u32 = 1 << 30;

/// Some records of a page, as they are stored together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ArrivedPart<R = Vec<Record>, G = Vec<RecordId>> {
    /// The page's place in the pull, from 0 on.
    pub page: u64,
    /// Records.
    pub records: R,
    /// Ids of records that are gone.
    pub removed: G,
    /// Set with the last part of a page.
    pub end: Option<ArrivedEnd>,
}

/// A part that stays with who has it.
pub type ArrivedPartRef<'a> = ArrivedPart<&'a [Record], &'a [RecordId]>;

/// Where a page led.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivedEnd {
    /// Where the next page begins; `None`: it was the last one.
    pub next: Option<String>,
    /// Where later changes are read, on the last page of a tracked reading.
    pub token: Option<String>,
    /// Bytes of the body.
    pub bytes: u64,
}

/// Where the first part goes on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Records of its page that were stored before it.
    stored: u64,
    parts: usize,
}

impl Store {
    /// Keeps what has arrived of a running pull and is not stored, in the place of what was kept of it before: the parts in their order, whole up
    /// to the end of a page. `stored`: records of the first part's page that are stored. It outlives the process, not a loss of power.
    pub fn keep_arrived(
        &self,
        pull: Uuid,
        stored: u64,
        parts: &[ArrivedPartRef<'_>],
    ) -> Result<(), StoreError> {
        let path = self.arrived_path(pull);
        let new = path.with_extension("new");
        let wrap = |source| StoreError::File { path: path.clone(), source };
        fs::create_dir_all(self.arrived_folder()).map_err(wrap)?;
        let mut salt = [0; SALT_BYTES];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| StoreError::internal("no randomness"))?;
        let mut pieces = Pieces::new(self, pull, &salt)?;
        let mut file = File::create(&new).map_err(wrap)?;
        file.write_all(MAGIC).and_then(|()| file.write_all(&salt)).map_err(wrap)?;
        pieces.seal(&Place { stored, parts: parts.len() }, &mut file, &path)?;
        for part in parts {
            pieces.seal(part, &mut file, &path)?;
        }
        drop(file);
        fs::rename(&new, &path).map_err(wrap)
    }

    /// An interrupted pull runs again with what had arrived of it and is not stored, in order; whoever asks stores it, and then says that
    /// the page in flight begins again ([`Store::page_again`]). Empty, and nothing has happened: there is none.
    pub fn resume_arrived(&self, pull: Uuid) -> Result<Vec<ArrivedPart>, StoreError> {
        let Some((place, parts)) = self.read_arrived(pull) else { return Ok(Vec::new()) };
        self.write(|tx| {
            let (page, part): (i64, i64) = tx.query_row(
                "SELECT pages, part FROM pulls WHERE id = ?1",
                params![pull.to_string()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let left = not_stored(place, parts, page.unsigned_abs(), part.unsigned_abs());
            if !left.is_empty() {
                self.run_again(tx, pull)?;
            }
            Ok(left)
        })
    }

    /// Nothing of a pull is needed any more.
    pub(super) fn drop_arrived(&self, pull: Uuid) {
        // What stays is taken by the next sweep.
        let _ = fs::remove_file(self.arrived_path(pull));
    }

    /// Removes what was kept for pulls that will not go on.
    pub(crate) fn sweep_arrived(&self) -> Result<(), StoreError> {
        let Ok(files) = fs::read_dir(self.arrived_folder()) else { return Ok(()) };
        for path in files.flatten().map(|file| file.path()) {
            let pull = path.file_stem().and_then(|name| name.to_str()?.parse::<Uuid>().ok());
            let needed = match pull {
                Some(id) => self.read(|db| pulls::load(db, id))?.is_some_and(|pull| {
                    pull.status == PullStatus::Running
                        || pull.can_go_on()
                            && self
                                .last_pull(pull.connection, &pull.entity)
                                .is_ok_and(|last| last.is_none_or(|last| last.id == id))
                }),
                None => false,
            };
            if !needed {
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    fn arrived_folder(&self) -> PathBuf {
        self.folder().join(FOLDER)
    }

    fn arrived_path(&self, pull: Uuid) -> PathBuf {
        self.arrived_folder().join(pull.to_string())
    }

    pub(crate) fn read_arrived(&self, pull: Uuid) -> Option<(Place, Vec<ArrivedPart>)> {
        let mut file = BufReader::new(File::open(self.arrived_path(pull)).ok()?);
        let mut head = [0; MAGIC.len() + SALT_BYTES];
        file.read_exact(&mut head).ok()?;
        let salt = head.strip_prefix(MAGIC)?;
        let mut pieces = Pieces::new(self, pull, salt).ok()?;
        let place: Place = pieces.open(&mut file)?;
        let parts = (0..place.parts).map(|_| pieces.open(&mut file)).collect::<Option<Vec<_>>>()?;
        Some((place, parts))
    }
}

/// The parts that are not stored where so many pages are, and so many records of the next one. None where parts and records do not meet: then the
/// page was stored in another way, and comes again.
fn not_stored(place: Place, parts: Vec<ArrivedPart>, pages: u64, part: u64) -> Vec<ArrivedPart> {
    let first = parts.first().map(|part| part.page);
    let mut at = if first == Some(pages) { place.stored } else { 0 };
    let mut parts = parts.into_iter().skip_while(|part| part.page < pages).peekable();
    while at < part && parts.peek().is_some_and(|part| part.page == pages && part.end.is_none()) {
        at += parts.next().map_or(0, |part| distinct(&part.records));
    }
    let meets = at == part && parts.peek().is_some_and(|part| part.page == pages);
    if meets { parts.collect() } else { Vec::new() }
}

/// Records that count as read: of one that stands twice in a part, one.
fn distinct(records: &[Record]) -> u64 {
    records.iter().map(|record| record.id.as_str()).collect::<std::collections::HashSet<_>>().len() as u64
}

/// The pieces of one file, in their order.
struct Pieces {
    key: LessSafeKey,
    pull: Uuid,
    number: u64,
    bytes: Vec<u8>,
}

impl Pieces {
    fn new(store: &Store, pull: Uuid, salt: &[u8]) -> Result<Self, StoreError> {
        let broken = |_| StoreError::internal("the key for what has arrived could not be made");
        let derived = Salt::new(HKDF_SHA256, salt).extract(store.secret());
        let key = derived.expand(&[b"syncline arrived records"], &AES_256_GCM).map_err(broken)?;
        Ok(Self { key: LessSafeKey::new(UnboundKey::from(key)), pull, number: 0, bytes: Vec::new() })
    }

    fn nonce(&mut self) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&self.number.to_le_bytes());
        self.number += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self, what: &impl Serialize, into: &mut File, path: &Path) -> Result<(), StoreError> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        serde_json::to_writer(&mut bytes, what)
            .map_err(|_| StoreError::internal("what has arrived can't be written as JSON"))?;
        let (nonce, about) = (self.nonce(), Aad::from(self.pull.into_bytes()));
        self.key
            .seal_in_place_append_tag(nonce, about, &mut bytes)
            .map_err(|_| StoreError::internal("what has arrived could not be encrypted"))?;
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST_PIECE);
        let length = length.ok_or_else(|| StoreError::internal("a part of a page is too long"))?;
        let written = into.write_all(&length.to_le_bytes()).and_then(|()| into.write_all(&bytes));
        self.bytes = bytes;
        written.map_err(|source| StoreError::File { path: path.to_owned(), source })
    }

    fn open<T: for<'a> Deserialize<'a>>(&mut self, from: &mut impl Read) -> Option<T> {
        let mut length = [0; 4];
        from.read_exact(&mut length).ok()?;
        let length = Some(u32::from_le_bytes(length)).filter(|length| *length <= LONGEST_PIECE)?;
        self.bytes.clear();
        let read = from.take(u64::from(length)).read_to_end(&mut self.bytes).ok()?;
        if read as u64 != u64::from(length) {
            return None;
        }
        let (nonce, about) = (self.nonce(), Aad::from(self.pull.into_bytes()));
        let plain = self.key.open_in_place(nonce, about, &mut self.bytes).ok()?;
        serde_json::from_slice(plain).ok()
    }
}
