//! A page taken apart while it arrives: each record is given as soon as it is there, so that a page of any size takes the memory of a
//! record and what the network hands over at a time.

use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::page::{PageEnvelope, parse_page};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a page can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// It ends too early.
    #[error("the answer broke off after {bytes} bytes")]
    BrokeOff {
        /// Bytes that came.
        bytes: u64,
    },
    /// It is no page.
    #[error("not the JSON expected, byte {at}")]
    NotAPage {
        /// Where, from the begin of the body, about.
        at: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    /// Before a member of the envelope, or its end.
    Member,
    /// Behind a name and its colon.
    Value,
    /// Before a record, or the end of the records.
    Record {
        first: bool,
    },
    /// Behind the envelope.
    End,
}

/// Reads one page. Feed it what arrives, then [`PageReader::finish`].
#[derive(Debug)]
pub struct PageReader {
    /// What came and is not read yet.
    waiting: Vec<u8>,
    /// All but the records.
    around: Vec<u8>,
    place: Place,
    /// Bytes that were read and dropped.
    gone: u64,
    /// A value that is not whole is looked at again when so much waits: a long one is not read over and over.
    enough: usize,
}

impl Default for PageReader {
    fn default() -> Self {
        Self { waiting: Vec::new(), around: Vec::new(), place: Place::Begin, gone: 0, enough: 0 }
    }
}

/// What a step came to.
enum Step {
    /// So many bytes are read.
    Read(usize),
    /// More must come first.
    More,
}

impl PageReader {
    /// Bytes that came.
    pub const fn bytes(&self) -> u64 {
        self.gone + self.waiting.len() as u64
    }

    /// Takes what arrived; `records` are given those that are whole now.
    pub fn feed(&mut self, bytes: &[u8], records: &mut Vec<Box<RawValue>>) -> Result<(), PageFault> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() < self.enough {
            return Ok(());
        }
        self.enough = 0;
        self.read(records)
    }

    /// The envelope, when everything has come. Records that could not be told before are in it.
    pub fn finish(mut self, records: &mut Vec<Box<RawValue>>) -> Result<PageEnvelope<'static>, PageFault> {
        self.read(records)?;
        let bytes = self.bytes();
        if self.place != Place::End {
            return Err(PageFault::BrokeOff { bytes });
        }
        self.around.extend_from_slice(&self.waiting);
        let envelope = parse_page(&self.around).map_err(|_| PageFault::NotAPage { at: 0 })?;
        records.extend(envelope.value.iter().map(|raw| (*raw).to_owned()));
        Ok(envelope.without_records())
    }

    fn read(&mut self, records: &mut Vec<Box<RawValue>>) -> Result<(), PageFault> {
        let mut at = 0;
        while self.place != Place::End {
            match self.step(at, records)? {
                Step::Read(bytes) => at += bytes,
                Step::More => {
                    self.enough = (self.waiting.len() - at) / 4 * 5;
                    break;
                }
            }
        }
        self.gone += at as u64;
        self.waiting.drain(..at);
        Ok(())
    }

    /// One step from a place among what waits.
    fn step(&mut self, at: usize, records: &mut Vec<Box<RawValue>>) -> Result<Step, PageFault> {
        let rest = &self.waiting[at..];
        let fault = PageFault::NotAPage { at: self.gone + at as u64 };
        if self.place == Place::Begin && MARK.starts_with(&rest[..rest.len().min(MARK.len())]) {
            return Ok(if rest.len() < MARK.len() { Step::More } else { Step::Read(MARK.len()) });
        }
        let space = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let Some(byte) = rest.get(space).copied() else { return Ok(Step::More) };
        let mut read = space + 1;
        match (self.place, byte) {
            (Place::Begin, b'{') => {
                self.around.push(byte);
                self.place = Place::Member;
            }
            (Place::Member, b',') => self.around.push(byte),
            (Place::Member, b'}') => {
                self.around.push(byte);
                self.place = Place::End;
            }
            (Place::Member, b'"') => {
                let Some((name, length)) = value(&rest[space..]).map_err(|()| fault)? else {
                    return Ok(Step::More);
                };
                let behind = &rest[space + length..];
                let more = behind.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                match behind.get(more) {
                    None => return Ok(Step::More),
                    Some(b':') => {}
                    Some(_) => return Err(fault),
                }
                let after = &behind[more + 1..];
                let then = after.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let Some(first) = after.get(then) else { return Ok(Step::More) };
                read = space + length + more + 1;
                self.around.extend_from_slice(name.get().as_bytes());
                self.around.push(b':');
                self.place = Place::Value;
                if name.get() == "\"value\"" && *first == b'[' {
                    self.around.push(b'[');
                    read += then + 1;
                    self.place = Place::Record { first: true };
                }
            }
            (Place::Value, _) => {
                let Some((raw, length)) = value(&rest[space..]).map_err(|()| fault)? else {
                    return Ok(Step::More);
                };
                self.around.extend_from_slice(raw.get().as_bytes());
                read = space + length;
                self.place = Place::Member;
            }
            (Place::Record { .. }, b']') => {
                self.around.push(byte);
                self.place = Place::Member;
            }
            (Place::Record { first }, _) if first || byte == b',' => {
                let from = if first { space } else { space + 1 };
                let blank = rest[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let Some((raw, length)) = value(&rest[from + blank..]).map_err(|()| fault)? else {
                    return Ok(Step::More);
                };
                records.push(raw.to_owned());
                read = from + blank + length;
                self.place = Place::Record { first: false };
            }
            (Place::Begin | Place::Member | Place::Record { .. } | Place::End, _) => return Err(fault),
        }
        Ok(Step::Read(read))
    }
}

/// The value that a text begins with, and its length; `None` where it may not be whole.
fn value(text: &[u8]) -> Result<Option<(&RawValue, usize)>, ()> {
    let mut values = Deserializer::from_slice(text).into_iter::<&RawValue>();
    match values.next() {
        None => Ok(None),
        // A number that ends in its point is called wrong, not short.
        Some(Err(error)) if error.is_eof() || is_last(&error, text) => Ok(None),
        Some(Err(_)) => Err(()),
        Some(Ok(raw)) => {
            let length = values.byte_offset();
            // A number may go on, or the name of a truth.
            let closed = raw.get().ends_with(['"', ']', '}']);
            Ok((closed || length < text.len()).then_some((raw, length)))
        }
    }
}

/// Whether an error was found where the text ends.
fn is_last(error: &serde_json::Error, text: &[u8]) -> bool {
    let before: usize = text
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    before + error.column() >= text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = Result<(Vec<String>, Option<String>, Option<bool>), PageFault>;

    /// Reads a body in pieces of these sizes, over and over.
    fn read(body: &[u8], sizes: &[usize]) -> Read {
        let (mut reader, mut records) = (PageReader::default(), Vec::new());
        let (mut rest, mut sizes) = (body, sizes.iter().cycle());
        while !rest.is_empty() {
            let (piece, more) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
            reader.feed(piece, &mut records)?;
            rest = more;
        }
        assert_eq!(reader.bytes(), body.len() as u64);
        let envelope = reader.finish(&mut records)?;
        let records = records.iter().map(|raw| raw.get().to_owned()).collect();
        Ok((records, envelope.next_link.map(|link| link.into_owned()), envelope.more_records))
    }

    fn whole(body: &[u8]) -> Option<(Vec<String>, Option<String>, Option<bool>)> {
        let page = parse_page(body).ok()?;
        let records = page.value.iter().map(|raw| raw.get().to_owned()).collect();
        Some((records, page.next_link.map(|link| link.into_owned()), page.more_records))
    }

    const PAGE: &[u8] = br#" { "@odata.context" : "c", "@odata.count": 12, "value" : [ {"a":"]}\"","b":1.50e3} ,{},{"c":"\u00e9"}] , "@odata.nextLink":"https://x/?$skiptoken=1","@Microsoft.Dynamics.CRM.morerecords":true } "#;

    #[test]
    fn a_record_is_given_as_soon_as_it_is_there() {
        let (mut reader, mut records) = (PageReader::default(), Vec::new());
        reader.feed(br#"{"value":[{"a":1},{"b""#, &mut records).unwrap();
        assert_eq!(records.len(), 1);
        reader.feed(br#":2}"#, &mut records).unwrap();
        assert_eq!(records.len(), 2);
        reader.feed(b"]}", &mut records).unwrap();
        assert!(reader.finish(&mut records).unwrap().next_link.is_none());
        assert_eq!(records[1].get(), r#"{"b":2}"#);
    }

    #[test]
    fn what_is_no_page_is_told() {
        let broke_off = |bytes| Err(PageFault::BrokeOff { bytes });
        assert_eq!(read(br#"{"value":[{"a":1},{"a":"#, &[5]), broke_off(23));
        assert_eq!(read(br#"{"value":[{"a":1}]"#, &[5]), broke_off(18));
        assert_eq!(read(b"", &[5]), broke_off(0));
        assert_eq!(read(b"<!DOCTYPE html>", &[4]), Err(PageFault::NotAPage { at: 0 }));
        assert_eq!(read(br#"{"value":[{"a":1}{"b":2}]}"#, &[4]), Err(PageFault::NotAPage { at: 17 }));
        assert_eq!(read(br#"{"value":[1,]}"#, &[4]), Err(PageFault::NotAPage { at: 11 }));
        assert!(read(br#"{"error":{"code":"x"}}"#, &[4]).is_err(), "an envelope has a value");
        assert!(read(br#"{"value":[]}}"#, &[4]).is_err());
        assert!(read(br#"{"value":[],"value":[{}]}"#, &[4]).is_err());
        assert_eq!(read(br#"{"\u0076alue":[{"a":1}]}"#, &[3]).unwrap().0, [r#"{"a":1}"#]);
    }

    proptest! {
        #[test]
        fn in_pieces_it_is_what_it_is_whole(sizes in proptest::collection::vec(1usize..40, 1..8), mark in any::<bool>()) {
            let body = [if mark { MARK } else { b"" }, PAGE].concat();
            prop_assert_eq!(read(&body, &sizes).ok(), whole(&body));
        }

        #[test]
        fn any_change_of_a_page_is_read_alike(
            changes in proptest::collection::vec((0..PAGE.len(), any::<u8>()), 0..4),
            cut in 0..=PAGE.len(),
            sizes in proptest::collection::vec(1usize..40, 1..8),
        ) {
            let mut body = PAGE.to_vec();
            for (at, byte) in changes {
                body[at] = byte;
            }
            body.truncate(cut.max(1));
            prop_assert_eq!(read(&body, &sizes).ok(), whole(&body));
        }

        #[test]
        fn any_bytes_are_a_page_or_an_error(body in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..50) {
            let _ = read(&body, &[size]);
        }

        #[test]
        fn any_text_comes_through(texts in proptest::collection::vec(any::<String>(), 0..20), link in any::<String>(), size in 1usize..200) {
            let records: Vec<_> = texts.iter().map(|text| serde_json::json!({"id": text, "n": [1, {"x": 2.5}]})).collect();
            let body = serde_json::json!({"before": [{}], "value": records, "@odata.nextLink": link}).to_string();
            prop_assert_eq!(read(body.as_bytes(), &[size]).ok(), whole(body.as_bytes()));
        }
    }
}
