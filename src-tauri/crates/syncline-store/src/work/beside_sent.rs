//! What would be sent beside what was sent last, for a page of records.

use rusqlite::params;
use syncline_model::{EntityName, MappedRecord};
use uuid::Uuid;

use super::ledgers::number;
use crate::tables::metadata::Unpacking;
use crate::{Store, StoreError};

/// What would be sent for a record, beside what was sent for it last.
#[derive(Debug, Clone, PartialEq)]
pub enum BesideSent {
    /// Nothing was sent for it.
    Never,
    /// Identifiers and attributes are the same to the letter.
    Same,
    /// This was sent; it may mean the same.
    Sent(MappedRecord),
}

impl Store {
    /// Each mapped record, by the id of the one it comes from, beside what was sent for it last. What is the same to the letter, usually most,
    /// is not read into values.
    pub fn beside_sent(
        &self,
        destination: Uuid,
        entity: &EntityName,
        source: Uuid,
        records: &[(&str, &MappedRecord)],
    ) -> Result<Vec<BesideSent>, StoreError> {
        self.read(|db| {
            let Some(number) = number(db, destination, entity, source)? else {
                return Ok(vec![BesideSent::Never; records.len()]);
            };
            let mut find =
                db.prepare_cached("SELECT mapped FROM sent WHERE stream = ?1 AND record_id = ?2")?;
            let (mut unpacking, mut room) = (Unpacking::new(), String::new());
            let mut found = Vec::with_capacity(records.len());
            for (id, mapped) in records {
                let mut rows = find.query(params![number, id])?;
                let Some(row) = rows.next()? else {
                    found.push(BesideSent::Never);
                    continue;
                };
                let json = unpacking.json(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
                found.push(if mapped.has_values_of(json, &mut room) {
                    BesideSent::Same
                } else {
                    BesideSent::Sent(serde_json::from_slice(json)?)
                });
            }
            Ok(found)
        })
    }
}
