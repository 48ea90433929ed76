//! Packs requests into batches within a destination's limits, in order.

use syncline_connect::{Capabilities, RowRequest};

/// Bytes that the envelope of a batch may take beside its rows.
const ENVELOPE_BYTES: usize = 4096;
/// Bytes that a row may take beside its body: separators, headers and boundaries of a multipart part.
const ROW_BYTES: usize = 512;

/// How many of the next rows fit into one batch; at least 1.
pub(crate) fn fits<'r>(requests: impl Iterator<Item = &'r RowRequest>, limits: &Capabilities) -> usize {
    let mut bytes = ENVELOPE_BYTES;
    let mut rows = 0;
    for request in requests.take(limits.max_batch_rows.max(1)) {
        bytes += request.body.len() + request.path.len() + ROW_BYTES;
        if rows > 0 && bytes > limits.max_batch_bytes {
            break;
        }
        rows += 1;
    }
    rows
}

/// How many batches a plan's rows take, given the number of rows and bytes; an estimate before the run.
pub fn estimate_batches(rows: u64, bytes: u64, limits: &Capabilities) -> u64 {
    let by_rows = rows.div_ceil(limits.max_batch_rows.max(1) as u64);
    let room = limits.max_batch_bytes.saturating_sub(ENVELOPE_BYTES).max(1) as u64;
    let by_bytes = (bytes + rows * ROW_BYTES as u64).div_ceil(room);
    if rows == 0 { 0 } else { by_rows.max(by_bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn limits(rows: usize, bytes: usize) -> Capabilities {
        Capabilities {
            reads_back: false,
            upserts: true,
            guards_versions: false,
            deletes: false,
            takes_events: true,
            partial_batches: true,
            filters: false,
            max_batch_rows: rows,
            max_batch_bytes: bytes,
            max_page_size: 500,
            parallel_batches: 1,
        }
    }

    fn request(bytes: usize) -> RowRequest {
        RowRequest {
            method: "POST".into(),
            path: String::new(),
            headers: BTreeMap::new(),
            body: "x".repeat(bytes),
        }
    }

    #[test]
    fn rows_and_bytes_both_limit() {
        let rows: Vec<RowRequest> = (0..10).map(|_| request(1000)).collect();
        assert_eq!(fits(rows.iter(), &limits(4, 1_000_000)), 4);
        assert_eq!(fits(rows.iter(), &limits(100, ENVELOPE_BYTES + 3 * 1600)), 3);
        assert_eq!(fits(rows.iter(), &limits(100, 10)), 1, "a row alone always goes");
        assert_eq!(fits([].iter(), &limits(4, 100)), 0);
        assert_eq!(estimate_batches(10, 10_000, &limits(4, 1_000_000)), 3);
        assert_eq!(estimate_batches(0, 0, &limits(4, 1_000_000)), 0);
    }
}
