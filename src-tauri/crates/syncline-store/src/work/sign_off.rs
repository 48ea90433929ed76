//! Signing a plan off: a hash over its whole content, and who signed it.

use rusqlite::params;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{base, plans};
use crate::{Store, StoreError};

/// Who signed a plan off, when, and what it held then; kept as the plan's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// Hash of the plan's content: [`Store::plan_content_hash`].
    pub hash: String,
    /// Who, as they called themselves.
    pub by: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Rows were taken out or put back since.
    #[serde(default)]
    pub changed: bool,
    /// Of one way of a two-way sync: the hash of both plans together, which is what was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<String>,
}

impl SignOff {
    /// The hash of all that was signed: of both plans of a two-way sync, else of the plan.
    pub fn whole(&self) -> &str {
        self.pair.as_deref().unwrap_or(&self.hash)
    }
}

/// SHA-256 over the hashes of both plans of a two-way sync, the one to the destination first, as 64 hexadecimal digits.
pub fn pair_hash(to: &str, back: &str) -> String {
    let mut hash = Sha256::new();
    for one in [to, back] {
        hash.update((one.len() as u64).to_be_bytes());
        hash.update(one);
    }
    hex::encode(hash.finalize())
}

impl Store {
    /// SHA-256 over the definition, both ends, what was read and every row with its exact request and whether it is held back, as 64
    /// hexadecimal digits. Equal exactly for a plan that was not touched in between.
    pub fn plan_content_hash(&self, plan: Uuid) -> Result<String, StoreError> {
        self.read(|db| {
            let number = plans::number(db, plan)?;
            let mut hash = Sha256::new();
            // Each part with its length before it: no two contents run into the same bytes.
            let part = |hash: &mut Sha256, bytes: &[u8]| {
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(bytes);
            };
            db.query_row(
                "SELECT id, definition_json, source, source_entity, destination, destination_entity, coalesce(source_hash, ''), identity
                 FROM plans WHERE number = ?1",
                [number],
                |row| {
                    for at in 0..8 {
                        part(&mut hash, row.get_ref(at)?.as_bytes()?);
                    }
                    Ok(())
                },
            )?;
            let mut statement = db.prepare_cached(
                "SELECT rid, excluded, source_id, coalesce(source_etag, ''), action, coalesce(request_hash, ''), body
                 FROM plan_rows WHERE rid >= ?1 AND rid < ?2 ORDER BY rid",
            )?;
            let mut rows = statement.query(params![base(number), base(number + 1)])?;
            while let Some(row) = rows.next()? {
                hash.update((row.get::<_, i64>(0)? - base(number)).to_be_bytes());
                hash.update([u8::from(row.get::<_, bool>(1)?)]);
                for at in 2..7 {
                    part(&mut hash, row.get_ref(at)?.as_bytes().map_err(rusqlite::Error::from)?);
                }
            }
            Ok(hex::encode(hash.finalize()))
        })
    }

    /// Keeps who signed a plan off. Nothing else of the plan changes.
    pub fn sign_plan(&self, plan: Uuid, signed: &SignOff) -> Result<(), StoreError> {
        let text = serde_json::to_string(signed)?;
        self.write(|tx| {
            let number = plans::number(tx, plan)?;
            tx.execute("UPDATE plans SET signature = ?2 WHERE number = ?1", params![number, text])?;
            Ok(())
        })
    }
}
