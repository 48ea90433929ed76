//! From a record's raw JSON to the cells of its typed columns.

use std::collections::HashMap;
use syncline_model::members;

use crate::StoreError;
use crate::cache::cells::{NOTHING, Slot, label_slot, slot};
use crate::cache::dataset::{CacheColumn, Dataset, Target};

pub(crate) use crate::cache::cells::{Cell, date_text};

/// Members that are learned; an entity has fewer.
const MOST_NAMES: usize = 8000;

/// Takes many records of one entity apart. Records of an entity have nearly the same members in nearly the same order, so each name is
/// looked for first where it came last time.
pub(crate) struct Taker<'d> {
    dataset: &'d Dataset,
    known: Vec<Known>,
    by_name: HashMap<String, usize>,
}

struct Known {
    name: String,
    target: Option<Target>,
    /// The one that followed last time.
    next: usize,
}

type Found<'a> = Vec<(Option<&'a str>, Option<&'a str>)>;

impl<'d> Taker<'d> {
    pub(crate) fn new(dataset: &'d Dataset) -> Self {
        Self { dataset, known: Vec::new(), by_name: HashMap::new() }
    }

    fn target(&mut self, last: &mut usize, name: &str) -> Option<Target> {
        let guess = self.known.get(*last).map_or(0, |known| known.next);
        let at = match self.known.get(guess) {
            Some(known) if known.name == name => guess,
            _ => match self.by_name.get(name) {
                Some(at) => *at,
                None if self.known.len() >= MOST_NAMES => return self.dataset.target(name),
                None => {
                    let target = self.dataset.target(name);
                    self.known.push(Known { name: name.to_owned(), target, next: 0 });
                    self.by_name.insert(name.to_owned(), self.known.len() - 1);
                    self.known.len() - 1
                }
            },
        };
        if let Some(known) = self.known.get_mut(*last) {
            known.next = at;
        }
        *last = at;
        self.known[at].target
    }

    /// The values and labels of a record, one pair a column.
    fn sort_out<'a>(&mut self, raw: &'a str) -> Result<Found<'a>, StoreError> {
        let mut found = vec![(None, None); self.dataset.columns.len()];
        let mut last = usize::MAX;
        for member in members(raw)? {
            let member = member?;
            match self.target(&mut last, &member.name) {
                Some(Target::Value(at)) => found[at].0 = Some(member.value),
                Some(Target::Label(at)) => found[at].1 = Some(member.value),
                None => {}
            }
        }
        Ok(found)
    }

    /// Gives each column with its cell and its label.
    pub(crate) fn each<'a>(
        &mut self,
        raw: &'a str,
        mut give: impl FnMut(&'d CacheColumn, &Slot<'a>, Option<&Slot<'a>>),
    ) -> Result<(), StoreError>
    where
        'd: 'a,
    {
        for (column, (value, label)) in self.dataset.columns.iter().zip(self.sort_out(raw)?) {
            let cell = value.map_or(NOTHING, |value| slot(column, value));
            let label = label_slot(column, &cell, label);
            give(column, &cell, label.as_ref());
        }
        Ok(())
    }

    /// The cells of the entity's table: one a value and one a label, in the order of the table.
    pub(crate) fn cells<'a>(&mut self, raw: &'a str) -> Result<Vec<Slot<'a>>, StoreError>
    where
        'd: 'a,
    {
        let mut cells = Vec::with_capacity(self.dataset.columns.len() * 2);
        for (column, (value, label)) in self.dataset.columns.iter().zip(self.sort_out(raw)?) {
            let cell = value.map_or(NOTHING, |value| slot(column, value));
            let label = label_slot(column, &cell, label);
            cells.push(cell);
            if column.labelled {
                cells.push(label.unwrap_or(NOTHING));
            }
        }
        Ok(cells)
    }
}
