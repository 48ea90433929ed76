//! A big tenant's other tables: their names are kept (a few hundred bytes a table), their columns and relationships are made when
//! somebody asks, each a pure function of seed, table and number. They hold no rows.
mod columns;
mod names;
mod relations;

pub use columns::WideColumn;
pub use names::{PUBLISHERS, Publisher};
pub use relations::{WideLookup, WideManyToMany};

use super::ids::mix;
use super::schema::Schema;
use std::collections::HashMap;

/// How many tables and columns the whole environment has, the sample tables included.
pub const ENTITIES: usize = 1_000;
/// Columns of all tables together, without virtual companions.
pub const COLUMNS: usize = 40_000;

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WideKind {
    /// Rows with an owner.
    UserOwned,
    /// Rows of the organization.
    Organization,
    /// A many-to-many relationship's table.
    Intersect,
    /// Rows that live elsewhere.
    Virtual,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideEntity {
    /// Its number among the wide tables.
    pub number: u32,
    /// Logical name.
    pub logical: String,
    /// Schema name.
    pub schema: String,
    /// Entity set name.
    pub set: String,
    /// Display name.
    pub display: String,
    /// Plural display name.
    pub plural: String,
    /// What it is.
    pub kind: WideKind,
    /// Who made it: an index of [`PUBLISHERS`].
    pub publisher: usize,
    /// Which of the publisher's solutions brought it.
    pub solution: usize,
    /// Columns, virtual companions not counted.
    pub columns: u32,
}

impl WideEntity {
    /// Customization prefix with the underscore; empty for the service's own tables.
    pub fn prefix(&self) -> String {
        match PUBLISHERS[self.publisher].prefix {
            "" => String::new(),
            prefix => format!("{prefix}_"),
        }
    }

    /// True for what the Web API calls a custom table: everything with a prefix.
    pub fn custom(&self) -> bool {
        !PUBLISHERS[self.publisher].prefix.is_empty()
    }

    /// Primary key.
    pub fn primary_id(&self) -> String {
        format!("{}id", self.logical)
    }

    /// Primary name column; none for intersect tables.
    pub fn primary_name(&self) -> Option<String> {
        (self.kind != WideKind::Intersect).then(|| format!("{}name", self.prefix()))
    }

    /// Object type code.
    pub fn code(&self) -> i64 {
        10_500 + i64::from(self.number)
    }

    /// Tables that a restricted user may not read.
    pub fn guarded(&self) -> bool {
        self.kind != WideKind::Intersect && self.number % 10 == 3
    }

    /// Display, plural and schema name of the alternate key, where it has one.
    pub fn key(&self) -> Option<String> {
        let own = matches!(self.kind, WideKind::UserOwned | WideKind::Organization);
        (own && self.custom() && self.number.is_multiple_of(4))
            .then(|| format!("{}externalkey", self.prefix()))
    }
}

/// All tables beside the sample ones.
#[derive(Debug)]
pub struct Wide {
    seed: u64,
    entities: Vec<WideEntity>,
    by_logical: HashMap<String, u32>,
    by_set: HashMap<String, u32>,
}

impl Wide {
    /// As many tables and columns as the sample tables leave of [`ENTITIES`] and [`COLUMNS`].
    pub fn new(seed: u64, sample: &Schema) -> Self {
        let own_columns: usize = sample.entities.iter().map(|e| e.columns.len()).sum();
        let count = ENTITIES.saturating_sub(sample.entities.len()) as u32;
        let mut wide =
            Self { seed, entities: Vec::new(), by_logical: HashMap::new(), by_set: HashMap::new() };
        for number in 0..count {
            let entity = wide.named(number, sample);
            wide.by_logical.insert(entity.logical.clone(), number);
            wide.by_set.insert(entity.set.clone(), number);
            wide.entities.push(entity);
        }
        wide.spread(COLUMNS.saturating_sub(own_columns));
        wide
    }

    pub(crate) fn dice(&self, salt: u64, number: u32) -> u64 {
        mix(self.seed.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ (u64::from(number) << 20))
    }

    fn named(&self, number: u32, sample: &Schema) -> WideEntity {
        let share = (self.dice(1, number) % 100) as u32;
        let publisher = PUBLISHERS
            .iter()
            .scan(0, |sum, p| {
                *sum += p.share;
                Some(*sum)
            })
            .position(|sum| share < sum)
            .unwrap_or(0);
        let kind = match self.dice(2, number) % 100 {
            0..8 => WideKind::Intersect,
            8..11 => WideKind::Virtual,
            11..35 => WideKind::Organization,
            _ => WideKind::UserOwned,
        };
        let made_by = PUBLISHERS[publisher];
        let prefix = if made_by.prefix.is_empty() { String::new() } else { format!("{}_", made_by.prefix) };
        let (subjects, aspects) = (names::SUBJECTS.len() as u64, names::ASPECTS.len() as u64);
        let start = self.dice(3, number) % (subjects * aspects);
        let taken =
            |logical: &str| self.by_logical.contains_key(logical) || sample.by_logical(logical).is_some();
        let mut display = String::new();
        let mut logical = String::new();
        // The pool has more names than there are tables of a publisher, so that a free one is found.
        for step in 0..subjects * aspects {
            let at = (start + step * 7) % (subjects * aspects);
            let subject = names::SUBJECTS[(at / aspects) as usize];
            let aspect = names::ASPECTS[(at % aspects) as usize];
            display = if aspect.is_empty() { subject.to_owned() } else { format!("{subject} {aspect}") };
            logical = format!("{prefix}{}", names::logical(&display));
            if !taken(&logical) {
                break;
            }
        }
        let schema = format!("{prefix}{}", names::schema(&display));
        if self.dice(4, number).is_multiple_of(40) {
            display = names::ODD[(self.dice(5, number) % names::ODD.len() as u64) as usize].to_owned();
        }
        let plural = match display.as_str() {
            text if !text.is_ascii() || text.starts_with('[') => text.to_owned(),
            text if text.ends_with('y') => format!("{}ies", text.trim_end_matches('y')),
            text if text.ends_with('s') => format!("{text}es"),
            text => format!("{text}s"),
        };
        // Sets of custom tables can be renamed, so that no rule leads from one name to the other.
        let set = match self.dice(6, number) % 25 {
            0 => format!("{logical}collection"),
            1 => format!("{logical}set"),
            _ if logical.ends_with('y') => format!("{}ies", logical.trim_end_matches('y')),
            _ if logical.ends_with('s') => format!("{logical}es"),
            _ => format!("{logical}s"),
        };
        WideEntity {
            number,
            logical,
            schema,
            set,
            display,
            plural,
            kind,
            publisher,
            solution: (self.dice(7, number) % made_by.solutions.len() as u64) as usize,
            columns: 0,
        }
    }

    /// Gives each table its number of columns: few have very many, the sum is exact.
    fn spread(&mut self, columns: usize) {
        let least: Vec<u32> = self.entities.iter().map(|e| self.fixed_columns(e)).collect();
        let weights: Vec<u64> = self
            .entities
            .iter()
            .map(|e| match e.kind {
                WideKind::Intersect => 0,
                WideKind::Virtual => 1 + self.dice(8, e.number) % 4,
                WideKind::Organization => 2 + self.dice(8, e.number) % 12,
                WideKind::UserOwned => 4 + (self.dice(8, e.number) % 100).pow(2) / 200,
            })
            .collect();
        let (total, sum) = (least.iter().map(|n| *n as usize).sum::<usize>(), weights.iter().sum::<u64>());
        let spare = columns.saturating_sub(total) as u64;
        let mut given = 0;
        for (at, entity) in self.entities.iter_mut().enumerate() {
            let more = spare * weights[at] / sum.max(1);
            given += more;
            entity.columns = least[at] + more as u32;
        }
        // What rounding left goes to the first tables that have columns of their own.
        let mut rest = spare - given;
        for entity in self.entities.iter_mut().filter(|e| e.kind == WideKind::UserOwned) {
            if rest == 0 {
                break;
            }
            entity.columns += 1;
            rest -= 1;
        }
    }

    /// All tables.
    pub fn entities(&self) -> &[WideEntity] {
        &self.entities
    }

    /// By number.
    pub fn entity(&self, number: u32) -> Option<&WideEntity> {
        self.entities.get(number as usize)
    }

    /// By logical name.
    pub fn by_logical(&self, name: &str) -> Option<&WideEntity> {
        self.by_logical.get(name).and_then(|number| self.entity(*number))
    }

    /// By entity set name.
    pub fn by_set(&self, name: &str) -> Option<&WideEntity> {
        self.by_set.get(name).and_then(|number| self.entity(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::entities::schema;
    use std::collections::HashSet;

    #[test]
    fn a_big_tenant_has_its_numbers_and_no_name_twice() {
        let sample = schema();
        let wide = Wide::new(7, &sample);
        assert_eq!(sample.entities.len() + wide.entities().len(), ENTITIES);
        let own: usize = sample.entities.iter().map(|e| e.columns.len()).sum();
        let mut sum = own;
        let mut sets: HashSet<&str> = sample.entities.iter().map(|e| e.set).collect();
        for entity in wide.entities() {
            let columns = wide.columns(entity);
            assert_eq!(columns.len(), entity.columns as usize, "{}", entity.logical);
            let names: HashSet<&str> = columns.iter().map(|c| c.logical.as_str()).collect();
            assert_eq!(names.len(), columns.len(), "{} repeats a column", entity.logical);
            assert!(names.contains(entity.primary_id().as_str()), "{}", entity.logical);
            assert!(entity.primary_name().is_none_or(|name| names.contains(name.as_str())));
            assert!(sets.insert(&entity.set), "{} twice", entity.set);
            assert!(sample.by_logical(&entity.logical).is_none());
            sum += columns.len();
        }
        assert_eq!(sum, COLUMNS);
        assert_eq!(wide.by_logical.len(), wide.entities().len());
    }

    #[test]
    fn the_same_seed_makes_the_same_tables() {
        let sample = schema();
        let (one, two, other) = (Wide::new(7, &sample), Wide::new(7, &sample), Wide::new(8, &sample));
        assert_eq!(one.entities(), two.entities());
        assert_ne!(one.entities(), other.entities());
        let entity = &one.entities()[17];
        assert_eq!(one.columns(entity), two.columns(entity));
    }
}
