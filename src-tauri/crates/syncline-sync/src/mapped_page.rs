//! Records on their way from reading to deciding: mapped, in parts that go through together.

use jiff::Timestamp;
use syncline_connect::Page;
use syncline_mapping::Mapped;
use syncline_model::{Record, SynclineError};

use crate::events::{EventNotes, hold_back_events};
use crate::plan::Planner;
use crate::progress::blocking;
use crate::related::Unfound;

/// The records of a page with what mapping made of them, and when.
pub(crate) struct MappedPage {
    pub(crate) now: Timestamp,
    pub(crate) records: Vec<(Record, Mapped)>,
    /// What became of the events of each.
    pub(crate) events: Vec<EventNotes>,
}

/// Records that go through mapping, comparing and storing together. A planned row takes several times the room of its record, and rows
/// of more than one such part are under way at once.
const TOGETHER: usize = 500;

/// A page in parts that go through together.
pub(crate) fn parts(page: Page, unfound: Unfound) -> Vec<(Page, Unfound)> {
    let (mut parts, mut rest, mut unfound) = (Vec::new(), page.records.into_iter(), unfound);
    loop {
        let records: Vec<Record> = rest.by_ref().take(TOGETHER).collect();
        if records.is_empty() && !parts.is_empty() {
            return parts;
        }
        let (here, later) = unfound.into_iter().partition(|(place, _)| *place < TOGETHER);
        unfound = later;
        unfound.iter_mut().for_each(|(place, _)| *place -= TOGETHER);
        parts.push((Page { records, next: None, bytes: 0 }, here));
    }
}

/// Maps a page off the async threads, and holds back events that were sent before.
pub(crate) async fn map_page(
    planner: Planner,
    page: Page,
    unfound: Unfound,
    now: Timestamp,
) -> Result<MappedPage, SynclineError> {
    blocking(move || {
        let map = |record: Record| {
            let mapped = planner.mapping.apply(&record, now);
            (record, mapped)
        };
        let mut records: Vec<(Record, Mapped)> = page.records.into_iter().map(map).collect();
        for (place, issue) in unfound {
            if let Some((_, mapped)) = records.get_mut(place) {
                mapped.refuse(issue);
            }
        }
        let events = hold_back_events(&planner, &mut records)?;
        Ok(MappedPage { now, records, events })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;
    use syncline_model::{RecordId, RowIssue};

    #[test]
    fn a_page_in_parts_keeps_its_records_and_what_was_not_found_of_each() {
        let records = |count: usize| -> Vec<Record> {
            let raw = || RawValue::from_string("{}".to_owned()).unwrap();
            let record = |n: usize| Record {
                entity: "contact".into(),
                id: RecordId::new(n.to_string()),
                etag: None,
                raw: raw(),
            };
            (0..count).map(record).collect()
        };
        let issue = |n: usize| RowIssue { code: String::new(), field: String::new(), message: n.to_string() };
        for count in [0, 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER + 7] {
            let unfound: Unfound = (0..count).step_by(300).map(|n| (n, issue(n))).collect();
            let told = unfound.len();
            let parts = parts(Page { records: records(count), next: None, bytes: 0 }, unfound);
            let whole: usize = parts.iter().map(|(page, _)| page.records.len()).sum();
            assert_eq!((whole, parts.len()), (count, count.div_ceil(TOGETHER).max(1)));
            assert_eq!(parts.iter().map(|(_, unfound)| unfound.len()).sum::<usize>(), told);
            for (page, unfound) in &parts {
                for (place, issue) in unfound {
                    assert_eq!(page.records[*place].id.as_str(), issue.message);
                }
            }
        }
    }
}
