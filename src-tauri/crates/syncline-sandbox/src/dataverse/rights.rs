//! Who may do what: users of limited rights, the tables they may not read, and the answers that say so.
//! Source: Dataverse, "Retrieve privileges", web service error codes (PrivilegeDenied).
use super::environment::{Environment, UserSeed};
use super::error::{Outcome, ServiceError, code};
use super::request::{ApiRequest, ApiResponse};
use super::store::Store;
use crate::data::Schema;
use crate::data::ids::metadata_of;
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};
use uuid::Uuid;

/// What a privilege allows.
pub(crate) const VERBS: [&str; 8] =
    ["Create", "Read", "Write", "Delete", "Assign", "Share", "Append", "AppendTo"];

/// Users of limited rights. They may write contacts and tasks only, and don't see some tables: `lead` unless others are named, and
/// of a big tenant's tables every tenth.
#[derive(Debug)]
pub struct Rights {
    restricted: RwLock<HashSet<Uuid>>,
    hidden: RwLock<HashSet<String>>,
}

impl Rights {
    pub(crate) fn new(users: &[UserSeed]) -> Self {
        Self {
            restricted: RwLock::new(users.iter().filter(|u| u.restricted).map(|u| u.user_id).collect()),
            hidden: RwLock::new(HashSet::from(["lead".to_owned()])),
        }
    }

    /// These users lack rights from now on, and no others.
    pub fn restrict(&self, users: HashSet<Uuid>) {
        *self.restricted.write().unwrap_or_else(PoisonError::into_inner) = users;
    }

    /// Restricted users may not read these tables from now on, given by logical name.
    pub fn hide(&self, tables: impl IntoIterator<Item = String>) {
        *self.hidden.write().unwrap_or_else(PoisonError::into_inner) = tables.into_iter().collect();
    }

    pub(crate) fn restricted(&self, user: Uuid) -> bool {
        self.restricted.read().unwrap_or_else(PoisonError::into_inner).contains(&user)
    }

    /// True when the user may not read the table.
    pub(crate) fn hides(&self, user: Uuid, logical: &str) -> bool {
        self.restricted(user) && self.hidden.read().unwrap_or_else(PoisonError::into_inner).contains(logical)
    }

    /// The sample tables that the user may not read, as bits by their number.
    pub(crate) fn hidden(&self, user: Uuid, schema: &Schema) -> u64 {
        if !self.restricted(user) {
            return 0;
        }
        let hidden = self.hidden.read().unwrap_or_else(PoisonError::into_inner);
        hidden
            .iter()
            .filter_map(|name| schema.by_logical(name))
            .fold(0, |bits, e| bits | 1 << (e.table as u8))
    }
}

/// The privilege's name; all activities share one set.
pub(crate) fn privilege(verb: &str, schema: &str, activity: bool) -> String {
    format!("prv{verb}{}", if activity { "Activity" } else { schema })
}

/// Refuses to leave plug-ins out for a user who lacks the privilege ("Bypass custom business logic").
pub(crate) fn may_bypass(environment: &Environment, request: &ApiRequest) -> Outcome<()> {
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asks = |missing: &str| {
        if !environment.restricted(request.caller.user_id) {
            return Ok(());
        }
        let (user, id) = (request.caller.user_id, metadata_of(missing));
        Err(ServiceError::new(
            403,
            code::PRIVILEGE_DENIED,
            format!(
                "Principal user (Id={user}, type=8, roleCount=1, privilegeCount=210, accessMode=0) is missing {missing} privilege (Id={id})."
            ),
        ))
    };
    if header("mscrm.bypasscustompluginexecution").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        asks("prvBypassCustomPlugins")?;
    }
    match header("mscrm.bypassbusinesslogicexecution") {
        None | Some("") => Ok(()),
        Some(list) if list.split(',').all(|word| matches!(word.trim(), "CustomSync" | "CustomAsync")) => {
            asks("prvBypassCustomBusinessLogic")
        }
        Some(other) => Err(ServiceError::bad(
            code::INVALID_ARGUMENT,
            format!("'{other}' is not a value of BypassBusinessLogicExecution: CustomSync, CustomAsync."),
        )),
    }
}

/// 403 that names the privilege. `about` is object type code, logical and display name of the table.
pub(crate) fn denied(user: Uuid, privilege: &str, about: (i64, &str, &str)) -> ServiceError {
    let (code, logical, display) = about;
    ServiceError::new(
        403,
        code::PRIVILEGE_DENIED,
        format!(
            "Principal user (Id={user}, type=8, roleCount=1, privilegeCount=210, accessMode=0) is missing {privilege} privilege (Id={}) on OTC={code} for entity '{logical}' (LocalizedName='{display}').",
            metadata_of(privilege)
        ),
    )
}

/// `Privileges` of a table's metadata; tables of many-to-many relationships have none.
pub(crate) fn described(schema: &str, activity: bool, intersect: bool, user_owned: bool) -> Vec<Json> {
    if intersect {
        return Vec::new();
    }
    VERBS
        .iter()
        .filter(|verb| user_owned || !matches!(**verb, "Assign" | "Share"))
        .map(|verb| {
            let name = privilege(verb, schema, activity);
            json!({
                "CanBeBasic": user_owned,
                "CanBeDeep": user_owned,
                "CanBeGlobal": true,
                "CanBeLocal": user_owned,
                "CanBeEntityReference": false,
                "CanBeParentEntityReference": false,
                "CanBeRecordFilter": false,
                "PrivilegeId": metadata_of(&name),
                "Name": name,
                "PrivilegeType": verb,
            })
        })
        .collect()
}

/// `systemusers(id)/Microsoft.Dynamics.CRM.RetrieveUserPrivileges`: everything the user's roles allow.
pub(crate) fn user_privileges(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    user: Uuid,
) -> ApiResponse {
    let limited = environment.restricted(user);
    let mut names: Vec<String> = Vec::new();
    for entity in store.schema.entities.iter().filter(|e| !e.intersect) {
        let hides = environment.rights.hides(user, entity.logical);
        let writes = !limited || matches!(entity.logical, "contact" | "task");
        for verb in VERBS.iter().filter(|verb| if **verb == "Read" { !hides } else { writes }) {
            names.push(privilege(verb, entity.schema, entity.activity));
        }
    }
    for entity in store.wide.iter().flat_map(|wide| wide.entities()) {
        if entity.kind == crate::data::wide::WideKind::Intersect {
            continue;
        }
        for verb in VERBS.iter().filter(|verb| !limited || (**verb == "Read" && !entity.guarded())) {
            names.push(privilege(verb, &entity.schema, false));
        }
    }
    names.sort();
    names.dedup();
    let depth = if limited { "Local" } else { "Global" };
    let all: Vec<Json> = names
        .iter()
        .map(|name| {
            json!({
                "Depth": depth,
                "PrivilegeId": metadata_of(name),
                "BusinessUnitId": environment.root_business_unit(),
                "PrivilegeName": name,
                "RecordFilterId": Uuid::nil(),
                "RecordFilterUniqueName": null,
            })
        })
        .collect();
    ApiResponse::value(
        200,
        &json!({
            "@odata.context": format!("{}/$metadata#Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse", request.service_root),
            "RolePrivileges": all,
        }),
    )
}
