//! A definition of which one end can't be described, such as one that was made against another environment: what is wrong with its other end
//! is told at the same time.

use syncline_mapping::compile;
use syncline_model::{ColumnName, EntityName, EntitySchema, EntitySummary, Problem, SyncDefinition, System};

/// The problems that lie with the end that is known, where one is. A source comes with the columns of other records that are named.
pub(super) fn problems(
    definition: &SyncDefinition,
    source: Option<&EntitySchema>,
    destination: Option<(System, &EntitySchema)>,
) -> Vec<Problem> {
    if definition.is_two_way() {
        return Vec::new();
    }
    let source_name = || definition.source.entity.clone().unwrap_or_else(|| EntityName::new("unknown"));
    let (result, sourced) = match (source, destination) {
        (Some(source), None) => {
            let open = stand_in(definition.destination.entity.clone());
            (compile(definition, source, &open, System::Jsonl), true)
        }
        (None, Some((system, destination))) => {
            (compile(definition, &stand_in(source_name()), destination, system), false)
        }
        (None, None) => {
            let open = stand_in(definition.destination.entity.clone());
            (compile(definition, &stand_in(source_name()), &open, System::Jsonl), false)
        }
        (Some(_), Some(_)) => return Vec::new(),
    };
    let of_source = |path: &str| {
        let part = ["source.", "fields[", "events."].iter().any(|part| path.starts_with(part));
        path.ends_with(".from") || (part && !path.ends_with(".to"))
    };
    let known = |path: &str| {
        path.starts_with("schedule")
            || (sourced && of_source(path))
            || (destination.is_some() && path.ends_with(".to"))
    };
    result.err().unwrap_or_default().into_iter().filter(|problem| known(&problem.path)).collect()
}

/// A table that takes anything, in the place of one that is not known.
fn stand_in(name: EntityName) -> EntitySchema {
    EntitySchema {
        summary: EntitySummary {
            set_name: name.to_string(),
            display_name: name.to_string(),
            display_collection_name: name.to_string(),
            logical_name: name,
            primary_id: ColumnName::new("id"),
            primary_name: None,
            custom: false,
            change_tracking: false,
        },
        columns: Vec::new(),
        keys: Vec::new(),
        relationships: Vec::new(),
        open: true,
    }
}
