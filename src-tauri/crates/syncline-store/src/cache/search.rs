//! Search in everything that was pulled: words as beginnings, all of them in one record, without regard to case and accents.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use syncline_model::{EntityName, RecordId};
use uuid::Uuid;

use crate::cache::dataset::Dataset;
use crate::cache::extract::{Piece, phone_digits, pieces};
use crate::fold::{fold, is_mark};
use crate::time::from_millis;
use crate::{Store, StoreError};

/// Words of a query beyond this are not looked at.
const MOST_WORDS: usize = 16;
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
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// The words of a text as the index cuts them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c)).filter(|word| word.chars().any(char::is_alphanumeric))
}

/// An FTS5 expression in which nothing of the person's text is syntax: each word is quoted and a beginning, all must be there.
/// `None`: there is no word in the text.
pub(crate) fn match_expression(text: &str) -> Option<String> {
    let all: Vec<String> = words(text).take(MOST_WORDS).map(|word| format!("\"{word}\"*")).collect();
    if all.is_empty() {
        return None;
    }
    let all = all.join(" AND ");
    Some(match phone_digits(text.trim()) {
        Some(digits) => format!("({all}) OR \"{digits}\"*"),
        None => all,
    })
}

impl Store {
    /// Searches the cached records.
    pub fn search(&self, query: &SearchQuery<'_>) -> Result<SearchHits, StoreError> {
        let Some(expression) = match_expression(query.text) else { return Ok(SearchHits::default()) };
        let limit = query.limit as usize;
        self.read(|db| {
            let mut ranked: Vec<(f64, i64, Uuid, i64)> = Vec::new();
            for (number, connection) in searched(db, query)? {
                let mut statement = db.prepare_cached(&format!(
                    "SELECT rowid, bm25(s_{number}, 4.0, 1.0) AS rank FROM s_{number} WHERE s_{number} MATCH ?1
                     ORDER BY rank LIMIT ?2"
                ))?;
                let rows = statement
                    .query_map(params![expression, limit as i64 + 1], |row| Ok((row.get(0)?, row.get(1)?)))?;
                for row in rows {
                    let (rid, rank): (i64, f64) = row?;
                    ranked.push((rank, number, connection, rid));
                }
            }
            ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.3.cmp(&b.3)));
            let more = ranked.len() > limit;
            ranked.truncate(limit);
            let hits = ranked
                .into_iter()
                .map(|(_, number, connection, rid)| {
                    let dataset = self.dataset(db, number)?;
                    hit(db, &dataset, connection, rid, query.text)
                })
                .collect::<Result<Vec<_>, _>>()?;
            Ok(SearchHits { hits, more })
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
