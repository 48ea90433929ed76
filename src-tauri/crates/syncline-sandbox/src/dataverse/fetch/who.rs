//! Who asks: their teams, the people below them, their language.
use crate::data::{Table, Value};
use crate::dataverse::odata::filter::Setting;
use crate::dataverse::query::eval::ancestors;
use crate::dataverse::store::Store;
use uuid::Uuid;

/// The ids an operator compares with; `None` for other operators.
pub(super) fn ids(setting: Setting<'_>, operator: &str) -> Option<Vec<Uuid>> {
    let me = vec![setting.user];
    let Some(store) = setting.store else { return Some(me) };
    let with_below = |mut all: Vec<Uuid>| {
        all.extend(below(store, setting.user));
        all
    };
    Some(match operator {
        "eq-userteams" => teams(store, &me),
        "eq-useroruserteams" => [me.clone(), teams(store, &me)].concat(),
        "eq-useroruserhierarchy" => with_below(me),
        "eq-useroruserhierarchyandteams" => {
            let people = with_below(me);
            let teams = teams(store, &people);
            [people, teams].concat()
        }
        _ => return None,
    })
}

fn teams(store: &Store, people: &[Uuid]) -> Vec<Uuid> {
    let table = Table::TeamMembership;
    store
        .table(table)
        .positions(0)
        .filter(|at| store.named((table, *at), "systemuserid").id().is_some_and(|id| people.contains(&id)))
        .filter_map(|at| store.named((table, at), "teamid").id())
        .collect()
}

fn below(store: &Store, user: Uuid) -> Vec<Uuid> {
    let table = Table::SystemUser;
    let people = store.table(table).positions(0).map(|at| store.id((table, at)));
    people.filter(|id| ancestors(store, table, *id).contains(&user)).collect()
}

/// The language in the user's settings.
pub(super) fn language(setting: Setting<'_>) -> i64 {
    let found = setting.store.and_then(|store| {
        let row = store.find(Table::UserSettings, setting.user)?;
        match store.named(row, "uilanguageid") {
            Value::Int(language) => Some(language),
            _ => None,
        }
    });
    found.unwrap_or(1033)
}
