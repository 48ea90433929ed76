//! Search in everything that was pulled: words as beginnings, all of them in one record, without regard to case and accents.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::HashSet;
use syncline_model::{EntityName, RecordId};
use uuid::Uuid;

use crate::cache::dataset::Dataset;
use crate::cache::index;
use crate::cache::search_look::{Looks, Wanted, anywhere, look};
use crate::cache::words::{IN_NAME, Piece, phone_digits, pieces, words};
use crate::fold::fold;
use crate::time::from_millis;
use crate::{Store, StoreError};

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

/// The FTS5 expressions of the best hits, the best first: whole words of the primary name, beginnings there, whole words anywhere.
fn tiers(wanted: &Wanted) -> Vec<String> {
    let each = |write: &dyn Fn(&str) -> String| {
        wanted.words.iter().map(|word| write(word)).collect::<Vec<_>>().join(" AND ")
    };
    let in_name = |star: &str| each(&|word| format!("\"{IN_NAME}{word}\"{star}"));
    let mut tiers = vec![in_name("")];
    if let [letter] = wanted.words.as_slice()
        && letter.chars().count() == 1
    {
        // All words that begin with a letter are brought together before the first hit; those that go on with one more are far fewer,
        // and enough of them are found soon.
        tiers.extend(SECOND.chars().map(|next| format!("\"{IN_NAME}{letter}{next}\"*")));
    }
    tiers.extend([in_name("*"), each(&|word| anywhere(word, ""))]);
    tiers
}

/// An entity that is searched.
struct Place {
    number: i64,
    connection: Uuid,
    indexed_to: i64,
}

/// What is found: each once, and one more than is wanted.
struct Found {
    limit: usize,
    seen: HashSet<(i64, i64)>,
    /// Number and connection of the entity, place of the record.
    hits: Vec<(i64, Uuid, i64)>,
}

impl Found {
    fn is_enough(&self) -> bool {
        self.hits.len() > self.limit
    }

    /// True: that is enough.
    fn add(&mut self, place: &Place, rid: i64) -> bool {
        if self.seen.insert((place.number, rid)) {
            self.hits.push((place.number, place.connection, rid));
        }
        self.is_enough()
    }

    /// Asks the index of an entity.
    fn ask(&mut self, db: &Connection, place: &Place, expression: &str) -> Result<(), StoreError> {
        let number = place.number;
        // Hits of better tiers come again; so many are read that a new one is among them.
        let mut statement =
            db.prepare_cached(&format!("SELECT rowid FROM s_{number} WHERE s_{number} MATCH ?1 LIMIT ?2"))?;
        let most = (self.hits.len() + self.limit + 1) as i64;
        let rows = statement.query_map(params![expression, most], |row| row.get::<_, i64>(0))?;
        for rid in rows {
            if self.add(place, rid?) {
                break;
            }
        }
        Ok(())
    }
}

impl Store {
    /// Searches the cached records. The best hits come first: records whose primary name has the words, whole or as beginnings, then
    /// records that have them elsewhere. No hit is stale; records that the index has not caught up with are not found and counted.
    pub fn search(&self, query: &SearchQuery<'_>) -> Result<SearchHits, StoreError> {
        self.search_with(query, &Looks::default())
    }

    pub(crate) fn search_with(
        &self,
        query: &SearchQuery<'_>,
        looks: &Looks,
    ) -> Result<SearchHits, StoreError> {
        let Some(wanted) = Wanted::of(query.text) else { return Ok(SearchHits::default()) };
        self.read(|db| self.search_for(db, query, &wanted, looks))
    }

    fn search_for(
        &self,
        db: &Connection,
        query: &SearchQuery<'_>,
        wanted: &Wanted,
        looks: &Looks,
    ) -> Result<SearchHits, StoreError> {
        let (mut places, mut not_indexed) = (Vec::new(), 0);
        for (number, connection) in searched(db, query)? {
            not_indexed += index::behind(db, number)?;
            let indexed_to = index::indexed_to(db, number)?;
            if indexed_to > 0 {
                places.push(Place { number, connection, indexed_to });
            }
        }
        let limit = query.limit as usize;
        let mut found = Found { limit, seen: HashSet::new(), hits: Vec::new() };
        'tiers: for tier in tiers(wanted) {
            for place in &places {
                found.ask(db, place, &tier)?;
                if found.is_enough() {
                    break 'tiers;
                }
            }
        }
        for place in &places {
            if found.is_enough() {
                break;
            }
            let dataset = self.dataset(db, place.number)?;
            let take = &mut |rid| found.add(place, rid);
            if !look(db, &dataset, place.indexed_to, wanted, looks, take)? {
                found.ask(db, place, &wanted.all())?;
            }
        }
        let more = found.is_enough();
        let hits = found
            .hits
            .into_iter()
            .take(limit)
            .map(|(number, connection, rid)| {
                let dataset = self.dataset(db, number)?;
                hit(db, &dataset, connection, rid, query.text)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(SearchHits { hits, more, not_indexed })
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
