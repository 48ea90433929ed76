//! The rows: generated ones on demand, written ones in an overlay. One version counter for the whole environment;
//! every write takes the next one. A transaction can be undone.
mod index;
mod table;

pub(crate) use table::{Delta, TableData};

use crate::data::{Generator, Schema, Solutions, Table, Value, Wide, entities};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// First version that a write gives; above every generated row's version.
pub(crate) const FIRST_WRITE: i64 = 1_000_000_000;

/// The schema's version at the start.
const FIRST_METADATA: u64 = 79_344_285;

/// A row: its table and its position there.
pub(crate) type Row = (Table, u32);

/// What puts a row back.
#[derive(Debug)]
struct Undo {
    table: Table,
    position: u32,
    before: Option<Delta>,
    created: bool,
    deletions: usize,
}

/// All tables of one environment.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) schema: Schema,
    pub(crate) generator: Generator,
    /// The other tables of a big tenant; `None` in a small one.
    pub(crate) wide: Option<Arc<Wide>>,
    pub(crate) tables: Vec<TableData>,
    /// The version the next write gets.
    pub(crate) version: i64,
    /// Changes with any change of the schema.
    pub(crate) metadata_version: u64,
    /// Logical names of tables that have no optimistic concurrency.
    pub(crate) unguarded: HashSet<String>,
    undo: Vec<Undo>,
}

impl Store {
    pub(crate) fn new(generator: Generator) -> Self {
        let schema = entities::schema();
        let generator = generator.with_solutions(Solutions::of(&schema, None));
        let tables = Table::ALL.iter().map(|t| TableData::new(generator.count(*t))).collect();
        Self {
            schema,
            generator,
            wide: None,
            tables,
            version: FIRST_WRITE,
            metadata_version: FIRST_METADATA,
            unguarded: HashSet::new(),
            undo: Vec::new(),
        }
    }

    /// Adds the tables of a big tenant, or takes them away.
    pub(crate) fn set_big(&mut self, big: bool) {
        self.metadata_version += 1;
        self.wide = big.then(|| Arc::new(Wide::new(self.generator.seed, &self.schema)));
        let solutions = Solutions::of(&self.schema, self.wide.as_deref());
        self.generator = self.generator.clone().with_solutions(solutions);
        for table in [Table::Solution, Table::SolutionComponent] {
            self.tables[table as usize] = TableData::new(self.generator.count(table));
        }
    }

    pub(crate) fn table(&self, table: Table) -> &TableData {
        &self.tables[table as usize]
    }

    /// One value of one row.
    #[inline]
    pub(crate) fn value(&self, (table, position): Row, column: usize) -> Value {
        let data = self.table(table);
        if let Some(delta) = data.deltas.get(&position) {
            if let Some(value) = delta.values.get(&(column as u16)) {
                return value.clone();
            }
            let described = &self.schema.entity(table).columns[column];
            match described.logical {
                "versionnumber" => return Value::Int(delta.version),
                name if name == self.schema.entity(table).primary_id => {
                    return Value::Id(self.id((table, position)));
                }
                _ if delta.fresh => return Value::Null,
                _ => {}
            }
        }
        (self.schema.entity(table).columns[column].make)(&self.generator, position)
    }

    /// One value by logical name; null for a column the table does not have.
    pub(crate) fn named(&self, row: Row, logical: &str) -> Value {
        self.schema.entity(row.0).column(logical).map_or(Value::Null, |c| self.value(row, c))
    }

    /// The row's id.
    pub(crate) fn id(&self, (table, position): Row) -> Uuid {
        let data = self.table(table);
        match position.checked_sub(data.generated) {
            None => self.generator.id(table, position),
            Some(nth) => data.created.get(nth as usize).copied().unwrap_or_default(),
        }
    }

    /// The row's version, which is its ETag.
    pub(crate) fn row_version(&self, (table, position): Row) -> i64 {
        match self.table(table).deltas.get(&position) {
            Some(delta) => delta.version,
            None => self.generator.version(table, position),
        }
    }

    /// Position of an id, deleted rows included.
    pub(crate) fn position(&self, table: Table, id: Uuid) -> Option<u32> {
        self.table(table).created_at.get(&id).copied().or_else(|| self.generator.index(table, id))
    }

    /// The row with an id.
    pub(crate) fn find(&self, table: Table, id: Uuid) -> Option<Row> {
        self.position(table, id).filter(|p| self.table(table).exists(*p)).map(|p| (table, p))
    }

    /// The primary name of a row; empty when the row is gone.
    pub(crate) fn name_of(&self, table: Table, id: Uuid) -> Option<String> {
        let row = self.find(table, id)?;
        match self.named(row, self.schema.entity(table).primary_name) {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }

    /// Changes columns of a row, or creates it. `fresh` forgets what was generated.
    pub(crate) fn put(&mut self, table: Table, id: Uuid, values: HashMap<u16, Value>, fresh: bool) -> Row {
        let version = self.version;
        self.version += 1;
        let known = self.position(table, id);
        let indexed: Vec<u16> =
            values.keys().copied().filter(|c| self.indexed(table, usize::from(*c))).collect();
        let data = &mut self.tables[table as usize];
        let position = known.unwrap_or_else(|| {
            data.created.push(id);
            let position = data.generated + data.created.len() as u32 - 1;
            data.created_at.insert(id, position);
            position
        });
        self.undo.push(Undo {
            table,
            position,
            before: data.deltas.get(&position).cloned(),
            created: known.is_none(),
            deletions: data.deletions.len(),
        });
        for column in indexed {
            if let Some(value) = values.get(&column) {
                data.changed.entry((column, value.fingerprint())).or_default().push(position);
            }
        }
        let delta = data.deltas.entry(position).or_default();
        if fresh {
            *delta = Delta { fresh: true, ..Delta::default() };
        }
        delta.values.extend(values);
        delta.version = version;
        delta.deleted = false;
        data.writes += 1;
        (table, position)
    }

    /// Deletes a row.
    pub(crate) fn delete(&mut self, (table, position): Row) {
        let version = self.version;
        self.version += 1;
        let id = self.id((table, position));
        let data = &mut self.tables[table as usize];
        self.undo.push(Undo {
            table,
            position,
            before: data.deltas.get(&position).cloned(),
            created: false,
            deletions: data.deletions.len(),
        });
        data.deltas.insert(position, Delta { version, deleted: true, fresh: true, ..Delta::default() });
        data.deletions.push((version, id));
        data.writes += 1;
    }

    /// Starts a transaction: what follows can be undone.
    pub(crate) fn begin(&mut self) {
        self.undo.clear();
    }

    /// Undoes everything since [`Store::begin`].
    pub(crate) fn rollback(&mut self) {
        while let Some(undo) = self.undo.pop() {
            let data = &mut self.tables[undo.table as usize];
            match undo.before {
                Some(delta) => data.deltas.insert(undo.position, delta),
                None => data.deltas.remove(&undo.position),
            };
            if undo.created
                && let Some(id) = data.created.pop()
            {
                data.created_at.remove(&id);
            }
            data.deletions.truncate(undo.deletions);
            data.writes += 1;
        }
    }
}
