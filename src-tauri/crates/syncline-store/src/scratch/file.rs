//! One file: blocks of fixed length, each encrypted and authenticated under a key that is made with the file and is nowhere else. What
//! belongs to a block besides its bytes stays in memory, 24 bytes each.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// The page of a store: SQLite mostly writes and reads whole pages, at their places.
const BLOCK: usize = 4096;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// How a block was encrypted the last time.
#[derive(Clone, Copy, Default)]
struct Seal {
    /// The count of writes at that time, which is the nonce: none comes twice. 0: never written, the block is zeros.
    write: u64,
    tag: [u8; TAG_BYTES],
}

/// A file that ends with its process, however that ends.
pub(super) struct ScratchFile {
    file: File,
    key: LessSafeKey,
    seals: Vec<Seal>,
    size: u64,
    writes: u64,
    /// A block to be written or just read.
    plain: Vec<u8>,
    /// A block as it is on the disk.
    sealed: Vec<u8>,
}

fn failed(what: &str) -> io::Error {
    io::Error::other(format!("{what} of a temporary file failed"))
}

fn nonce(write: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[..8].copy_from_slice(&write.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// The blocks that a stretch of bytes touches: each with the part of it, and the part of the stretch.
fn touched(
    offset: u64,
    length: usize,
) -> impl Iterator<Item = (usize, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let at = offset + done as u64;
        let within = (at % BLOCK as u64) as usize;
        let count = (BLOCK - within).min(length - done);
        let part = (usize::try_from(at / BLOCK as u64).ok()?, within..within + count, done..done + count);
        done += count;
        Some(part)
    })
}

impl ScratchFile {
    /// An empty file in a folder: without a name where the system allows that, else removed when it is closed.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        aws_lc_rs::rand::fill(&mut *secret).map_err(|_| failed("making the key"))?;
        let key = UnboundKey::new(&AES_256_GCM, &*secret).map_err(|_| failed("making the key"))?;
        Ok(Self {
            file: tempfile::tempfile_in(folder)?,
            key: LessSafeKey::new(key),
            seals: Vec::new(),
            size: 0,
            writes: 0,
            plain: vec![0; BLOCK],
            sealed: vec![0; BLOCK],
        })
    }

    /// Length in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Reads from a place on, and returns how many bytes there were; what lies behind the end is zeros.
    pub(super) fn read(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let there = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX).min(into.len());
        into[there..].fill(0);
        for (block, within, part) in touched(offset, there) {
            if within.len() == BLOCK {
                self.open(block, &mut into[part])?;
            } else {
                self.open_plain(block)?;
                into[part].copy_from_slice(&self.plain[within]);
            }
        }
        Ok(there)
    }

    /// Writes at a place; a gap before it is zeros.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        for (block, within, part) in touched(offset, bytes.len()) {
            if within.len() < BLOCK {
                self.open_plain(block)?;
            }
            self.plain[within].copy_from_slice(&bytes[part]);
            self.seal(block)?;
        }
        if !bytes.is_empty() {
            self.size = self.size.max(offset.saturating_add(bytes.len() as u64));
        }
        Ok(())
    }

    /// Shortens the file, or makes it longer with zeros.
    pub(super) fn truncate(&mut self, size: u64) -> io::Result<()> {
        if size < self.size {
            let blocks = usize::try_from(size.div_ceil(BLOCK as u64)).map_err(|_| failed("a length"))?;
            let rest = (size % BLOCK as u64) as usize;
            if rest > 0 {
                self.open_plain(blocks - 1)?;
                self.plain[rest..].fill(0);
                self.seal(blocks - 1)?;
            }
            self.seals.truncate(blocks);
            self.file.set_len(blocks as u64 * BLOCK as u64)?;
        }
        self.size = size;
        Ok(())
    }

    fn open_plain(&mut self, block: usize) -> io::Result<()> {
        let mut plain = std::mem::take(&mut self.plain);
        let result = self.open(block, &mut plain);
        self.plain = plain;
        result
    }

    fn open(&mut self, block: usize, into: &mut [u8]) -> io::Result<()> {
        let seal = self.seals.get(block).copied().unwrap_or_default();
        if seal.write == 0 {
            into.fill(0);
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(block as u64 * BLOCK as u64))?;
        self.file.read_exact(&mut self.sealed)?;
        self.key
            .open_separate_gather(nonce(seal.write), Aad::empty(), &self.sealed, &seal.tag, into)
            .map_err(|_| failed("decryption"))
    }

    /// Encrypts and writes the block that lies in `plain`.
    fn seal(&mut self, block: usize) -> io::Result<()> {
        self.sealed.copy_from_slice(&self.plain);
        self.writes += 1;
        let tag: Tag = self
            .key
            .seal_in_place_separate_tag(nonce(self.writes), Aad::empty(), &mut self.sealed)
            .map_err(|_| failed("encryption"))?;
        self.file.seek(SeekFrom::Start(block as u64 * BLOCK as u64))?;
        self.file.write_all(&self.sealed)?;
        if self.seals.len() <= block {
            self.seals.resize(block + 1, Seal::default());
        }
        let seal = &mut self.seals[block];
        seal.write = self.writes;
        seal.tag.copy_from_slice(tag.as_ref());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw(scratch: &mut ScratchFile) -> Vec<u8> {
        let mut bytes = Vec::new();
        scratch.file.seek(SeekFrom::Start(0)).unwrap();
        scratch.file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_can_not_be_read_on_the_disk_and_leaves_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut scratch = ScratchFile::new(folder.path()).unwrap();
        let text = b"Ad\xC3\xA8le Contact, born 1990-01-02 ".repeat(400);
        scratch.write(100, &text).unwrap();
        let on_disk = raw(&mut scratch);
        assert!(on_disk.len() >= text.len());
        assert!(!on_disk.windows(7).any(|bytes| bytes == b"Contact"));
        let mut back = vec![0; text.len()];
        assert_eq!(scratch.read(100, &mut back).unwrap(), text.len());
        assert_eq!(back, text);
        #[cfg(unix)]
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_same_block_written_again_is_encrypted_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut scratch = ScratchFile::new(folder.path()).unwrap();
        scratch.write(0, &[7; BLOCK]).unwrap();
        let first = raw(&mut scratch);
        scratch.write(0, &[7; BLOCK]).unwrap();
        assert_ne!(first, raw(&mut scratch));
    }

    #[test]
    fn a_block_that_somebody_changed_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut scratch = ScratchFile::new(folder.path()).unwrap();
        scratch.write(0, &[7; 2 * BLOCK]).unwrap();
        scratch.file.seek(SeekFrom::Start(5000)).unwrap();
        let mut byte = [0];
        scratch.file.read_exact(&mut byte).unwrap();
        scratch.file.seek(SeekFrom::Start(5000)).unwrap();
        scratch.file.write_all(&[!byte[0]]).unwrap();
        assert_eq!(scratch.read(0, &mut [0; BLOCK]).unwrap(), BLOCK);
        let error = scratch.read(BLOCK as u64, &mut [0; 10]).unwrap_err();
        assert!(error.to_string().contains("decryption"), "{error}");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Write(u64, Vec<u8>),
        Read(u64, usize),
        Truncate(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let place = 0..5 * BLOCK as u64;
        prop_oneof![
            (place.clone(), prop::collection::vec(any::<u8>(), 0..3 * BLOCK))
                .prop_map(|(at, bytes)| Step::Write(at, bytes)),
            (0..5u64, any::<u8>())
                .prop_map(|(block, byte)| Step::Write(block * BLOCK as u64, vec![byte; BLOCK])),
            (place.clone(), 0..3 * BLOCK).prop_map(|(at, length)| Step::Read(at, length)),
            place.prop_map(Step::Truncate),
        ]
    }

    proptest! {
        #[test]
        fn it_is_as_a_file_in_memory(steps in prop::collection::vec(step(), 1..24)) {
            let folder = tempfile::tempdir().unwrap();
            let mut scratch = ScratchFile::new(folder.path()).unwrap();
            let mut model: Vec<u8> = Vec::new();
            for step in steps {
                match step {
                    Step::Write(at, bytes) => {
                        scratch.write(at, &bytes).unwrap();
                        let until = at as usize + bytes.len();
                        if !bytes.is_empty() && model.len() < until {
                            model.resize(until, 0);
                        }
                        if !bytes.is_empty() {
                            model[at as usize..until].copy_from_slice(&bytes);
                        }
                    }
                    Step::Read(at, length) => {
                        let mut found = vec![1; length];
                        let there = scratch.read(at, &mut found).unwrap();
                        let mut expected: Vec<u8> = model.iter().skip(at as usize).take(length).copied().collect();
                        prop_assert_eq!(there, expected.len());
                        expected.resize(length, 0);
                        prop_assert_eq!(found, expected);
                    }
                    Step::Truncate(size) => {
                        scratch.truncate(size).unwrap();
                        model.resize(size as usize, 0);
                    }
                }
                prop_assert_eq!(scratch.size(), model.len() as u64);
            }
        }
    }
}
