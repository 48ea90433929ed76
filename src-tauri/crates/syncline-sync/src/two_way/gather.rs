//! Looking at both sides: pairs that are known, records that belong together by their keys, and records that only one side has.

use std::collections::HashSet;
use syncline_connect::Selection;
use syncline_model::SynclineError;
use syncline_store::{Link, LinkPair, LinkSide, Store, Unpaired, UnpairedRecord};

use super::crosswalk::Crosswalk;
use super::numbers::Numbers;
use super::pair::{Merged, Merger, Pair};
use super::plan::Scope;
use super::reader::{Reader, TwoWayMark, TwoWayMarks};
use super::sheet::Sheet;
use super::side::{AT_ONCE, SideRow, folded};
use crate::progress::{Work, blocking};

/// One look at both sides.
pub(super) struct Gather<'a> {
    pub(super) store: &'a Store,
    pub(super) merger: &'a Merger,
    tables: LinkPair,
    pub(super) work: &'a Work,
    pub(super) to: Sheet,
    pub(super) from: Sheet,
    conflicts: u64,
    marks: TwoWayMarks,
    /// Links that were looked at.
    pub(super) seen: Numbers,
    /// Records that are in no pair yet; from the first one on.
    unpaired: Option<Unpaired>,
    /// Everything of the source's selection was read.
    pub(super) left_whole: bool,
    looked_at: u64,
}

impl<'a> Gather<'a> {
    pub(super) fn new(
        store: &'a Store,
        merger: &'a Merger,
        tables: LinkPair,
        work: &'a Work,
        to: Sheet,
        from: Sheet,
    ) -> Self {
        Self {
            store,
            merger,
            tables,
            work,
            to,
            from,
            conflicts: 0,
            marks: TwoWayMarks::default(),
            seen: Numbers::default(),
            unpaired: None,
            left_whole: false,
            looked_at: 0,
        }
    }

    pub(super) fn parts(self) -> (Sheet, Sheet, u64, TwoWayMarks) {
        (self.to, self.from, self.conflicts, self.marks)
    }

    pub(super) async fn all(&mut self, selection: Selection, scope: Scope) -> Result<(), SynclineError> {
        let since = match scope {
            Scope::Ids(ids) => return self.some(ids).await,
            Scope::Changes(marks) => marks,
            Scope::Whole => TwoWayMarks::default(),
        };
        let limited = selection.top.is_some();
        let left_whole = self.left_side(selection.clone(), since.left).await?;
        self.left_whole = left_whole;
        let right_whole = if limited { false } else { self.right_side(&selection, since.right).await? };
        if left_whole || right_whole {
            self.unseen().await?;
        }
        self.waiting().await?;
        match self.unpaired.take() {
            Some(unpaired) => self.matched(&unpaired, left_whole, right_whole).await,
            None => Ok(()),
        }
    }

    fn selection(&self, side: LinkSide, like: &Selection) -> Selection {
        let side = self.merger.side(side);
        Selection {
            entity: Some(side.entity().clone()),
            columns: side.columns.clone(),
            page_size: like.page_size,
            ..Selection::default()
        }
    }

    /// Reads the source; true: everything of it.
    async fn left_side(
        &mut self,
        asked: Selection,
        since: Option<TwoWayMark>,
    ) -> Result<bool, SynclineError> {
        let own = self.selection(LinkSide::Source, &asked);
        let selection = Selection { filter: asked.filter, top: asked.top, ..own };
        let merger = self.merger;
        let top = selection.top;
        let mut reader = Reader::new(&merger.left, selection, since)?;
        let mut read = 0_u64;
        while let Some(mut batch) = reader.next(self.work).await? {
            if let Some(top) = top {
                batch.rows.truncate(usize::try_from(top.saturating_sub(read)).unwrap_or(usize::MAX));
            }
            read += batch.rows.len() as u64;
            self.rows_of(LinkSide::Source, batch.rows).await?;
            self.removed(LinkSide::Source, &batch.removed).await?;
            if top.is_some_and(|top| read >= top) {
                break;
            }
        }
        self.marks.left = reader.mark;
        Ok(reader.whole)
    }

    /// Reads the destination; true: everything of it.
    async fn right_side(
        &mut self,
        like: &Selection,
        since: Option<TwoWayMark>,
    ) -> Result<bool, SynclineError> {
        let selection = self.selection(LinkSide::Destination, like);
        let merger = self.merger;
        let mut reader = Reader::new(&merger.right, selection, since)?;
        while let Some(batch) = reader.next(self.work).await? {
            self.rows_of(LinkSide::Destination, batch.rows).await?;
            self.removed(LinkSide::Destination, &batch.removed).await?;
        }
        self.marks.right = reader.mark;
        Ok(reader.whole)
    }

    pub(super) async fn links(
        &self,
        side: LinkSide,
        ids: Vec<String>,
    ) -> Result<Vec<Option<Link>>, SynclineError> {
        let (store, tables) = (self.store.clone(), self.tables.clone());
        blocking(move || {
            let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
            Ok(store.links_of(&tables, side, &asked)?)
        })
        .await
    }

    /// A page of one side: known pairs are merged, the others wait until both sides are read.
    async fn rows_of(&mut self, side: LinkSide, rows: Vec<SideRow>) -> Result<(), SynclineError> {
        let links = self.links(side, rows.iter().map(|row| row.id.clone()).collect()).await?;
        let (mut known, mut unpaired) = (Vec::new(), Vec::new());
        for (row, link) in rows.into_iter().zip(links) {
            match link {
                Some(link) if self.seen.insert(link.id) => known.push((row, link)),
                Some(_) => {}
                None => {
                    let key = self.key_of(side, &row);
                    unpaired.push(UnpairedRecord { id: row.id, key });
                }
            }
        }
        self.add_unpaired(side, unpaired).await?;
        let other = side.other();
        let ids: Vec<String> = known.iter().map(|(_, link)| end(link, other).to_owned()).collect();
        let others = self.merger.side(other).get(&ids, &self.work.cancel).await?;
        let outside = match side {
            LinkSide::Source => HashSet::new(),
            LinkSide::Destination => self.outside(&others).await?,
        };
        self.settle_outside(known.iter().map(|(_, link)| link), &outside).await?;
        let mut pairs = Vec::with_capacity(known.len());
        for ((row, link), found) in known.into_iter().zip(others) {
            let pair = match side {
                LinkSide::Source => {
                    Pair { link: Some(link), left: Some(row), right: found, ..Pair::default() }
                }
                LinkSide::Destination => {
                    // What the filter leaves out is left alone, whoever changed it.
                    if outside.contains(&link.left) {
                        continue;
                    }
                    Pair { link: Some(link), left: found, right: Some(row), ..Pair::default() }
                }
            };
            pairs.push(pair);
        }
        self.merge(pairs).await
    }

    /// What waited of a pair that is outside of the selection now waits no more.
    async fn settle_outside(
        &self,
        links: impl Iterator<Item = &Link>,
        outside: &HashSet<String>,
    ) -> Result<(), SynclineError> {
        let pairs: Vec<(String, String)> = links
            .filter(|link| outside.contains(&link.left))
            .map(|link| (link.left.clone(), link.right.clone()))
            .collect();
        let (store, tables) = (self.store.clone(), self.tables.clone());
        let (name, now) = (self.merger.definition.name.clone(), self.work.now());
        blocking(move || Ok(store.note_conflicts(&tables, &name, &pairs, &[], now)?)).await
    }

    /// Whether a record of the source that did not come is outside of the selection.
    pub(super) fn filtered(&self) -> bool {
        self.merger.definition.source.filter.as_deref().is_some_and(|text| !text.trim().is_empty())
    }

    /// Puts records aside that are in no pair yet.
    async fn add_unpaired(
        &mut self,
        side: LinkSide,
        records: Vec<UnpairedRecord>,
    ) -> Result<(), SynclineError> {
        if records.is_empty() {
            return Ok(());
        }
        let (store, unpaired) = (self.store.clone(), self.unpaired.take());
        let unpaired = blocking(move || {
            let unpaired = unpaired.map_or_else(|| store.unpaired(), Ok)?;
            unpaired.add(side, &records)?;
            Ok(unpaired)
        });
        self.unpaired = Some(unpaired.await?);
        Ok(())
    }

    fn key_of(&self, side: LinkSide, row: &SideRow) -> Option<Vec<String>> {
        let match_case = self.merger.rules_of_new().match_case;
        self.merger
            .two_way
            .keys
            .iter()
            .map(|key| {
                let column = if side == LinkSide::Source { &key.left } else { &key.right };
                folded(&row.value(column), key.check, match_case)
            })
            .collect()
    }

    /// Records that are told as deleted.
    async fn removed(&mut self, side: LinkSide, ids: &[String]) -> Result<(), SynclineError> {
        let links = self.links(side, ids.to_vec()).await?;
        let links: Vec<Link> = links.into_iter().flatten().filter(|link| self.seen.insert(link.id)).collect();
        self.linked(links).await
    }

    /// Looks at both records of links.
    pub(super) async fn linked(&mut self, links: Vec<Link>) -> Result<(), SynclineError> {
        let merger = self.merger;
        for links in links.chunks(AT_ONCE) {
            let ids = |side| links.iter().map(|link| end(link, side).to_owned()).collect::<Vec<_>>();
            let left = merger.left.get(&ids(LinkSide::Source), &self.work.cancel).await?;
            let right = merger.right.get(&ids(LinkSide::Destination), &self.work.cancel).await?;
            let pairs = links
                .iter()
                .zip(left.into_iter().zip(right))
                .map(|(link, (left, right))| Pair {
                    link: Some(link.clone()),
                    left,
                    right,
                    ..Pair::default()
                })
                .collect();
            self.merge(pairs).await?;
        }
        Ok(())
    }

    /// Pairs of which no record came.
    async fn unseen(&mut self) -> Result<(), SynclineError> {
        let mut after = 0;
        loop {
            let (store, tables) = (self.store.clone(), self.tables.clone());
            let links = blocking(move || Ok(store.links_after(&tables, after, AT_ONCE as u32)?)).await?;
            let Some(last) = links.last() else { return Ok(()) };
            after = last.id;
            let links: Vec<Link> = links.into_iter().filter(|link| self.seen.insert(link.id)).collect();
            let left = self
                .merger
                .left
                .get(&links.iter().map(|link| link.left.clone()).collect::<Vec<_>>(), &self.work.cancel)
                .await?;
            let outside = self.outside(&left).await?;
            self.settle_outside(links.iter(), &outside).await?;
            let links = links.into_iter().filter(|link| !outside.contains(&link.left)).collect();
            self.linked(links).await?;
        }
    }

    /// Pairs that wait for a decision are looked at each time.
    async fn waiting(&mut self) -> Result<(), SynclineError> {
        let mut offset = 0;
        loop {
            let (store, name) = (self.store.clone(), self.merger.definition.name.clone());
            let (conflicts, _) =
                blocking(move || Ok(store.conflicts(Some(&name), offset, AT_ONCE as u32)?)).await?;
            if conflicts.is_empty() {
                return Ok(());
            }
            offset += conflicts.len() as u64;
            let ids: Vec<String> = conflicts.into_iter().map(|one| one.left).collect();
            let links = self.links(LinkSide::Source, ids).await?;
            let links: Vec<Link> =
                links.into_iter().flatten().filter(|link| self.seen.insert(link.id)).collect();
            self.linked(links).await?;
        }
    }

    /// Merges pairs and adds what comes of them to the plans.
    pub(super) async fn merge(&mut self, pairs: Vec<Pair>) -> Result<(), SynclineError> {
        if pairs.is_empty() {
            return Ok(());
        }
        let merger = self.merger;
        let connections = (merger.left.access.connection, merger.right.access.connection);
        let crosswalk = Crosswalk::of(self.store, &merger.two_way.fields, connections, &pairs).await?;
        let pairs = self.with_conflicts(pairs).await?;
        let (mut looked_at, mut found) = (Vec::new(), Vec::new());
        for pair in pairs {
            self.looked_at += 1;
            let merged = merged(merger, &pair, &crosswalk);
            self.conflicts += merged.conflicts.iter().filter(|one| open(&pair, one)).count() as u64;
            looked_at.extend(merged.looked_at);
            found.extend(merged.conflicts);
            if let Some(draft) = merged.to {
                self.to.push(self.store, draft).await?;
            }
            if let Some(draft) = merged.from {
                self.from.push(self.store, draft).await?;
            }
        }
        self.work.tell_calls(None);
        self.work.tell("comparing both sides", self.looked_at, None);
        let (store, tables) = (self.store.clone(), self.tables.clone());
        let (name, now) = (merger.definition.name.clone(), self.work.now());
        blocking(move || Ok(store.note_conflicts(&tables, &name, &looked_at, &found, now)?)).await
    }

    /// With the conflicts that were found before.
    async fn with_conflicts(&self, mut pairs: Vec<Pair>) -> Result<Vec<Pair>, SynclineError> {
        let (store, tables) = (self.store.clone(), self.tables.clone());
        blocking(move || {
            for pair in &mut pairs {
                let ids = match (&pair.link, &pair.left, &pair.right) {
                    (Some(link), _, _) => (link.left.clone(), link.right.clone()),
                    (None, Some(left), Some(right)) => (left.id.clone(), right.id.clone()),
                    (None, _, _) => continue,
                };
                pair.conflicts = store.conflicts_of(&tables, &ids.0, &ids.1)?;
            }
            Ok(pairs)
        })
        .await
    }
}

/// A conflict that nobody has decided.
fn open(pair: &Pair, found: &syncline_store::FoundConflict) -> bool {
    let known = pair.conflicts.iter().find(|one| one.field == found.field);
    !known.is_some_and(|one| {
        one.decision.is_some()
            && one.body.left.value == found.body.left.value
            && one.body.right.value == found.body.right.value
    })
}

fn merged(merger: &Merger, pair: &Pair, crosswalk: &Crosswalk) -> Merged {
    match (&pair.left, &pair.right, &pair.link) {
        (Some(left), Some(right), _) => merger.both(pair, left, right, crosswalk),
        (Some(left), None, Some(link)) => merger.one_gone(pair, link, left, LinkSide::Destination, crosswalk),
        (None, Some(right), Some(link)) => merger.one_gone(pair, link, right, LinkSide::Source, crosswalk),
        (None, None, Some(link)) => merger.both_gone(link),
        (Some(left), None, None) => {
            let draft = merger.create(pair, left, LinkSide::Destination, crosswalk, false);
            Merged { to: Some(draft), ..Merged::default() }
        }
        (None, Some(right), None) => {
            let draft = merger.create(pair, right, LinkSide::Source, crosswalk, false);
            Merged { from: Some(draft), ..Merged::default() }
        }
        (None, None, None) => Merged::default(),
    }
}

pub(super) fn end(link: &Link, side: LinkSide) -> &str {
    match side {
        LinkSide::Source => &link.left,
        LinkSide::Destination => &link.right,
    }
}
