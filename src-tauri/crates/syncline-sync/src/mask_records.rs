//! Records as they may be handed on: personal values are pseudonyms, all else stays as it is. Keys stay, so that files still join.

use serde_json::{Map, Value};
use syncline_model::{EntitySchema, FORMATTED_VALUE, MappedRecord, Record};

use crate::mask::{Masker, Personal, Private};

/// Masks the records of one entity.
#[derive(Debug, Clone)]
pub struct RecordMasker {
    masker: Masker,
    schema: EntitySchema,
}

impl RecordMasker {
    /// `key`: kept as long as pseudonyms are to join, and never told.
    pub fn new(key: &[u8], schema: EntitySchema) -> Self {
        Self { masker: Masker::of_entity(key, &schema), schema }
    }

    /// The record's JSON, masked. Members that are no columns of the entity are left out: nobody knows what is in them.
    pub fn record(&self, record: &Record) -> Result<Record, serde_json::Error> {
        let raw = record.raw.get();
        let private = self.masker.private(Some(raw), &MappedRecord::default());
        let members: Map<String, Value> = serde_json::from_str(raw)?;
        let masked: Map<String, Value> = members
            .into_iter()
            .filter_map(|(name, value)| {
                let value = self.member(&name, value, &private)?;
                Some((name, value))
            })
            .collect();
        let raw = serde_json::value::to_raw_value(&masked)?;
        Ok(Record { entity: record.entity.clone(), id: record.id.clone(), etag: record.etag.clone(), raw })
    }

    /// What may be shown under a member's name; `None`: not even the name.
    fn member(&self, name: &str, value: Value, private: &Private) -> Option<Value> {
        let wire = name.split('@').next().unwrap_or_default();
        if wire.is_empty() {
            return (name == "@odata.etag").then_some(value);
        }
        let lookup = wire.strip_prefix('_').and_then(|name| name.strip_suffix("_value"));
        let column = self.schema.column(lookup.unwrap_or(wire))?;
        let kind = self.masker.kind(column.logical_name.as_str());
        let label = name.strip_prefix(wire).is_some_and(|rest| rest == FORMATTED_VALUE);
        let texts = column.column_type.is_text();
        Some(match (kind, value) {
            // The id that a lookup holds, and which table that is in.
            (_, value) if lookup.is_some() && !label => value,
            (_, Value::Null) => Value::Null,
            (Some(kind), Value::String(text)) if texts || lookup.is_some() => {
                Value::String(self.masker.pseudonym(kind, &text))
            }
            // A date of birth has no pseudonym that is a date.
            (Some(_), _) => Value::Null,
            (None, Value::String(text)) if texts => Value::String(private.hide(&self.masker, &text)),
            (None, value) => value,
        })
    }

    /// Columns that are masked, with what they hold.
    pub fn masked(&self) -> impl Iterator<Item = (&str, Personal)> {
        self.masker.columns().filter_map(|name| Some((name, self.masker.kind(name)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use syncline_model::RecordId;

    fn schema() -> EntitySchema {
        let column = |name: &str, kind: &str| {
            json!({
                "logical_name": name, "display_name": name, "type": kind, "required": "none", "readable": true,
                "creatable": true, "updatable": true, "targets": ["account", "contact"], "options": [],
            })
        };
        serde_json::from_value(json!({
            "logical_name": "contact", "set_name": "contacts", "display_name": "Contact",
            "display_collection_name": "Contacts", "primary_id": "contactid", "primary_name": "fullname",
            "custom": false, "change_tracking": true, "keys": [], "relationships": [], "open": false,
            "columns": [
                column("contactid", "uniqueidentifier"), column("fullname", "string"), column("emailaddress1", "string"),
                column("birthdate", "datetime"), column("parentcustomerid", "customer"), column("jobtitle", "string"),
                column("description", "memo"), column("creditlimit", "money"),
            ],
        }))
        .unwrap()
    }

    fn masked(raw: Value) -> Value {
        let record = Record {
            entity: "contact".into(),
            id: RecordId::new("1"),
            etag: None,
            raw: serde_json::value::to_raw_value(&raw).unwrap(),
        };
        let masker = RecordMasker::new(b"key", schema());
        serde_json::from_str(masker.record(&record).unwrap().raw.get()).unwrap()
    }

    #[test]
    fn nothing_personal_is_left_and_keys_stay() {
        let raw = json!({
            "@odata.etag": "W/\"1\"", "contactid": "1", "fullname": "Ann Ito", "emailaddress1": "ann@x.test",
            "birthdate": "1990-02-03", "birthdate@OData.Community.Display.V1.FormattedValue": "2/3/1990",
            "_parentcustomerid_value": "a-1",
            "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Ann Ito",
            "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "contact",
            "jobtitle": "assistant of ann ito", "description": "call her", "creditlimit": 12.50,
            "expanded": { "fullname": "Ann Ito" },
        });
        let seen = masked(raw.clone());
        let text = seen.to_string().to_lowercase();
        for secret in ["ann ito", "ann@x.test", "1990", "call her", "expanded"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        for kept in ["contactid", "_parentcustomerid_value", "creditlimit", "@odata.etag"] {
            assert_eq!(seen[kept], raw[kept], "{kept}");
        }
        assert_eq!(seen["birthdate"], Value::Null);
        let label = &seen["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"];
        assert_eq!(label, &seen["fullname"], "the same person has the same pseudonym everywhere");
        assert_eq!(masked(raw), seen);
    }
}
