//! The spool of a running pull: what has come of it and is not stored yet, in a file of its own for as long as storing takes. So the next page can
//! be asked for before the one before it is stored, and should the process die, no page but the one in flight is asked for again.
//!
//! The file is `spool/` and the pull's id: a header, and one sealed piece for the place it goes on from and one for each part. Pieces are
//! JSON, encrypted with AES-256-GCM under a key that is derived (HKDF-SHA-256) from a secret in the pull's row of the store and a salt of the
//! file; the number of the piece is its nonce. Who forgets the pull forgets the secret. A newer file takes the older one's place in one
//! step. What can't be read, such as a file that a loss of power has cut, is as if it were not there: its pages are asked for again.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use syncline_model::{Record, RecordId};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cache::pull::{PullStatus, load};
use crate::migrate::Migration;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] =
    &[Migration { version: 15, sql: "ALTER TABLE pulls ADD COLUMN spool_secret BLOB" }];

const FOLDER: &str = "spool";
/// What a file begins with; the last byte is the version of its form.
const MAGIC: &[u8; 8] = b"SYNSPL\0\x01";
const SECRET_BYTES: usize = 32;
/// No piece is longer: a part is about 1 MiB, but for a single record that is longer.
const LONGEST_PIECE: u32 = 1 << 30;

/// Some records of a page, as they are stored together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SpooledPart<R = Vec<Record>, G = Vec<RecordId>> {
    /// The page's place in the pull, from 0 on.
    pub page: u64,
    /// Records.
    pub records: R,
    /// Ids of records that are gone.
    pub removed: G,
    /// Set with the last part of a page.
    pub end: Option<SpooledEnd>,
}

/// A part that stays with who has it.
pub type SpooledPartRef<'a> = SpooledPart<&'a [Record], &'a [RecordId]>;

/// Where a page led.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpooledEnd {
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

/// A secret for a new pull.
pub(super) fn secret() -> Result<Zeroizing<[u8; SECRET_BYTES]>, StoreError> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    aws_lc_rs::rand::fill(&mut *secret).map_err(|_| StoreError::internal("no randomness"))?;
    Ok(secret)
}

impl Store {
    /// Spools what has come of a running pull and is not stored, in the place of what was spooled of it before: the parts in their order, up
    /// to the end of a page. `stored`: records of the first part's page that are stored. It outlives the process, not a loss of power.
    pub fn spool(&self, pull: Uuid, stored: u64, parts: &[SpooledPartRef<'_>]) -> Result<(), StoreError> {
        let path = self.spool_path(pull);
        let new = being_written(&path);
        let salt = secret()?;
        let mut pieces = self
            .spool_pieces(pull, &*salt)?
            .ok_or_else(|| StoreError::not_found(format!("the spool's secret of the pull {pull}")))?;
        let written = (|| {
            fs::create_dir_all(self.spool_folder())?;
            let mut file = File::create(&new)?;
            file.write_all(MAGIC)?;
            file.write_all(&*salt)?;
            pieces.seal(&Place { stored, parts: parts.len() }, 0, &mut file)?;
            parts.iter().try_for_each(|part| pieces.seal(part, length(part), &mut file))?;
            drop(file);
            fs::rename(&new, &path)
        })();
        written.map_err(|source| {
            // What is half written takes the room that storing needs.
            let _ = fs::remove_file(&new);
            StoreError::File { path, source }
        })
    }

    /// What was spooled of an interrupted pull and is not stored, in order; the pull then runs again, and whoever asks stores it. Where there
    /// is nothing of that kind the pull is left as it is: see [`Store::resume_pull`].
    pub fn resume_spooled(&self, pull: Uuid) -> Result<Vec<SpooledPart>, StoreError> {
        let Some((place, parts)) = self.read_spool(pull) else { return Ok(Vec::new()) };
        self.write(|tx| {
            let (pages, part): (i64, i64) = tx.query_row(
                "SELECT pages, part FROM pulls WHERE id = ?1",
                params![pull.to_string()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let left = not_stored(place, parts, pages.unsigned_abs(), part.unsigned_abs());
            if !left.is_empty() {
                self.run_again(tx, pull)?;
            }
            Ok(left)
        })
    }

    /// Nothing that was spooled of a pull is needed any more.
    pub(super) fn drop_spool(&self, pull: Uuid) {
        let path = self.spool_path(pull);
        // What stays is taken by the next sweep.
        let _ = fs::remove_file(being_written(&path));
        let _ = fs::remove_file(path);
    }

    /// Removes what was spooled of pulls that will not go on. What can't be told now stays for the next time.
    pub(crate) fn sweep_spools(&self) {
        let Ok(files) = fs::read_dir(self.spool_folder()) else { return };
        for path in files.flatten().map(|file| file.path()) {
            let pull = path.file_stem().and_then(|name| name.to_str()?.parse::<Uuid>().ok());
            if pull.is_none_or(|pull| self.is_needed(pull).is_ok_and(|needed| !needed)) {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// True for a pull that is running, and for one that can go on and is the latest of its entity.
    fn is_needed(&self, pull: Uuid) -> Result<bool, StoreError> {
        self.read(|db| {
            let Some(pull) = load(db, pull)? else { return Ok(false) };
            let newer =
                "SELECT 1 FROM pulls p, pulls mine WHERE mine.id = ?1 AND p.connection = mine.connection
                AND p.entity = mine.entity AND (p.started_at, p.rowid) > (mine.started_at, mine.rowid)";
            let is_latest = || Ok::<_, StoreError>(!db.prepare_cached(newer)?.exists([pull.id.to_string()])?);
            Ok(pull.status == PullStatus::Running || pull.can_go_on() && is_latest()?)
        })
    }

    fn spool_folder(&self) -> PathBuf {
        self.folder().join(FOLDER)
    }

    fn spool_path(&self, pull: Uuid) -> PathBuf {
        self.spool_folder().join(pull.to_string())
    }

    /// `None`: the pull has no secret, because it is gone or was begun before there were spools.
    fn spool_pieces(&self, pull: Uuid, salt: &[u8]) -> Result<Option<Pieces>, StoreError> {
        let secret = self.read(|db| {
            let mut statement = db.prepare_cached("SELECT spool_secret FROM pulls WHERE id = ?1")?;
            let secret: Option<Option<Vec<u8>>> =
                statement.query_row([pull.to_string()], |row| row.get(0)).optional()?;
            Ok(secret.flatten().map(Zeroizing::new))
        })?;
        secret.map(|secret| Pieces::new(&secret, pull, salt)).transpose()
    }

    pub(crate) fn read_spool(&self, pull: Uuid) -> Option<(Place, Vec<SpooledPart>)> {
        let mut file = BufReader::new(File::open(self.spool_path(pull)).ok()?);
        let mut head = [0; MAGIC.len() + SECRET_BYTES];
        file.read_exact(&mut head).ok()?;
        let mut pieces = self.spool_pieces(pull, head.strip_prefix(MAGIC)?).ok()??;
        let place: Place = pieces.open(&mut file)?;
        let parts = (0..place.parts).map(|_| pieces.open(&mut file)).collect::<Option<Vec<_>>>()?;
        Some((place, parts))
    }
}

fn being_written(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// The parts that are not stored where so many pages are, and so many records of the next one. None where parts and records do not meet: then the
/// page was stored in another way, and comes again.
fn not_stored(place: Place, parts: Vec<SpooledPart>, pages: u64, part: u64) -> Vec<SpooledPart> {
    let first = parts.first().map(|part| part.page);
    let mut at = if first == Some(pages) { place.stored } else { 0 };
    let mut parts = parts.into_iter().skip_while(|part| part.page < pages).peekable();
    while at < part && parts.peek().is_some_and(|part| part.page == pages && part.end.is_none()) {
        at += parts.next().map_or(0, |part| distinct(&part.records));
    }
    let meets = at == part && parts.peek().is_some_and(|part| part.page == pages);
    if meets { parts.collect() } else { Vec::new() }
}

/// Bytes of a part as JSON, or a little more, so that the memory for it is taken once.
fn length(part: &SpooledPartRef<'_>) -> usize {
    const BESIDE_A_RECORD: usize = 256;
    let records: usize = part.records.iter().map(|record| record.raw.get().len() + BESIDE_A_RECORD).sum();
    let end = part
        .end
        .as_ref()
        .map_or(0, |end| [&end.next, &end.token].into_iter().flatten().map(String::len).sum::<usize>() * 2);
    records + part.removed.len() * 64 + end + BESIDE_A_RECORD
}

/// Records that count as read: of one that stands twice in a part, one.
fn distinct(records: &[Record]) -> u64 {
    records.iter().map(|record| record.id.as_str()).collect::<HashSet<_>>().len() as u64
}

/// The pieces of one file, in their order.
struct Pieces {
    key: LessSafeKey,
    pull: Uuid,
    number: u64,
    bytes: Vec<u8>,
}

impl Pieces {
    fn new(secret: &[u8], pull: Uuid, salt: &[u8]) -> Result<Self, StoreError> {
        let broken = |_| StoreError::internal("the key of a spool could not be made");
        let derived = Salt::new(HKDF_SHA256, salt).extract(secret);
        let key = derived.expand(&[b"syncline spool"], &AES_256_GCM).map_err(broken)?;
        Ok(Self { key: LessSafeKey::new(UnboundKey::from(key)), pull, number: 0, bytes: Vec::new() })
    }

    fn nonce(&mut self) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&self.number.to_le_bytes());
        self.number += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    /// `length`: about as many bytes as it takes as JSON.
    fn seal(&mut self, what: &impl Serialize, length: usize, into: &mut File) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        bytes.reserve_exact(length);
        serde_json::to_writer(&mut bytes, what)?;
        let (nonce, about) = (self.nonce(), Aad::from(self.pull.into_bytes()));
        self.key
            .seal_in_place_append_tag(nonce, about, &mut bytes)
            .map_err(|_| io::Error::other("a piece could not be encrypted"))?;
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST_PIECE);
        let length = length.ok_or_else(|| io::Error::other("a part of a page is too long"))?;
        into.write_all(&length.to_le_bytes())?;
        into.write_all(&bytes)?;
        self.bytes = bytes;
        Ok(())
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
