//! Search in everything that was pulled: words as beginnings, all of them in one record, without regard to case and accents.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::HashSet;
use syncline_model::{EntityName, RecordId};
use uuid::Uuid;

use crate::cache::dataset::Dataset;
use crate::cache::index;
use crate::cache::words::{Piece, phone_digits, pieces, words};
use crate::fold::fold;
use crate::time::from_millis;
use crate::{Store, StoreError};

/// Words of a query beyond this are not looked at.
const MOST_WORDS: usize = 16;
/// What most words go on with after their first letter, the usual first.
const SECOND: &str = "aeionrluhtsmcdybgkpvwjfzxq0123456789";
/// Characters of a snippet before and after the hit.
const AROUND: usize = 40;

/// What is searched.
#[derive(Debug, Clone, Copy)]
pub struct SearchQuery<'a> {
    /// The person's text. Any text is allowed; one without a word finds nothing.
    pub text: &'a str,
    /// Only these connections; `None`: all.
    pub connections: Option<&'a [Uuid]>,
    /// Only this entity.
    pub entity: Option<&'a EntityName>,
    /// Most hits.
    pub limit: u32,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// Connection.
    pub connection: Uuid,
    /// Entity.
    pub entity: EntityName,
    /// Record.
    pub id: RecordId,
    /// Primary name, or the id.
    pub title: String,
    /// Column with the hit.
    pub field: String,
    /// The text around it; hits between `⟦` and `⟧`.
    pub snippet: String,
    /// When the record was read.
    pub pulled_at: Timestamp,
}

/// Hits, best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchHits {
    /// The hits.
    pub hits: Vec<SearchHit>,
    /// There are more.
    pub more: bool,
    /// Records that can't be found yet because the search index has not caught up, at most.
    pub not_indexed: u64,
}

/// FTS5 expressions in which nothing of the person's text is syntax: each word is quoted, all must be there.
pub(crate) struct Expressions {
    /// Every hit: each word as a beginning, or a phone number by its digits.
    pub(crate) all: String,
    /// From the best hits to all: whole words of the primary name, beginnings there, whole words anywhere, all.
    tiers: Vec<String>,
}

/// `None`: there is no word in the text.
pub(crate) fn expressions(text: &str) -> Option<Expressions> {
    let folded = fold(text);
    let found: Vec<&str> = words(&folded).take(MOST_WORDS).collect();
    if found.is_empty() {
        return None;
    }
    let joined =
        |star: &str| found.iter().map(|word| format!("\"{word}\"{star}")).collect::<Vec<_>>().join(" AND ");
    let (whole, begins) = (joined(""), joined("*"));
    let all = match phone_digits(text.trim()) {
        Some(digits) => format!("({begins}) OR \"{digits}\"*"),
        None => begins.clone(),
    };
    let mut tiers = vec![format!("title : ({whole})")];
    if let [letter] = found.as_slice()
        && letter.chars().count() == 1
    {
        // All words that begin with a letter are brought together before the first hit; those that go on with one more are far fewer,
        // and enough of them are found soon.
        tiers.extend(SECOND.chars().map(|next| format!("title : (\"{letter}{next}\"*)")));
    }
    tiers.extend([format!("title : ({begins})"), whole, all.clone()]);
    Some(Expressions { all, tiers })
}

impl Store {
    /// Searches the cached records. The best hits come first: records whose primary name has the words, whole or as beginnings, then
    /// records that have them elsewhere. No hit is stale; records that the index has not caught up with are not found and counted.
    pub fn search(&self, query: &SearchQuery<'_>) -> Result<SearchHits, StoreError> {
        let Some(expressions) = expressions(query.text) else { return Ok(SearchHits::default()) };
        let limit = query.limit as usize;
        self.read(|db| {
            let mut found: Vec<(i64, Uuid, i64)> = Vec::new();
            let mut seen = HashSet::new();
            let mut not_indexed = 0;
            let mut places = Vec::new();
            for (number, connection) in searched(db, query)? {
                not_indexed += index::behind(db, number)?;
                if index::indexed_to(db, number)? > 0 {
                    places.push((number, connection));
                }
            }
            'tiers: for tier in &expressions.tiers {
                for (number, connection) in &places {
                    // Hits of better tiers come again; so many are read that a new one is among them.
                    let mut statement = db.prepare_cached(&format!(
                        "SELECT rowid FROM s_{number} WHERE s_{number} MATCH ?1 LIMIT ?2"
                    ))?;
                    let most = (found.len() + limit + 1) as i64;
                    let rows = statement.query_map(params![tier, most], |row| row.get::<_, i64>(0))?;
                    for rid in rows {
                        let rid = rid?;
                        if seen.insert((*number, rid)) {
                            found.push((*number, *connection, rid));
                        }
                        if found.len() > limit {
                            break 'tiers;
                        }
                    }
                }
            }
            let more = found.len() > limit;
            found.truncate(limit);
            let hits = found
                .into_iter()
                .map(|(number, connection, rid)| {
                    let dataset = self.dataset(db, number)?;
                    hit(db, &dataset, connection, rid, query.text)
                })
                .collect::<Result<Vec<_>, _>>()?;
            Ok(SearchHits { hits, more, not_indexed })
        })
    }
}

fn searched(db: &Connection, query: &SearchQuery<'_>) -> Result<Vec<(i64, Uuid)>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id, connection, entity FROM datasets ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (number, connection, entity) = row?;
        let Ok(connection) = connection.parse::<Uuid>() else { continue };
        if query.connections.is_none_or(|only| only.contains(&connection))
            && query.entity.is_none_or(|only| only.as_str() == entity)
        {
            found.push((number, connection));
        }
    }
    Ok(found)
}

fn hit(
    db: &Connection,
    dataset: &Dataset,
    connection: Uuid,
    rid: i64,
    text: &str,
) -> Result<SearchHit, StoreError> {
    let number = dataset.id;
    let (id, pulled_at, raw): (String, i64, Vec<u8>) = db
        .prepare_cached(&format!(
            "SELECT c.record_id, c.pulled_at, r.raw FROM c_{number} c JOIN r_{number} r USING(rid) WHERE c.rid = ?1"
        ))?
        .query_row([rid], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let raw = dataset.codec.decompressor()?.text(&raw)?;
    let pieces = pieces(dataset, &raw)?;
    let title =
        pieces.iter().find(|piece| piece.title).map_or_else(|| id.clone(), |piece| piece.text.clone());
    let (field, snippet) = best_piece(&pieces, text);
    Ok(SearchHit {
        connection,
        entity: dataset.entity.clone(),
        id: RecordId::new(id),
        title,
        field,
        snippet,
        pulled_at: from_millis(pulled_at),
    })
}

/// Hits in a text: from and to, in bytes.
type Spans = Vec<(usize, usize)>;

/// The piece with most of the words, and its text around the first hit.
fn best_piece(pieces: &[Piece], text: &str) -> (String, String) {
    let wanted: Vec<String> = words(text).map(fold).collect();
    let digits = phone_digits(text.trim());
    let mut best: Option<(usize, &Piece, Spans)> = None;
    for piece in pieces {
        let mut spans = Vec::new();
        let mut different = std::collections::BTreeSet::new();
        for word in words(&piece.text) {
            let folded = fold(word);
            if let Some(which) = wanted.iter().position(|wanted| folded.starts_with(wanted.as_str())) {
                // Words are slices of the text, so the difference of the addresses is the offset.
                let start = word.as_ptr() as usize - piece.text.as_ptr() as usize;
                spans.push((start, start + word.len()));
                different.insert(which);
            }
        }
        let is_number = digits
            .as_ref()
            .is_some_and(|digits| phone_digits(&piece.text).is_some_and(|own| own.contains(digits)));
        if is_number && different.len() < wanted.len() {
            spans = vec![(0, piece.text.len())];
            different.extend(0..wanted.len());
        }
        if !spans.is_empty() && best.as_ref().is_none_or(|(count, _, _)| different.len() > *count) {
            best = Some((different.len(), piece, spans));
        }
    }
    match best {
        Some((_, piece, spans)) => (piece.column.clone(), snippet(&piece.text, &spans)),
        None => pieces
            .first()
            .map_or_else(Default::default, |piece| (piece.column.clone(), snippet(&piece.text, &[(0, 0)]))),
    }
}

fn snippet(text: &str, spans: &[(usize, usize)]) -> String {
    let first = spans.first().map_or(0, |span| span.0);
    let last =
        spans.iter().take_while(|span| span.1 < first + 4 * AROUND).last().map_or(first, |span| span.1);
    let start = text[..first].char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let end = text[last..].char_indices().nth(AROUND).map_or(text.len(), |(at, _)| last + at);
    let mut snippet = String::new();
    if start > 0 {
        snippet.push('…');
    }
    let mut at = start;
    for (from, to) in spans.iter().copied().filter(|(from, to)| to > from && *to <= end) {
        snippet.push_str(&text[at..from]);
        snippet.push('⟦');
        snippet.push_str(&text[from..to]);
        snippet.push('⟧');
        at = to;
    }
    snippet.push_str(&text[at..end]);
    if end < text.len() {
        snippet.push('…');
    }
    snippet.replace(['\r', '\n', '\t'], " ")
}
