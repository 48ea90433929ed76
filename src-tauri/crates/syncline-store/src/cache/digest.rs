//! A hash over all that is cached of an entity, the same in whatever order the records came.

use sha2::{Digest, Sha256};
use syncline_model::EntityName;
use uuid::Uuid;

use crate::{Store, StoreError};

impl Store {
    /// SHA-256, as hexadecimal digits, over the content hashes (id and raw JSON to the letter) of all records, smallest first. Two
    /// stores that hold the same records give the same hash.
    pub fn content_hash(&self, connection: Uuid, entity: &EntityName) -> Result<String, StoreError> {
        self.read(|db| {
            let number = self.dataset_of(db, connection, entity)?.id;
            let mut statement = db.prepare(&format!("SELECT hash FROM c_{number} ORDER BY hash"))?;
            let mut rows = statement.query([])?;
            let mut hasher = Sha256::new();
            while let Some(row) = rows.next()? {
                hasher.update(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
            }
            Ok(hex::encode(hasher.finalize()))
        })
    }
}
