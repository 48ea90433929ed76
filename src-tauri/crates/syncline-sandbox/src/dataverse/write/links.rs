//! `$ref`: setting and clearing lookups, linking and unlinking many-to-many rows.
use super::change;
use super::payload::{References, Values, object, target};
use super::rows::stamp;
use crate::data::{Table, Value};
use crate::dataverse::dispatch::may_write;
use crate::dataverse::environment::Environment;
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::odata::options::Options;
use crate::dataverse::odata::relations::collection;
use crate::dataverse::path::{RowKey, Segment};
use crate::dataverse::query::Relation;
use crate::dataverse::request::{ApiRequest, ApiResponse};
use crate::dataverse::store::{Row, Store};
use http::Method;

/// `…/navigation/$ref` and `…/navigation(key)/$ref`.
pub(crate) fn reference(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    row: Row,
    segment: &Segment,
    references: &References,
) -> Outcome<ApiResponse> {
    let entity = store.schema.entity(row.0).clone();
    may_write(environment, request, &entity, "AppendTo")?;
    let removing = request.method == Method::DELETE;
    let stamp = stamp(environment, request);
    let other = |store: &Store, table: Table| -> Outcome<Option<Row>> {
        if let Some(key) = &segment.key {
            let entity = store.schema.entity(table);
            return RowKey::parse(&store.schema, table, key)?.need(store, entity).map(Some);
        }
        let text = if removing {
            Options::read(&request.query)?.id
        } else {
            object(&request.body)?.get("@odata.id").and_then(|v| v.as_str()).map(str::to_owned)
        };
        text.map(|t| target(store, &t, references)).transpose()
    };
    if let Some((column, wanted)) = entity.navigation(&segment.name) {
        let value = if removing {
            Value::Null
        } else {
            let found = other(store, wanted.table)?.ok_or_else(no_id)?;
            if !entity.leads(&segment.name, found.0) {
                return Err(ServiceError::odata(format!("'{}' cannot refer to this table.", segment.name)));
            }
            Value::Ref(found.0, store.id(found))
        };
        change::update(store, row, Values::from([(column as u16, value)]), stamp)?;
        return Ok(ApiResponse::no_content());
    }
    let relation = collection(&store.schema, row.0, &segment.name)
        .ok_or_else(|| ServiceError::no_segment(&segment.name))?;
    let far = other(store, relation.target())?.ok_or_else(no_id)?;
    if far.0 != relation.target() {
        return Err(ServiceError::odata(format!("'{}' cannot refer to this table.", segment.name)));
    }
    let here = Value::Ref(row.0, store.id(row));
    match relation {
        Relation::Many { column, .. } | Relation::Equal { column, .. } => {
            let value = if removing { Value::Null } else { here };
            change::update(store, far, Values::from([(column as u16, value)]), stamp)?;
        }
        Relation::ManyToMany { intersect, near, far: far_column, .. } => {
            if intersect == Table::ListMember {
                list_rules(store, row, far)?;
            }
            link(
                store,
                intersect,
                (near, here),
                (far_column, Value::Ref(far.0, store.id(far))),
                removing,
                stamp,
            )?;
        }
    }
    Ok(ApiResponse::no_content())
}

fn no_id() -> ServiceError {
    ServiceError::odata("A reference needs \"@odata.id\" with the absolute URL of a row.")
}

/// Members can only be added to static lists, and must be of the list's type.
pub(crate) fn list_rules(store: &Store, a: Row, b: Row) -> Outcome<()> {
    let (list, member) = if a.0 == Table::List { (a, b) } else { (b, a) };
    if store.named(list, "type").same(&Value::Bool(true)) {
        return Err(ServiceError::bad(
            code::STATIC_LIST_EXPECTED,
            "This action is not available for a dynamic marketing list.",
        ));
    }
    let code_of = store.schema.entity(member.0).code;
    if !store.named(list, "createdfromcode").same(&Value::Int(code_of)) {
        return Err(ServiceError::bad(
            code::UNSUPPORTED_MEMBER_TYPE,
            "The member type is not supported by the list.",
        ));
    }
    Ok(())
}

/// Adds or removes a row of an intersect table. Linking twice is refused, unlinking what is not linked too.
pub(crate) fn link(
    store: &mut Store,
    intersect: Table,
    near: (usize, Value),
    far: (usize, Value),
    removing: bool,
    stamp: change::Stamp,
) -> Outcome<()> {
    let present: Vec<Row> = store
        .find_by(intersect, near.0, &near.1)
        .into_iter()
        .filter(|r| store.value(*r, far.0).same(&far.1))
        .collect();
    if removing {
        if present.is_empty() {
            return Err(ServiceError::new(
                404,
                code::OBJECT_DOES_NOT_EXIST,
                "The relationship between the two records does not exist.",
            ));
        }
        for row in present {
            store.delete(row);
        }
        return Ok(());
    }
    if !present.is_empty() {
        return Err(ServiceError::new(412, code::DUPLICATE_RECORD, "Cannot insert duplicate key."));
    }
    let mut new = Values::from([(near.0 as u16, near.1), (far.0 as u16, far.1.clone())]);
    if let (Some(column), Value::Ref(table, _)) =
        (store.schema.entity(intersect).column("entitytype"), &far.1)
    {
        new.insert(column as u16, Value::Int(store.schema.entity(*table).code));
    }
    change::create(store, intersect, new, stamp)?;
    Ok(())
}
