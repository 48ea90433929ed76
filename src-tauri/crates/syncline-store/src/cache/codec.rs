//! Raw JSON, compressed one by one with a dictionary trained on a pull's first portion: a record can be read by itself, and names of
//! columns and annotations, most of a record, cost next to nothing.

use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::StoreError;

/// With a dictionary the fastest level is enough: small records are less than half of what they are without one.
const LEVEL: i32 = 1;
/// Size of a dictionary.
const DICTIONARY_BYTES: usize = 32 * 1024;
/// Fewer samples train nothing useful.
const LEAST_SAMPLES: usize = 100;
/// More samples take time and gain little.
const MOST_SAMPLES: usize = 1000;
/// No stored record may claim to be longer than this (a damaged file must not exhaust memory).
const LONGEST: usize = 1 << 30;

/// Compresses and decompresses the records of one entity.
pub(crate) struct Codec {
    dictionary: Option<(EncoderDictionary<'static>, DecoderDictionary<'static>)>,
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::Corrupt { detail: format!("a stored record can't be read: {error}") }
}

/// Trains a dictionary; `None` where there are too few samples.
pub(crate) fn train<'a>(samples: impl Iterator<Item = &'a str>) -> Option<Vec<u8>> {
    let (mut bytes, mut sizes) = (Vec::new(), Vec::new());
    for sample in samples.take(MOST_SAMPLES) {
        bytes.extend_from_slice(sample.as_bytes());
        sizes.push(sample.len());
    }
    if sizes.len() < LEAST_SAMPLES {
        return None;
    }
    zstd::dict::from_continuous(&bytes, &sizes, DICTIONARY_BYTES).ok()
}

impl Codec {
    pub(crate) fn new(dictionary: Option<&[u8]>) -> Self {
        Self {
            dictionary: dictionary
                .map(|bytes| (EncoderDictionary::copy(bytes, LEVEL), DecoderDictionary::copy(bytes))),
        }
    }

    /// A compressor to be used for many records on one thread.
    pub(crate) fn compressor(&self) -> Result<zstd::bulk::Compressor<'_>, StoreError> {
        match &self.dictionary {
            Some((encoder, _)) => zstd::bulk::Compressor::with_prepared_dictionary(encoder),
            None => zstd::bulk::Compressor::new(LEVEL),
        }
        .map_err(|error| StoreError::internal(format!("compression: {error}")))
    }

    /// A decompressor to be used for many records on one thread.
    pub(crate) fn decompressor(&self) -> Result<Unpacker<'_>, StoreError> {
        match &self.dictionary {
            Some((_, decoder)) => zstd::bulk::Decompressor::with_prepared_dictionary(decoder),
            None => zstd::bulk::Decompressor::new(),
        }
        .map(Unpacker)
        .map_err(failed)
    }
}

/// Compresses one record: its length in four bytes, then the frame.
pub(crate) fn compress(
    compressor: &mut zstd::bulk::Compressor<'_>,
    raw: &str,
    packed: &mut Vec<u8>,
) -> Result<(), StoreError> {
    let length = length_of(raw)?;
    let frame = compressor
        .compress(raw.as_bytes())
        .map_err(|error| StoreError::internal(format!("compression: {error}")))?;
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(&frame);
    Ok(())
}

/// Compresses many records on one thread, and owns what it needs for that.
pub(crate) struct FrameMaker {
    compressor: zstd::bulk::Compressor<'static>,
    /// Room for the frame that is made.
    frame: Vec<u8>,
}

impl FrameMaker {
    pub(crate) fn new(dictionary: Option<&[u8]>) -> Result<Self, StoreError> {
        match dictionary {
            Some(dictionary) => zstd::bulk::Compressor::with_dictionary(LEVEL, dictionary),
            None => zstd::bulk::Compressor::new(LEVEL),
        }
        .map(|compressor| Self { compressor, frame: Vec::new() })
        .map_err(|error| StoreError::internal(format!("compression: {error}")))
    }

    /// Compresses one record as [`compress`] does.
    pub(crate) fn pack(&mut self, raw: &str, packed: &mut Vec<u8>) -> Result<(), StoreError> {
        let length = length_of(raw)?;
        self.frame.clear();
        self.frame.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        self.compressor
            .compress_to_buffer(raw.as_bytes(), &mut self.frame)
            .map_err(|error| StoreError::internal(format!("compression: {error}")))?;
        packed.reserve_exact(4 + self.frame.len());
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&self.frame);
        Ok(())
    }
}

fn length_of(raw: &str) -> Result<u32, StoreError> {
    let length = u32::try_from(raw.len()).ok().filter(|length| *length as usize <= LONGEST);
    length.ok_or_else(|| StoreError::internal("a record is longer than a gigabyte"))
}

/// Reads records back.
pub(crate) struct Unpacker<'a>(zstd::bulk::Decompressor<'a>);

impl Unpacker<'static> {
    /// Reads by itself, without a [`Codec`] that holds the dictionary.
    pub(crate) fn with_dictionary(dictionary: Option<&[u8]>) -> Result<Self, StoreError> {
        match dictionary {
            Some(dictionary) => zstd::bulk::Decompressor::with_dictionary(dictionary),
            None => zstd::bulk::Decompressor::new(),
        }
        .map(Self)
        .map_err(failed)
    }
}

impl Unpacker<'_> {
    pub(crate) fn text(&mut self, packed: &[u8]) -> Result<String, StoreError> {
        let damaged = |detail: &str| StoreError::Corrupt { detail: format!("a stored record {detail}") };
        let (length, frame) = packed.split_first_chunk::<4>().ok_or_else(|| damaged("is cut off"))?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > LONGEST {
            return Err(damaged("claims an impossible length"));
        }
        let bytes = self.0.decompress(frame, length).map_err(failed)?;
        String::from_utf8(bytes).map_err(|_| damaged("is no UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_dictionary() {
        let samples: Vec<String> = (0..500)
            .map(|n| format!(r#"{{"contactid":"{n:08}-0000-0000-0000-000000000000","fullname":"Person {n}","statecode":0,"statecode@OData.Community.Display.V1.FormattedValue":"Active"}}"#))
            .collect();
        let dictionary = train(samples.iter().map(String::as_str)).unwrap();
        let mut sizes = Vec::new();
        for known in [None, Some(dictionary.as_slice())] {
            let (codec, mut frames) = (Codec::new(known), FrameMaker::new(known).unwrap());
            let mut compressor = codec.compressor().unwrap();
            let mut unpacker = codec.decompressor().unwrap();
            let mut size = 0;
            for sample in samples.iter().map(String::as_str).chain(["", "{}", "é"]) {
                let mut packed = Vec::new();
                compress(&mut compressor, sample, &mut packed).unwrap();
                assert_eq!(unpacker.text(&packed).unwrap(), sample);
                let mut again = Vec::new();
                frames.pack(sample, &mut again).unwrap();
                assert_eq!(unpacker.text(&again).unwrap(), sample);
                assert!(again.len() <= packed.len() + 8);
                size += packed.len();
            }
            sizes.push(size);
            assert!(unpacker.text(&[1, 2]).is_err());
            assert!(unpacker.text(&[255, 255, 255, 255, 1, 2]).is_err());
            assert!(unpacker.text(&[3, 0, 0, 0, 1, 2]).is_err());
        }
        assert!(sizes[1] * 2 < sizes[0], "{sizes:?}");
        assert!(train(["{}"].into_iter()).is_none());
    }
}
