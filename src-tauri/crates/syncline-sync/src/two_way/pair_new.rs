//! Records that only one side has: they are made on the other one.

use sha2::{Digest, Sha256};
use syncline_mapping::active_codes;
use syncline_model::{
    Action, ColumnType, CreateWhere, Direction, FieldChange, MappedRecord, Record, RecordId, RequiredLevel,
    RowIssue, System, Value, ValueMap,
};
use syncline_store::{Base, BaseValue, LinkSide};

use super::crosswalk::Crosswalk;
use super::pair::{Draft, Merger, Pair, PairExtra};
use super::side::SideRow;
use crate::appeared::is_key;
use crate::decide::{Decision, write};

impl Merger {
    /// Makes a record on the side `at` from the one that the other side has. `again`: it was there before, and was deleted.
    pub(super) fn create(
        &self,
        pair: &Pair,
        of: &SideRow,
        at: LinkSide,
        crosswalk: &Crosswalk,
        again: bool,
    ) -> Draft {
        let allowed = match (self.rules_of_new().create, at) {
            (CreateWhere::Both, _) => true,
            (CreateWhere::Source, side) => side == LinkSide::Source,
            (CreateWhere::Destination, side) => side == LinkSide::Destination,
            (CreateWhere::None, _) => false,
        };
        let mut extra = PairExtra::default();
        match at {
            LinkSide::Destination => extra.left = Some(of.id.clone()),
            LinkSide::Source => extra.right = Some(of.id.clone()),
        }
        let mut draft = Draft {
            source_id: of.id.clone(),
            title: self.title(pair),
            source_etag: of.etag.clone(),
            source: Some(of.record.raw.clone()),
            mapped: MappedRecord::default(),
            decision: Decision::left_out(
                Action::Skip,
                "only one side has it, and new records are not made there",
            ),
            extra: PairExtra::default(),
        };
        if !allowed && !again {
            return draft;
        }
        let side = self.side(at);
        let (values, base, mut issues, waits) = self.new_values(of, at, crosswalk);
        extra.base = base;
        // What the other side gives back, such as the new record's id, goes in a second pass.
        let returns = match at {
            LinkSide::Destination => Direction::From,
            LinkSide::Source => Direction::To,
        };
        extra.again = waits || self.two_way.fields.iter().any(|field| field.direction == returns);
        let (identifiers, own_id) = match self.new_key(of, at, &values) {
            Ok(found) => found,
            Err(issue) => {
                draft.decision = Decision::left_out(Action::Invalid, issue.message.clone());
                draft.decision.issues.push(issue);
                return draft;
            }
        };
        let needed = |issue: &&RowIssue| {
            let column = side.access.schema.column(&issue.field);
            column.is_some_and(|one| {
                one.required == RequiredLevel::System && !identifiers.contains_key(&issue.field)
            })
        };
        if let Some(issue) = issues.iter().find(needed).cloned() {
            draft.decision = Decision::left_out(Action::Invalid, issue.message);
            draft.decision.issues = issues;
            return draft;
        }
        extra.own_id = own_id;
        if !again {
            extra.known_by = self.known_by(at, &values);
        }
        let mut attributes = values;
        attributes.retain(|name, value| !identifiers.contains_key(name) && !value.is_null());
        let changes: Vec<FieldChange> = identifiers
            .iter()
            .chain(&attributes)
            .filter(|(name, _)| attributes.contains_key(name) || **name != side.key())
            .map(|(name, value)| FieldChange { field: name.clone(), from: Value::Null, to: value.clone() })
            .collect();
        if let Some(id) = identifiers.get(side.key()) {
            match at {
                LinkSide::Destination => extra.right = Some(id.display_text()),
                LinkSide::Source => extra.left = Some(id.display_text()),
            }
        }
        draft.mapped = MappedRecord { identifiers, attributes, events: Vec::new() };
        let reason = if again { "deleted there, but changed here since" } else { "not there yet" };
        let access = &side.access;
        draft.decision = write(
            access.destination.as_ref(),
            &access.schema,
            &draft.mapped,
            Action::Create,
            reason.to_owned(),
            changes,
            None,
        );
        draft.decision.issues.append(&mut issues);
        draft.extra = extra;
        draft
    }

    /// Values of a new record, what both sides hold when it was made, what can't go there, and whether the state is to follow.
    fn new_values(
        &self,
        of: &SideRow,
        at: LinkSide,
        crosswalk: &Crosswalk,
    ) -> (ValueMap, Base, Vec<RowIssue>, bool) {
        let from = at.other();
        let (mapped, side) = match at {
            LinkSide::Destination => (self.forward(of), &self.right),
            LinkSide::Source => (self.backward(of), &self.left),
        };
        let (mut values, mut base, mut issues, mut waits) = (ValueMap::new(), Base::new(), Vec::new(), false);
        for (place, field) in self.two_way.fields.iter().enumerate() {
            let goes = match at {
                LinkSide::Destination => field.direction != Direction::From,
                LinkSide::Source => field.direction != Direction::To,
            };
            let (own, target) = match at {
                LinkSide::Destination => (&field.left, &field.right),
                LinkSide::Source => (&field.right, &field.left),
            };
            if !goes {
                continue;
            }
            let value = match self.across(place, field, from, of, &mapped, crosswalk) {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(issue) => {
                    issues.push(issue);
                    continue;
                }
            };
            let mut pair = match at {
                LinkSide::Destination => BaseValue { left: of.value(own), right: value.clone() },
                LinkSide::Source => BaseValue { left: value.clone(), right: of.value(own) },
            };
            let column = side.access.schema.column(target);
            let state = column.filter(|one| {
                one.column_type == ColumnType::State && side.access.system == System::Dataverse
            });
            if let Some(column) = state {
                // A new row is active; another state is a second write (Dataverse Web API, state). Until then both sides are known as active.
                let active = active_codes(column).0;
                if !side.same(target, &value, &active) {
                    waits = true;
                    let Some(there) = self.active_of(at, target, own, &active) else { continue };
                    pair = match at {
                        LinkSide::Destination => BaseValue { left: there, right: active },
                        LinkSide::Source => BaseValue { left: active, right: there },
                    };
                }
                base.insert(field.right.clone(), pair);
                continue;
            }
            base.insert(field.right.clone(), pair);
            values.insert(target.clone(), value);
        }
        // Records are matched by their keys: a new one has them even if no field writes them.
        for key in &self.two_way.keys {
            let (own, target) = match at {
                LinkSide::Destination => (&key.left, &key.right),
                LinkSide::Source => (&key.right, &key.left),
            };
            let value = of.value(own);
            if !value.is_null() && !values.contains_key(target) {
                values.insert(target.clone(), value);
            }
        }
        (values, base, issues, waits)
    }

    /// The value that stands on the other side for an active record of the side `at`.
    fn active_of(&self, at: LinkSide, target: &str, own: &str, active: &Value) -> Option<Value> {
        let text = format!("{{{}:{}}}", Value::from(target).to_json_text(), active.to_json_text());
        let (side, mapping) = match at {
            LinkSide::Destination => (&self.right, &self.two_way.backward),
            LinkSide::Source => (&self.left, &self.two_way.forward),
        };
        let record = Record {
            entity: side.entity().clone(),
            id: RecordId::new("active"),
            etag: None,
            raw: serde_json::value::RawValue::from_string(text).ok()?,
        };
        mapping.apply(&record, self.now).record.attributes.get(own).cloned()
    }

    /// Values by which records are matched, where nothing at the side `at` keeps two records with them apart.
    fn known_by(&self, at: LinkSide, values: &ValueMap) -> ValueMap {
        let names: Vec<&String> = self
            .two_way
            .keys
            .iter()
            .map(|key| if at == LinkSide::Destination { &key.right } else { &key.left })
            .collect();
        let value = |name: &&String| {
            let value = values.get(name.as_str()).filter(|value| !value.display_text().trim().is_empty())?;
            Some(((*name).clone(), value.clone()))
        };
        if is_key(&self.side(at).access.schema, names.iter().map(|name| name.as_str())) {
            return ValueMap::new();
        }
        names.iter().map(value).collect::<Option<ValueMap>>().unwrap_or_default()
    }

    /// By what the new record is made, so that making it twice makes it once; true where it is an id made from the other side's record.
    fn new_key(&self, of: &SideRow, at: LinkSide, values: &ValueMap) -> Result<(ValueMap, bool), RowIssue> {
        let side = self.side(at);
        let given = values.get(side.key()).filter(|value| !value.is_null());
        if let Some(id) = given {
            return Ok((ValueMap::from([(side.key().to_owned(), id.clone())]), false));
        }
        if side.takes_ids() {
            let id = self.made_id(of, at);
            return Ok((ValueMap::from([(side.key().to_owned(), Value::Text(id))]), true));
        }
        let by_keys: ValueMap = self
            .two_way
            .keys
            .iter()
            .map(|key| match at {
                LinkSide::Destination => &key.right,
                LinkSide::Source => &key.left,
            })
            .filter_map(|name| Some((name.clone(), values.get(name)?.clone())))
            .filter(|(_, value)| !value.is_null())
            .collect();
        let whole = side.access.schema.keys.iter().any(|key| {
            key.columns.len() == by_keys.len()
                && key.columns.iter().all(|column| by_keys.contains_key(column.as_str()))
        });
        if whole {
            return Ok((by_keys, false));
        }
        Err(RowIssue {
            code: "no_key".to_owned(),
            field: side.key().to_owned(),
            message: "a new row has no value of a unique key, so that it could be made twice".to_owned(),
        })
    }

    /// An id made from what the record is on the other side.
    fn made_id(&self, of: &SideRow, at: LinkSide) -> String {
        let mut hash = Sha256::new();
        let (left, right) = (&self.left, &self.right);
        for part in [left, right] {
            hash.update(part.access.connection.as_bytes());
            hash.update(part.entity().as_str());
            hash.update([0]);
        }
        hash.update(at.as_str());
        hash.update(&of.id);
        for key in &self.two_way.keys {
            let own = if at == LinkSide::Destination { &key.left } else { &key.right };
            hash.update([0]);
            hash.update(of.value(own).display_text());
        }
        let digest = hash.finalize();
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().hyphenated().to_string()
    }
}
