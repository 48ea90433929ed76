//! Names of records for rows that were planned without one: what the cache knows of them.

use std::collections::HashMap;
use std::sync::Arc;
use syncline_model::{EntityName, RecordId};
use syncline_store::Store;
use uuid::Uuid;

use crate::app::App;

/// True where a row is known by an id alone.
pub(super) fn nameless(title: &str, id: &str) -> bool {
    title.is_empty() || title.eq_ignore_ascii_case(id) || Uuid::parse_str(title).is_ok()
}

/// Primary names of the records that are cached, by id. A name is a help: what can't be read has none.
pub(super) fn of(
    store: &Store,
    connection: Uuid,
    entity: &EntityName,
    ids: &[String],
) -> HashMap<String, String> {
    if ids.is_empty() {
        return HashMap::new();
    }
    let schema = store.schema(connection, entity).ok().flatten();
    let Some(primary) = schema.and_then(|(schema, _)| schema.summary.primary_name) else {
        return HashMap::new();
    };
    let name = |id: &String| {
        let row = store.record(connection, entity, &RecordId::new(id.as_str())).ok()??;
        let text = row.record.fields().ok()?.value(primary.as_str())?.display_text();
        (!text.is_empty()).then(|| (id.clone(), text))
    };
    ids.iter().filter_map(name).collect()
}

/// Names for the rows of one side that have none: each gives its id and the title to mend.
pub(super) async fn mend<'a>(
    app: &Arc<App>,
    side: (Uuid, EntityName),
    rows: impl Iterator<Item = (&'a str, &'a mut String)>,
) {
    let nameless: Vec<(&str, &mut String)> = rows.filter(|(id, title)| nameless(title, id)).collect();
    let ids: Vec<String> = nameless.iter().map(|(id, _)| (*id).to_owned()).collect();
    if ids.is_empty() {
        return;
    }
    let found = app.with_store(move |store| Ok(of(store, side.0, &side.1, &ids))).await.unwrap_or_default();
    for (id, title) in nameless {
        if let Some(name) = found.get(id) {
            title.clone_from(name);
        }
    }
}
