//! How deep rows that wait for one another lie.

use std::collections::HashMap;

/// A row waits for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) after: u32,
    pub(crate) before: u32,
    /// The one that points at the other.
    pub(crate) points: u32,
    pub(crate) column: u16,
}

/// How many rows each row has to wait for one after the other, and the edges that close circles; those are not counted, but that what waits for them goes after
/// the first turn. Edges are sorted.
pub(crate) fn depths(edges: &[Edge]) -> (HashMap<u32, u32>, Vec<Edge>) {
    let of = |row: u32| {
        let from = edges.partition_point(|edge| edge.after < row);
        from..edges.partition_point(|edge| edge.after <= row)
    };
    // `None` while it is looked at.
    let mut depths: HashMap<u32, Option<u32>> = HashMap::new();
    let mut closing = Vec::new();
    let mut path: Vec<(u32, std::ops::Range<usize>, u32)> = Vec::new();
    for start in edges.iter().map(|edge| edge.after) {
        if depths.contains_key(&start) {
            continue;
        }
        depths.insert(start, None);
        path.push((start, of(start), 0));
        while let Some((row, rest, depth)) = path.last_mut() {
            let Some(edge) = rest.next().and_then(|at| edges.get(at)) else {
                let (row, depth) = (*row, *depth);
                depths.insert(row, Some(depth));
                path.pop();
                if let Some((_, _, above)) = path.last_mut() {
                    *above = (*above).max(depth + 1);
                }
                continue;
            };
            match depths.get(&edge.before) {
                Some(Some(before)) => *depth = (*depth).max(before + 1),
                Some(None) => {
                    closing.push(*edge);
                    // What is deleted goes after the step that lets it go.
                    *depth = (*depth).max(u32::from(edge.points == edge.before));
                }
                None => {
                    depths.insert(edge.before, None);
                    path.push((edge.before, of(edge.before), 0));
                }
            }
        }
    }
    (depths.into_iter().map(|(row, depth)| (row, depth.unwrap_or(0))).collect(), closing)
}
