//! Records that are in no pair yet: which ones of both sides belong together is told by their keys, and never guessed.

use std::collections::HashSet;
use syncline_connect::Selection;
use syncline_fetchxml::{Condition, Filter, Operator};
use syncline_model::{
    Action, CreateWhere, ErrorCode, MappedRecord, RowIssue, SynclineError, Value, ValueMap,
};
use syncline_store::{LinkSide, Unpaired};

use super::gather::{Gather, end};
use super::pair::{Draft, Pair, PairExtra};
use super::side::{AT_ONCE, Found, SideRow};
use crate::decide::Decision;
use crate::progress::blocking;

/// Ids of records that are looked at together; one where the other side has none.
type Ends = (Option<String>, Option<String>);

/// What is to be looked at when there is enough of it.
#[derive(Default)]
struct Due {
    fresh: Vec<Ends>,
    /// To be looked up at the other side.
    left: Vec<String>,
    right: Vec<String>,
}

impl Gather<'_> {
    /// Matches what is in no pair yet, key by key and then what has no key. Held is never more than what is asked for at once.
    pub(super) async fn matched(
        &mut self,
        unpaired: &Unpaired,
        left_whole: bool,
        right_whole: bool,
    ) -> Result<(), SynclineError> {
        let kept = unpaired.clone();
        blocking(move || Ok(kept.arrange()?)).await?;
        // Of what is not made at the source nothing need be known there.
        let rule = self.merger.rules_of_new().create;
        let returns = matches!(rule, CreateWhere::Both | CreateWhere::Source);
        let surely_alone = |side, filtered: bool| match side {
            LinkSide::Source => right_whole,
            LinkSide::Destination => left_whole && !filtered,
        };
        let mut due = Due::default();
        let mut after: Option<Vec<String>> = None;
        loop {
            let kept = unpaired.clone();
            let groups = blocking(move || Ok(kept.groups(after.as_deref(), AT_ONCE as u32)?)).await?;
            let Some(last) = groups.last() else { break };
            after = Some(last.key.clone());
            for group in groups {
                match (group.left, group.right, group.first_left, group.first_right) {
                    (0, 1.., _, _) if !returns && left_whole => {
                        self.all_alone(unpaired, LinkSide::Destination, Some(&group.key), &mut due).await?;
                    }
                    (1, 1, left, right) => due.fresh.push((left, right)),
                    (1, 0, Some(id), _) if surely_alone(LinkSide::Source, self.filtered()) => {
                        due.fresh.push((Some(id), None));
                    }
                    (1, 0, Some(id), _) => due.left.push(id),
                    (0, 1, _, Some(id)) if surely_alone(LinkSide::Destination, self.filtered()) => {
                        due.fresh.push((None, Some(id)));
                    }
                    (0, 1, _, Some(id)) => due.right.push(id),
                    (left, right, _, _) => {
                        self.duplicates(unpaired, &group.key, (left, right)).await?;
                    }
                }
                self.do_due(&mut due, AT_ONCE).await?;
            }
        }
        for side in [LinkSide::Source, LinkSide::Destination] {
            self.all_alone(unpaired, side, None, &mut due).await?;
        }
        self.do_due(&mut due, 1).await
    }

    /// Looks at what is due where it is so much.
    async fn do_due(&mut self, due: &mut Due, enough: usize) -> Result<(), SynclineError> {
        if due.fresh.len() >= enough {
            self.fresh(&std::mem::take(&mut due.fresh)).await?;
        }
        for (side, ids) in [(LinkSide::Source, &mut due.left), (LinkSide::Destination, &mut due.right)] {
            if ids.len() >= enough {
                self.look_up(side, std::mem::take(ids)).await?;
            }
        }
        Ok(())
    }

    /// Records under a key, or without one, that belong to none of the other side.
    async fn all_alone(
        &mut self,
        unpaired: &Unpaired,
        side: LinkSide,
        key: Option<&[String]>,
        due: &mut Due,
    ) -> Result<(), SynclineError> {
        let mut after = None;
        loop {
            let ids = ids_after(unpaired, side, key, after).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = Some(last.clone());
            due.fresh.extend(ids.into_iter().map(|id| match side {
                LinkSide::Source => (Some(id), None),
                LinkSide::Destination => (None, Some(id)),
            }));
            self.do_due(due, AT_ONCE).await?;
        }
    }

    /// Unpaired records whose other halves are looked up at the other side.
    async fn look_up(&mut self, side: LinkSide, ids: Vec<String>) -> Result<(), SynclineError> {
        if ids.is_empty() {
            return Ok(());
        }
        let merger = self.merger;
        let rows = merger.side(side).get(&ids, &self.work.cancel).await?;
        let rows: Vec<SideRow> = rows.into_iter().flatten().collect();
        let found = self.under_keys(side, &rows).await?;
        let mut pairs = Vec::new();
        for (row, found) in rows.into_iter().zip(found) {
            match found {
                Found::None => pairs.push(one_sided(side, row)),
                Found::Several(number) => {
                    let text = format!("{number} records of the other side have its key");
                    self.refuse(side, self.named(side, row), "ambiguous_match", &text).await?;
                }
                Found::One(id) => {
                    let taken =
                        self.links(side.other(), vec![id.clone()]).await?.into_iter().flatten().next();
                    if let Some(link) = taken {
                        let text = format!(
                            "the record with its key is paired with another one: {}",
                            end(&link, side)
                        );
                        self.refuse(side, self.named(side, row), "paired_already", &text).await?;
                        continue;
                    }
                    let other = merger.side(side.other()).get(&[id], &self.work.cancel).await?;
                    if side == LinkSide::Destination && !self.outside(&other).await?.is_empty() {
                        self.leave(row.id, "its record at the source is not in the selection").await?;
                        continue;
                    }
                    let mut pair = one_sided(side, row);
                    let other = other.into_iter().next().flatten();
                    match side {
                        LinkSide::Source => pair.right = other,
                        LinkSide::Destination => pair.left = other,
                    }
                    pairs.push(pair);
                }
            }
        }
        self.merge(pairs).await
    }

    /// What the other side has under the keys of these rows: as they are written, else in small letters.
    async fn under_keys(&self, side: LinkSide, rows: &[SideRow]) -> Result<Vec<Found>, SynclineError> {
        let mut keys = Vec::new();
        let mut of_row = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let small = self.key_values(side, row, true).filter(|_| !self.merger.rules_of_new().match_case);
            for key in self.key_values(side, row, false).into_iter().chain(small) {
                keys.push(key);
                of_row.push(at);
            }
        }
        let mut found = vec![Found::None; rows.len()];
        if keys.is_empty() {
            return Ok(found);
        }
        let told = self.merger.side(side.other()).find(&keys, &self.work.cancel).await?;
        for (at, one) in of_row.into_iter().zip(told) {
            if found[at] == Found::None {
                found[at] = one;
            }
        }
        Ok(found)
    }

    /// A record of the destination that is left alone, with the reason.
    async fn leave(&mut self, id: String, text: &str) -> Result<(), SynclineError> {
        let draft = Draft {
            title: id.clone(),
            source_id: id,
            source_etag: None,
            source: None,
            mapped: MappedRecord::default(),
            decision: Decision::left_out(Action::Skip, text),
            extra: PairExtra::default(),
        };
        self.from.push(self.store, draft).await
    }

    fn key_values(&self, side: LinkSide, row: &SideRow, small: bool) -> Option<ValueMap> {
        self.merger
            .two_way
            .keys
            .iter()
            .map(|key| {
                let (own, other) = match side {
                    LinkSide::Source => (&key.left, &key.right),
                    LinkSide::Destination => (&key.right, &key.left),
                };
                let value = row.value(own);
                let text = value.display_text();
                match value {
                    _ if text.trim().is_empty() => None,
                    Value::Text(_) if small => Some((other.clone(), text.trim().to_lowercase().into())),
                    value => Some((other.clone(), value)),
                }
            })
            .collect()
    }

    /// A row's id, and what it is known by.
    fn named(&self, side: LinkSide, row: SideRow) -> (String, String) {
        let id = row.id.clone();
        (id, self.merger.title(&one_sided(side, row)))
    }

    async fn refuse(
        &mut self,
        side: LinkSide,
        (id, title): (String, String),
        code: &str,
        text: &str,
    ) -> Result<(), SynclineError> {
        let keys = self.merger.two_way.keys.iter();
        let field = keys
            .map(|key| if side == LinkSide::Source { key.right.clone() } else { key.left.clone() })
            .collect::<Vec<_>>()
            .join(", ");
        let mut decision = Decision::left_out(Action::Invalid, text);
        decision.issues.push(RowIssue { code: code.to_owned(), field, message: text.to_owned() });
        let draft = Draft {
            title,
            source_id: id,
            source_etag: None,
            source: None,
            mapped: MappedRecord::default(),
            decision,
            extra: PairExtra::default(),
        };
        match side {
            LinkSide::Source => self.to.push(self.store, draft).await,
            LinkSide::Destination => self.from.push(self.store, draft).await,
        }
    }

    /// Several unpaired records have one key: which ones belong together is not guessed.
    async fn duplicates(
        &mut self,
        unpaired: &Unpaired,
        key: &[String],
        (left, right): (u64, u64),
    ) -> Result<(), SynclineError> {
        let shown = key.join(", ");
        let text = format!(
            "{left} record{} of the source and {right} of the destination have the key {shown}; which ones belong together is not guessed",
            if left == 1 { "" } else { "s" },
        );
        for side in [LinkSide::Source, LinkSide::Destination] {
            let mut after = None;
            loop {
                let ids = ids_after(unpaired, side, Some(key), after).await?;
                let Some(last) = ids.last() else { break };
                after = Some(last.clone());
                for id in ids {
                    self.refuse(side, (id, shown.clone()), "duplicate_key", &text).await?;
                }
            }
        }
        Ok(())
    }

    /// Records that are in no pair yet, by their ids.
    async fn fresh(&mut self, ids: &[Ends]) -> Result<(), SynclineError> {
        let left: Vec<String> = ids.iter().filter_map(|(left, _)| left.clone()).collect();
        let right: Vec<String> = ids.iter().filter_map(|(_, right)| right.clone()).collect();
        let mut left = self.merger.left.get(&left, &self.work.cancel).await?.into_iter();
        let mut right = self.merger.right.get(&right, &self.work.cancel).await?.into_iter();
        let mut pairs = Vec::with_capacity(ids.len());
        for (of_left, of_right) in ids {
            let pair = Pair {
                left: of_left.as_ref().and_then(|_| left.next().flatten()),
                right: of_right.as_ref().and_then(|_| right.next().flatten()),
                ..Pair::default()
            };
            // Deleted since it was read.
            let whole =
                pair.left.is_some() == of_left.is_some() && pair.right.is_some() == of_right.is_some();
            if whole {
                pairs.push(pair);
            }
        }
        self.merge(pairs).await
    }

    /// Some records only, by their ids on either side.
    pub(super) async fn some(&mut self, ids: Vec<String>) -> Result<(), SynclineError> {
        for ids in ids.chunks(AT_ONCE) {
            let of_left = self.links(LinkSide::Source, ids.to_vec()).await?;
            let of_right = self.links(LinkSide::Destination, ids.to_vec()).await?;
            let mut links = Vec::new();
            let mut unknown = Vec::new();
            for ((id, left), right) in ids.iter().zip(of_left).zip(of_right) {
                match left.or(right) {
                    Some(link) if self.seen.insert(link.id) => links.push(link),
                    Some(_) => {}
                    None => unknown.push(id.clone()),
                }
            }
            self.linked(links).await?;
            let at_left = self.there(LinkSide::Source, &unknown).await?;
            let (left, rest): (Vec<String>, Vec<String>) =
                unknown.into_iter().partition(|id| at_left.contains(id));
            let at_right = self.there(LinkSide::Destination, &rest).await?;
            self.look_up(LinkSide::Source, left).await?;
            self.look_up(
                LinkSide::Destination,
                rest.into_iter().filter(|id| at_right.contains(id)).collect(),
            )
            .await?;
        }
        Ok(())
    }

    /// Which of these ids a side has. An id that can't be one there is not there.
    async fn there(&self, side: LinkSide, ids: &[String]) -> Result<HashSet<String>, SynclineError> {
        let mut found = HashSet::new();
        for id in ids {
            let rows = self.merger.side(side).get(std::slice::from_ref(id), &self.work.cancel).await;
            match rows {
                Ok(rows) => found.extend(rows.into_iter().flatten().map(|_| id.clone())),
                Err(error) if matches!(error.code, ErrorCode::QueryInvalid | ErrorCode::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Records of the source that are there, but outside of the selection.
    pub(super) async fn outside(&self, rows: &[Option<SideRow>]) -> Result<HashSet<String>, SynclineError> {
        let there: Vec<String> = rows.iter().flatten().map(|row| row.id.clone()).collect();
        if !self.filtered() || there.is_empty() {
            return Ok(HashSet::new());
        }
        let mut outside: HashSet<String> = there.iter().cloned().collect();
        if self.left_whole {
            // It would have come.
            return Ok(outside);
        }
        let side = &self.merger.left;
        let own = self.merger.definition.source.filter.as_deref().unwrap_or_default();
        let own = Filter::parse(own).map_err(|error| {
            SynclineError::new(ErrorCode::QueryInvalid, format!("the filter can't be read: {error}"))
        })?;
        for ids in there.chunks(AT_ONCE) {
            let these = Filter::from(Condition::new(side.key(), Operator::In, ids.to_vec()));
            let selection = Selection {
                entity: Some(side.entity().clone()),
                columns: vec![side.access.schema.summary.primary_id.clone()],
                filter: Some(own.clone().and(these).to_xml()),
                page_size: AT_ONCE as u32,
                ..Selection::default()
            };
            let mut cursor = None;
            loop {
                let page = side.access.source.page(&selection, cursor.as_ref(), &self.work.cancel).await?;
                for record in page.records {
                    outside.remove(record.id.as_str());
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(outside)
    }
}

async fn ids_after(
    unpaired: &Unpaired,
    side: LinkSide,
    key: Option<&[String]>,
    after: Option<String>,
) -> Result<Vec<String>, SynclineError> {
    let (kept, key) = (unpaired.clone(), key.map(<[String]>::to_vec));
    blocking(move || Ok(kept.ids(side, key.as_deref(), after.as_deref(), AT_ONCE as u32)?)).await
}

fn one_sided(side: LinkSide, row: SideRow) -> Pair {
    match side {
        LinkSide::Source => Pair { left: Some(row), ..Pair::default() },
        LinkSide::Destination => Pair { right: Some(row), ..Pair::default() },
    }
}
