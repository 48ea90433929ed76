//! Which index a filter is worth before it is asked. One at most, made when its column is first filtered by: that costs about as much as reading
//! all records once, and each later filter by the column reads what it finds. What else a filter needs shows when it is answered part by part.

use syncline_fetchxml::{Condition, Filter, FilterKind, Operator};
use syncline_model::{ColumnType, DateTimeBehavior, EntityName};
use uuid::Uuid;

use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::grid_order::GridOrder;
use crate::{Store, StoreError};

impl Store {
    /// Makes the index that a filter on an entity's own columns is worth.
    pub(super) fn index_filter(
        &self,
        connection: Uuid,
        entity: &EntityName,
        filter: Option<&Filter>,
    ) -> Result<(), StoreError> {
        let Some(filter) = filter.filter(|filter| !filter.is_empty()) else { return Ok(()) };
        self.index_by(connection, entity, |dataset| Ok(best(dataset, filter).map(GridOrder::of_values)))?;
        Ok(())
    }
}

/// The column by which the fewest records are found, as far as its type and the operator tell.
fn best<'a>(dataset: &'a Dataset, filter: &Filter) -> Option<&'a CacheColumn> {
    let mut all = Vec::new();
    necessary(filter, &mut all);
    let alone = all.len() == 1 && filter.links.is_empty();
    let own = |condition: &Condition| {
        let column = dataset.column(&condition.attribute).ok()?;
        Some((column, condition.operator))
    };
    let conditions: Vec<_> = all.into_iter().filter_map(own).collect();
    if conditions.iter().any(|(column, operator)| names_records(dataset, column, *operator)) {
        return None;
    }
    let ranked =
        conditions.into_iter().map(|(column, operator)| (rank(dataset, column, operator, alone), column));
    // Of equal ones the first.
    ranked.filter(|(rank, _)| *rank > 0).rev().max_by_key(|(rank, _)| *rank).map(|(_, column)| column)
}

/// Conditions that each record found must meet.
fn necessary<'a>(filter: &'a Filter, into: &mut Vec<&'a Condition>) {
    let parts = filter.conditions.len() + filter.filters.len() + filter.links.len();
    if filter.kind == FilterKind::Or && parts > 1 {
        return;
    }
    let own = |condition: &&Condition| condition.entity_name.is_none() && condition.value_of.is_none();
    into.extend(filter.conditions.iter().filter(own));
    filter.filters.iter().for_each(|inner| necessary(inner, into));
}

/// How much an index on a column narrows, 4 at the most; 0: it would not be used, or hardly help. `alone`: the condition is answered by itself.
pub(super) fn rank(dataset: &Dataset, column: &CacheColumn, operator: Operator, alone: bool) -> u8 {
    use Operator as O;
    if is_record_id(dataset, column) {
        // Ids have an index of their own.
        return 0;
    }
    let equal = is_equality(operator);
    let range = matches!(operator, O::Gt | O::Ge | O::Lt | O::Le | O::Between);
    match column.column_type {
        ColumnType::String if equal || operator == O::BeginsWith => 4,
        ColumnType::String if range => 2,
        // All values in a row, without the rest of the records.
        ColumnType::String => u8::from(alone),
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner | ColumnType::UniqueIdentifier
            if equal =>
        {
            4
        }
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
            if equal || range =>
        {
            3
        }
        ColumnType::DateTime
            if !matches!(operator, O::Null | O::NotNull | O::Ne | O::NotBetween | O::NotIn | O::NotLike)
                && matches!(
                    column.behavior,
                    Some(
                        DateTimeBehavior::DateOnly
                            | DateTimeBehavior::TimeZoneIndependent
                            | DateTimeBehavior::UserLocal
                    )
                ) =>
        {
            3
        }
        ColumnType::Picklist | ColumnType::State | ColumnType::Status | ColumnType::Boolean => {
            u8::from(alone)
        }
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner
        | ColumnType::UniqueIdentifier
        | ColumnType::DateTime
        | ColumnType::MultiSelectPicklist => u8::from(alone),
        // Long texts would come a second time.
        ColumnType::Memo
        | ColumnType::PartyList
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => 0,
    }
}

/// The column that holds the id of the record itself.
fn is_record_id(dataset: &Dataset, column: &CacheColumn) -> bool {
    let name = column.name.as_str();
    column.column_type == ColumnType::UniqueIdentifier
        && (name == "activityid" || name.strip_suffix("id") == Some(dataset.entity.as_str()))
}

fn is_equality(operator: Operator) -> bool {
    use Operator as O;
    matches!(operator, O::Eq | O::In | O::EqUserId | O::EqBusinessId | O::EqUserTeams | O::EqUserOrUserTeams)
}

/// True where a condition names records by their ids, which are found at once.
pub(super) fn names_records(dataset: &Dataset, column: &CacheColumn, operator: Operator) -> bool {
    is_record_id(dataset, column) && is_equality(operator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PullKind;
    use crate::testing::{connection_id, contact, open, pull, sample};

    #[test]
    fn the_column_that_narrows_most_is_indexed() {
        let (_folder, store) = open();
        pull(&store, PullKind::Full, &(0..10).map(sample).collect::<Vec<_>>());
        let dataset = store.read(|db| store.dataset_of(db, connection_id(), &contact())).unwrap();
        let chosen =
            |xml: &str| best(&dataset, &Filter::parse(xml).unwrap()).map(|column| column.name.to_string());
        assert_eq!(
            chosen("<condition attribute='fullname' operator='eq' value='a'/>").as_deref(),
            Some("fullname")
        );
        assert_eq!(
            chosen("<condition attribute='fullname' operator='like' value='%a%'/>").as_deref(),
            Some("fullname")
        );
        let two = "<filter><condition attribute='numberofchildren' operator='gt' value='2'/><condition attribute='fullname' operator='begins-with' value='a'/></filter>";
        assert_eq!(chosen(two).as_deref(), Some("fullname"));
        let nested = "<filter><filter><condition attribute='numberofchildren' operator='eq' value='2'/></filter><condition attribute='fullname' operator='like' value='%a'/></filter>";
        assert_eq!(chosen(nested).as_deref(), Some("numberofchildren"));
        let either = two.replace("<filter>", "<filter type='or'>");
        assert_eq!(chosen(&either), None, "each record may meet the other one");
        assert_eq!(
            chosen("<condition attribute='contactid' operator='eq' value='a'/>"),
            None,
            "ids have their own"
        );
        assert_eq!(chosen("<condition attribute='fullname' operator='eq' valueof='lastname'/>"), None);
    }
}
