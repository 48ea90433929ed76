//! `syncs.order`: several definitions in the order that their lookups ask for; where they refer to each other in a circle, the fields that
//! close it wait for a second pass.

use std::sync::Arc;
use syncline_model::{EntitySchema, ErrorCode, FetchMode, Problem, SyncDefinition};

use super::syncs;
use crate::app::App;
use crate::wire::{ApiError, StepAfter, SyncOrder, SyncOrderAsk, SyncStep};

/// A definition with what its fields point at.
struct Node {
    definition: SyncDefinition,
    /// Connection and entity that it writes.
    writes: (String, String),
    /// Field and entity that the field may point at.
    points: Vec<(String, String)>,
}

impl Node {
    fn of(definition: SyncDefinition, schema: &EntitySchema) -> Self {
        let mut points = Vec::new();
        for field in &definition.fields {
            let Some(column) = schema.column(&field.to) else { continue };
            // A lookup, or a column of a database with a foreign key.
            points.extend(column.targets.iter().map(|target| (field.to.clone(), target.to_string())));
        }
        let connection = definition.destination.connection.to_string().to_lowercase();
        let writes = (connection, schema.summary.logical_name.to_string());
        Self { definition, writes, points }
    }

    /// Its fields that point at what another one writes.
    fn pointing_at<'a>(&'a self, other: &'a Node) -> impl Iterator<Item = &'a str> {
        let same = self.writes.0 == other.writes.0;
        self.points
            .iter()
            .filter(move |(_, entity)| same && *entity == other.writes.1)
            .map(|(field, _)| field.as_str())
    }
}

pub(crate) async fn order(app: &Arc<App>, request: SyncOrderAsk) -> Result<SyncOrder, ApiError> {
    order_of(app, &request.definitions).await
}

/// The order of some definitions, given as texts.
pub(super) async fn order_of(app: &Arc<App>, definitions: &[String]) -> Result<SyncOrder, ApiError> {
    let mut nodes = Vec::with_capacity(definitions.len());
    for text in definitions {
        let definition = syncs::read(text)?;
        let misfit = |problems: Vec<Problem>| {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            ApiError::new(ErrorCode::DefinitionInvalid, format!("{} does not fit: {first}", definition.name))
                .hint("syncline sync check FILE tells every problem with its place")
        };
        let sides = syncs::sides(app, &definition, syncs::Descriptions::Kept).await;
        let sides = sides.map_err(|unfit| unfit.into_error(misfit))?;
        nodes.push(Node::of(definition, &sides.destination_schema));
    }
    Ok(ordered(&nodes))
}

/// The steps: what is pointed at comes first; in a circle the one that waits for the fewest goes first without the fields that close it.
fn ordered(nodes: &[Node]) -> SyncOrder {
    let mut open: Vec<usize> = (0..nodes.len()).collect();
    let (mut steps, mut again) = (Vec::new(), Vec::new());
    while !open.is_empty() {
        let waits = |at: usize| {
            open.iter()
                .filter(|other| **other != at && nodes[at].pointing_at(&nodes[**other]).next().is_some())
                .count()
        };
        // The first of those that wait for the fewest keeps the given order where it can.
        let Some(next) = open.iter().copied().min_by_key(|at| waits(*at)) else { break };
        let mut left_out: Vec<String> = open
            .iter()
            .flat_map(|other| nodes[next].pointing_at(&nodes[*other]))
            .map(str::to_owned)
            .collect();
        left_out.sort();
        left_out.dedup();
        let mut definition = nodes[next].definition.clone();
        definition.fields.retain(|field| !left_out.contains(&field.to));
        let name = definition.name.clone();
        let after = waited_for(nodes, next, &open);
        if left_out.is_empty() {
            steps.push(SyncStep { name, json: definition.to_json(), pass: 1, left_out, after });
        } else {
            let mut whole = nodes[next].definition.clone();
            // The first pass took what changed, but not these fields of it: the second one looks at all again, and writes what differs.
            whole.source.fetch.mode = FetchMode::All;
            let (json, after) = (whole.to_json(), waited_for(nodes, next, &[next]));
            again.push(SyncStep { name: name.clone(), json, pass: 2, left_out: Vec::new(), after });
            let after = waited_for(nodes, next, &open);
            // Where nothing else is sent there is no first pass to make.
            if !definition.fields.is_empty() || !definition.fixed.is_empty() || definition.events.is_some() {
                steps.push(SyncStep { name, json: definition.to_json(), pass: 1, left_out, after });
            }
        }
        open.retain(|at| *at != next);
    }
    steps.extend(again);
    SyncOrder { steps }
}

/// What a definition points at of those that came before it: all but the open ones.
fn waited_for(nodes: &[Node], at: usize, open: &[usize]) -> Vec<StepAfter> {
    (0..nodes.len())
        .filter(|other| *other != at && !open.contains(other))
        .filter_map(|other| {
            let fields: Vec<String> = nodes[at].pointing_at(&nodes[other]).map(str::to_owned).collect();
            (!fields.is_empty()).then(|| StepAfter { name: nodes[other].definition.name.clone(), fields })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(entity: &str, points: &[(&str, &str)]) -> Node {
        let json = serde_json::json!({
            "version": 1, "name": entity,
            "source": { "connection": "a", "entity": entity, "columns": ["name"] },
            "destination": { "connection": "b", "entity": entity },
            "identifiers": [{ "to": "id", "from": "name" }],
            "fields": points.iter().map(|(field, _)| *field).chain(["plain"]).map(|field| serde_json::json!({ "to": field, "from": "name" })).collect::<Vec<_>>(),
        });
        Node {
            definition: SyncDefinition::from_json(&json.to_string()).unwrap(),
            writes: ("b".into(), entity.into()),
            points: points.iter().map(|(field, to)| ((*field).into(), (*to).into())).collect(),
        }
    }

    fn told(nodes: &[Node]) -> Vec<(String, u32, Vec<String>)> {
        ordered(nodes).steps.into_iter().map(|step| (step.name, step.pass, step.left_out)).collect()
    }

    #[test]
    fn what_is_pointed_at_comes_first() {
        let nodes = [
            node("order", &[("customer", "contact")]),
            node("contact", &[("company", "account")]),
            node("account", &[("country", "country")]),
            node("country", &[]),
        ];
        let names: Vec<String> = told(&nodes).into_iter().map(|(name, _, _)| name).collect();
        assert_eq!(names, ["country", "account", "contact", "order"]);
        let steps = ordered(&nodes).steps;
        let after = StepAfter { name: "contact".to_owned(), fields: vec!["customer".to_owned()] };
        assert_eq!((steps[0].after.len(), &steps[3].after), (0, &vec![after]), "why it comes there");
    }

    #[test]
    fn foreign_keys_of_a_database_point_too() {
        let schema: EntitySchema = serde_json::from_value(serde_json::json!({
            "logical_name": "Users", "set_name": "Users", "display_name": "Users", "display_collection_name": "Users",
            "primary_id": "Id", "primary_name": "Name", "custom": false, "change_tracking": false,
            "columns": [{ "logical_name": "CompanyId", "display_name": "CompanyId", "type": "integer", "required": "none",
                "readable": true, "creatable": true, "updatable": true, "targets": ["Companies"] }],
            "keys": [], "relationships": [],
        }))
        .unwrap();
        let users = Node::of(node("Users", &[("CompanyId", "")]).definition, &schema);
        assert_eq!(users.points, [("CompanyId".to_owned(), "Companies".to_owned())]);
        let told = told(&[users, node("Companies", &[])]);
        assert_eq!(told.iter().map(|(name, _, _)| name.as_str()).collect::<Vec<_>>(), ["Companies", "Users"]);
    }

    #[test]
    fn the_second_pass_of_a_circle_looks_at_all_records() {
        let nodes = [node("contact", &[("company", "account")]), node("account", &[("primary", "contact")])];
        let steps = ordered(&nodes).steps;
        let mode = |at: usize| SyncDefinition::from_json(&steps[at].json).unwrap().source.fetch.mode;
        assert_eq!(steps.len(), 3, "{steps:?}");
        assert_eq!((mode(0), mode(2)), (nodes[0].definition.source.fetch.mode, FetchMode::All));
        let mut bare = nodes;
        bare[0].definition.fields.retain(|field| field.to == "company");
        let told: Vec<(String, u32)> = told(&bare).into_iter().map(|(name, pass, _)| (name, pass)).collect();
        let wanted = [("account", 1), ("contact", 2)].map(|(name, pass)| (name.to_owned(), pass));
        assert_eq!(told, wanted, "nothing but what closes the circle is sent: no first pass");
    }

    #[test]
    fn a_circle_takes_two_passes() {
        let nodes = [
            node("contact", &[("company", "account")]),
            node("account", &[("primary", "contact"), ("parent", "account")]),
        ];
        let none: Vec<String> = Vec::new();
        assert_eq!(
            told(&nodes),
            [
                ("contact".to_owned(), 1, vec!["company".to_owned()]),
                ("account".to_owned(), 1, vec!["parent".to_owned()]),
                ("contact".to_owned(), 2, none.clone()),
                ("account".to_owned(), 2, none),
            ]
        );
    }
}
