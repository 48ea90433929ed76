//! The rules of a destination.

use syncline_model::{Action, EntityName, EntitySchema, ErrorCode, MappedRecord, Value};

use super::{Breach, Held, cancelled, cancelled_token, good, hold, refused, token};
use crate::{
    Capabilities, Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, RowRequest,
    WriteOptions,
};

/// What a suite knows of a destination.
pub struct DestinationFixture<'a> {
    /// The entity that is written to.
    pub entity: EntityName,
    /// The n-th row; all have different keys, none is there yet, and all have the same attributes.
    pub row: &'a (dyn Fn(usize) -> MappedRecord + Sync),
    /// An attribute of the rows and another value for it.
    pub change: (String, Value),
    /// Makes a request that the service refuses, where one row can fail by itself.
    pub spoil: Option<fn(&mut RowRequest)>,
    /// A name that no entity has; a file takes any name.
    pub unknown_entity: Option<EntityName>,
}

/// Numbers of rows that a rule uses, so that rules do not meet.
const READ_BACK: usize = 0;
const AGAIN: usize = 10;
const PARTIAL: usize = 20;
const CANCELLED: usize = 30;
const DRIFTED: usize = 40;
const DELETED: usize = 50;
const FULL: usize = 100;

struct Suite<'a> {
    destination: &'a dyn Destination,
    fixture: &'a DestinationFixture<'a>,
    schema: EntitySchema,
    able: Capabilities,
}

/// Checks a destination.
pub async fn destination(destination: &dyn Destination, fixture: &DestinationFixture<'_>) -> Held {
    let mut held = Vec::new();
    let suite = begin(destination, fixture, &mut held).await?;
    suite.requests(&mut held)?;
    suite.writes_in_order(&mut held).await?;
    suite.writes_again(&mut held).await?;
    suite.fails_alone(&mut held).await?;
    suite.drifts(&mut held).await?;
    suite.deletes(&mut held).await?;
    suite.takes_full_batches(&mut held).await?;
    suite.cancels(&mut held).await?;
    Ok(held)
}

async fn begin<'a>(
    destination: &'a dyn Destination,
    fixture: &'a DestinationFixture<'a>,
    held: &mut Vec<&'static str>,
) -> Result<Suite<'a>, Breach> {
    const RULE: &str = "abilities, identity and schema make sense";
    let able = destination.capabilities();
    let sane = able.max_batch_rows > 0 && able.max_batch_bytes > 1000 && able.parallel_batches > 0;
    hold(RULE, sane, || format!("{able:?}"))?;
    let (identity, again) =
        (good(RULE, destination.identity().await)?, good(RULE, destination.identity().await)?);
    let named = identity.organization_id.is_some() || identity.user_id.is_some();
    hold(RULE, named && identity == again, || format!("{identity:?}, then {again:?}"))?;
    let schema = good(RULE, destination.schema(&fixture.entity, &token()).await)?;
    let entities = good(RULE, destination.entities(&token()).await)?;
    hold(RULE, entities.contains(&schema.summary), || {
        format!("{} is not in the list of entities", fixture.entity)
    })?;
    let row = (fixture.row)(0);
    for name in row.identifiers.keys().chain(row.attributes.keys()).chain([&fixture.change.0]) {
        let known = schema.open || schema.column(name).is_some_and(|column| column.creatable);
        hold(RULE, known, || format!("{name} can't be written"))?;
    }
    hold(RULE, row.attributes.contains_key(&fixture.change.0), || {
        "the change is to no attribute".to_owned()
    })?;
    held.push(RULE);
    if let Some(name) = &fixture.unknown_entity {
        const RULE: &str = "an unknown entity is told by name";
        let error = refused(RULE, &[ErrorCode::NotFound], destination.schema(name, &token()).await)?;
        hold(RULE, error.message.contains(name.as_str()) && error.hint.is_some(), || format!("{error:?}"))?;
        held.push(RULE);
    }
    Ok(Suite { destination, fixture, schema, able })
}

impl Suite<'_> {
    fn create(&self, rule: &'static str, mapped: &MappedRecord) -> Result<RowRequest, Breach> {
        let changed: Vec<&str> = mapped.attributes.keys().map(String::as_str).collect();
        let write = PlannedWrite { action: Action::Create, mapped, existing: None, changed: &changed };
        good(rule, self.destination.request(&self.schema, &write))
    }

    fn creates(&self, rule: &'static str, from: usize, count: usize) -> Result<Vec<RowRequest>, Breach> {
        (from..from + count).map(|number| self.create(rule, &(self.fixture.row)(number))).collect()
    }

    async fn write(&self, rule: &'static str, rows: &[RowRequest]) -> Result<Vec<Outcome>, Breach> {
        let options = WriteOptions::default();
        let outcomes = good(rule, self.destination.write(&self.schema, rows, &options, &token()).await)?;
        hold(rule, outcomes.len() == rows.len(), || {
            format!("{} outcomes for {} rows", outcomes.len(), rows.len())
        })?;
        Ok(outcomes)
    }

    async fn probe(&self, rule: &'static str, numbers: &[usize]) -> Result<Vec<Probe>, Breach> {
        let keys: Vec<MatchKey> =
            numbers.iter().map(|number| MatchKey((self.fixture.row)(*number).identifiers)).collect();
        let fields: Vec<String> = (self.fixture.row)(0).attributes.into_keys().collect();
        let probes = good(rule, self.destination.probe(&self.schema, &keys, &fields, &token()).await)?;
        hold(rule, probes.len() == keys.len(), || {
            format!("{} probes for {} keys", probes.len(), keys.len())
        })?;
        if !self.able.reads_back {
            let blind = probes.iter().all(|probe| probe == &Probe::Unknown);
            hold(rule, blind, || format!("a destination that can't be read says {probes:?}"))?;
        }
        Ok(probes)
    }

    async fn present(&self, rule: &'static str, number: usize) -> Result<ProbedRow, Breach> {
        match self.probe(rule, &[number]).await?.remove(0) {
            Probe::Present(row) => Ok(row),
            other @ (Probe::Absent | Probe::Ambiguous(_) | Probe::Unknown) => {
                Err(Breach { rule, what: format!("row {number} is {other:?}") })
            }
        }
    }

    fn requests(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str = "the same row makes the same request, another row another one";
        let (first, second) = (self.creates(RULE, 0, 3)?, self.creates(RULE, 0, 3)?);
        hold(RULE, first == second, || format!("{first:?}, then {second:?}"))?;
        hold(RULE, first[0] != first[1], || "two rows make one request".to_owned())?;
        held.push(RULE);
        Ok(())
    }

    async fn writes_in_order(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str = "outcomes come in order, and what was written is read back under its key";
        let numbers: Vec<usize> = (READ_BACK..READ_BACK + 6).collect();
        if self.able.reads_back {
            let before = self.probe(RULE, &numbers).await?;
            let absent = before.iter().all(|probe| probe == &Probe::Absent);
            hold(RULE, absent, || format!("before the first write: {before:?}"))?;
        }
        // Only every second row, so that a probe that loses the order is seen.
        let rows: Vec<RowRequest> = numbers
            .iter()
            .step_by(2)
            .map(|number| self.create(RULE, &(self.fixture.row)(*number)))
            .collect::<Result<_, _>>()?;
        let outcomes = self.write(RULE, &rows).await?;
        let made = outcomes
            .iter()
            .all(|outcome| matches!(outcome.kind, OutcomeKind::Created | OutcomeKind::Upserted));
        hold(RULE, made, || format!("{outcomes:?}"))?;
        let after = self.probe(RULE, &numbers).await?;
        if self.able.reads_back {
            for (number, probe) in numbers.iter().zip(&after) {
                match probe {
                    Probe::Present(row) if number % 2 == 0 => {
                        self.holds(RULE, *number, row)?;
                        let outcome = &outcomes[number / 2];
                        hold(RULE, outcome.id.as_ref().is_none_or(|id| id == &row.id), || {
                            format!("row {number}: {outcome:?} but {row:?}")
                        })?;
                    }
                    Probe::Absent if number % 2 == 1 => {}
                    other => return Err(Breach { rule: RULE, what: format!("row {number} is {other:?}") }),
                }
            }
        }
        held.push(RULE);
        Ok(())
    }

    /// The row's attributes are the fixture's, by the destination's own comparison, and the changed one is not.
    fn holds(&self, rule: &'static str, number: usize, row: &ProbedRow) -> Result<(), Breach> {
        let mapped = (self.fixture.row)(number);
        for (name, value) in &mapped.attributes {
            let kept = row.values.get(name).unwrap_or(&Value::Null);
            hold(rule, self.destination.same(&self.schema, name, value, kept), || {
                format!("row {number}: {name} is {kept:?}, not {value:?}")
            })?;
        }
        let (name, other) = &self.fixture.change;
        let kept = row.values.get(name).unwrap_or(&Value::Null);
        hold(rule, !self.destination.same(&self.schema, name, other, kept), || {
            format!("row {number}: {name} can't be told from {other:?}")
        })
    }

    async fn writes_again(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str = "writing the same rows twice duplicates nothing";
        let rows = self.creates(RULE, AGAIN, 3)?;
        self.write(RULE, &rows).await?;
        let before = self.probe(RULE, &[AGAIN, AGAIN + 1, AGAIN + 2]).await?;
        let again = self.write(RULE, &rows).await?;
        let allowed = |outcome: &Outcome| match outcome.kind {
            OutcomeKind::Updated | OutcomeKind::Upserted | OutcomeKind::Drifted => true,
            OutcomeKind::Created | OutcomeKind::Deleted | OutcomeKind::Failed | OutcomeKind::Unknown => false,
        };
        hold(RULE, again.iter().all(allowed), || format!("{again:?}"))?;
        let after = self.probe(RULE, &[AGAIN, AGAIN + 1, AGAIN + 2]).await?;
        for (before, after) in before.iter().zip(&after) {
            let one = match (before, after) {
                (Probe::Present(before), Probe::Present(after)) => {
                    before.id == after.id && before.values == after.values
                }
                (Probe::Unknown, Probe::Unknown) => !self.able.reads_back,
                _ => false,
            };
            hold(RULE, one, || format!("{before:?}, then {after:?}"))?;
        }
        held.push(RULE);
        Ok(())
    }

    async fn fails_alone(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str = "a row that is refused fails alone, in its place, with the service's words";
        let Some(spoil) = self.fixture.spoil else {
            return hold(RULE, !self.able.partial_batches, || "the fixture spoils no row".to_owned());
        };
        let mut rows = self.creates(RULE, PARTIAL, 3)?;
        spoil(&mut rows[1]);
        let outcomes = self.write(RULE, &rows).await?;
        let failed: Vec<bool> = outcomes.iter().map(|outcome| outcome.kind == OutcomeKind::Failed).collect();
        hold(RULE, failed == [false, true, false], || format!("{outcomes:?}"))?;
        let told = outcomes[1].code.is_some() && outcomes[1].message.as_ref().is_some_and(|m| !m.is_empty());
        hold(RULE, told, || format!("{:?}", outcomes[1]))?;
        if self.able.reads_back {
            let probes = self.probe(RULE, &[PARTIAL, PARTIAL + 1, PARTIAL + 2]).await?;
            let there: Vec<bool> = probes.iter().map(|probe| matches!(probe, Probe::Present(_))).collect();
            hold(RULE, there == [true, false, true], || format!("{probes:?}"))?;
        }
        held.push(RULE);
        Ok(())
    }

    async fn drifts(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str =
            "an update changes what it names, and a row that changed since it was seen is left alone";
        if !self.able.reads_back {
            return Ok(());
        }
        self.write(RULE, &self.creates(RULE, DRIFTED, 1)?).await?;
        let seen = self.present(RULE, DRIFTED).await?;
        let (name, value) = self.fixture.change.clone();
        let mut mapped = (self.fixture.row)(DRIFTED);
        let was = mapped.attributes.insert(name.clone(), value.clone()).unwrap_or(Value::Null);
        let changed = [name.as_str()];
        let update = |mapped: &MappedRecord, seen: &ProbedRow| {
            let write =
                PlannedWrite { action: Action::Update, mapped, existing: Some(seen), changed: &changed };
            good(RULE, self.destination.request(&self.schema, &write))
        };
        let request = update(&mapped, &seen)?;
        let outcomes = self.write(RULE, std::slice::from_ref(&request)).await?;
        hold(RULE, outcomes[0].kind == OutcomeKind::Updated, || format!("{outcomes:?}"))?;
        let now = self.present(RULE, DRIFTED).await?;
        for (field, before) in &seen.values {
            let wanted = if field == &name { &value } else { before };
            let kept = now.values.get(field).unwrap_or(&Value::Null);
            hold(RULE, self.destination.same(&self.schema, field, wanted, kept), || {
                format!("{field} is {kept:?}, not {wanted:?}")
            })?;
        }
        if self.able.guards_versions {
            hold(RULE, seen.etag.is_some() && now.etag != seen.etag, || {
                format!("versions {:?} and {:?}", seen.etag, now.etag)
            })?;
            mapped.attributes.insert(name.clone(), was);
            let outcomes = self.write(RULE, &[update(&mapped, &seen)?]).await?;
            hold(RULE, outcomes[0].kind == OutcomeKind::Drifted, || format!("{outcomes:?}"))?;
            let last = self.present(RULE, DRIFTED).await?;
            hold(RULE, last.values == now.values, || format!("{last:?} after {now:?}"))?;
        }
        held.push(RULE);
        Ok(())
    }

    async fn deletes(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str = "a deleted row is gone, and one that changed since it was seen stays";
        if !self.able.reads_back || !self.able.deletes {
            return Ok(());
        }
        self.write(RULE, &self.creates(RULE, DELETED, 2)?).await?;
        let delete = |seed: usize, seen: &ProbedRow| {
            let mapped = (self.fixture.row)(seed);
            let write =
                PlannedWrite { action: Action::Delete, mapped: &mapped, existing: Some(seen), changed: &[] };
            good(RULE, self.destination.request(&self.schema, &write))
        };
        let seen = self.present(RULE, DELETED).await?;
        let request = delete(DELETED, &seen)?;
        let outcomes = self.write(RULE, std::slice::from_ref(&request)).await?;
        hold(RULE, outcomes[0].kind == OutcomeKind::Deleted, || format!("{outcomes:?}"))?;
        let left = self.probe(RULE, &[DELETED, DELETED + 1]).await?;
        hold(RULE, matches!(left[..], [Probe::Absent, Probe::Present(_)]), || format!("{left:?}"))?;
        let outcomes = self.write(RULE, &[request]).await?;
        hold(RULE, outcomes[0].kind == OutcomeKind::Drifted, || format!("deleted twice: {outcomes:?}"))?;
        if self.able.guards_versions {
            let seen = self.present(RULE, DELETED + 1).await?;
            let (name, value) = self.fixture.change.clone();
            let mut mapped = (self.fixture.row)(DELETED + 1);
            mapped.attributes.insert(name.clone(), value);
            let changed = [name.as_str()];
            let write = PlannedWrite {
                action: Action::Update,
                mapped: &mapped,
                existing: Some(&seen),
                changed: &changed,
            };
            let update = good(RULE, self.destination.request(&self.schema, &write))?;
            self.write(RULE, &[update]).await?;
            let outcomes = self.write(RULE, &[delete(DELETED + 1, &seen)?]).await?;
            hold(RULE, outcomes[0].kind == OutcomeKind::Drifted, || format!("{outcomes:?}"))?;
            self.present(RULE, DELETED + 1).await?;
        }
        held.push(RULE);
        Ok(())
    }

    async fn takes_full_batches(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str = "a batch may be as large as the abilities say";
        let mut rows = self.creates(RULE, FULL, self.able.max_batch_rows)?;
        let mut bytes = 0;
        rows.retain(|row| {
            bytes += row.body.len() + 1000;
            bytes <= self.able.max_batch_bytes
        });
        let outcomes = self.write(RULE, &rows).await?;
        let bad = outcomes
            .iter()
            .find(|outcome| !matches!(outcome.kind, OutcomeKind::Created | OutcomeKind::Upserted));
        hold(RULE, bad.is_none(), || format!("{bad:?} in a batch of {}", rows.len()))?;
        if self.able.reads_back {
            let last = FULL + rows.len() - 1;
            let row = self.present(RULE, last).await?;
            self.holds(RULE, last, &row)?;
        }
        held.push(RULE);
        Ok(())
    }

    async fn cancels(&self, held: &mut Vec<&'static str>) -> Result<(), Breach> {
        const RULE: &str = "a batch that was cancelled before it left writes nothing";
        let (stop, options) = (cancelled_token(), WriteOptions::default());
        let rows = self.creates(RULE, CANCELLED, 2)?;
        cancelled(RULE, self.destination.write(&self.schema, &rows, &options, &stop)).await?;
        if self.able.reads_back {
            let probes = self.probe(RULE, &[CANCELLED, CANCELLED + 1]).await?;
            hold(RULE, probes.iter().all(|probe| probe == &Probe::Absent), || format!("{probes:?}"))?;
        }
        held.push(RULE);
        Ok(())
    }
}
