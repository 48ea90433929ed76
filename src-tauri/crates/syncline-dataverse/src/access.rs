//! What the user's roles allow, and who can give more. Source: Dataverse Web API, RetrieveUserPrivileges function; role, role templates.

use serde::{Deserialize, Serialize};
use syncline_model::{EntityName, ErrorCode, SynclineError};
use syncline_odata::QueryOptions;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::metadata_wire::Many;

/// The template that the System Administrator role of every environment is made from.
const ADMINISTRATOR_TEMPLATE: &str = "627090ff-40a3-4053-8790-584edc5be201";
/// Administrators that are named.
const MOST_NAMED: u64 = 5;

/// A privilege that the user's roles give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPrivilege {
    /// Its id, lower case.
    pub id: String,
    /// Its name, where the service told it.
    pub name: Option<String>,
    /// How far it reaches: `Basic` (own rows), `Local` (business unit), `Deep` (and units below), `Global`.
    pub depth: String,
}

/// Somebody who can give security roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Administrator {
    /// Full name.
    pub name: String,
    /// Sign-in name.
    pub user_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Privileges {
    role_privileges: Vec<RolePrivilege>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RolePrivilege {
    privilege_id: String,
    privilege_name: Option<String>,
    depth: Option<String>,
}

#[derive(Deserialize)]
struct WireUser {
    fullname: Option<String>,
    domainname: Option<String>,
}

impl DataverseConnector {
    /// Every privilege that the roles of the signed-in user give; each once, with its widest reach.
    pub async fn held_privileges(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Vec<HeldPrivilege>, SynclineError> {
        let user = self.who_am_i().await?.user_id.unwrap_or_default();
        let path = format!("/systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges");
        let found: Privileges = self.api.json(&path, cancel).await?;
        Ok(widest(found.role_privileges))
    }

    /// Asks whether the user's roles let rows of a table be deleted. Whoever may not read the privileges is not held back.
    pub(crate) async fn learn_deletions(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let may = match self.held_privileges(cancel).await {
            Ok(held) => may_delete(&held, entity),
            Err(error) if matches!(error.code, ErrorCode::PrivilegeMissing | ErrorCode::NotFound) => true,
            Err(error) => return Err(error),
        };
        self.remember_deletions(entity, may);
        Ok(())
    }

    /// Some of those who can give the user a role: enabled people with the System Administrator role.
    pub async fn administrators(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Vec<Administrator>, SynclineError> {
        let filter = format!(
            "isdisabled eq false and applicationid eq null and systemuserroles_association/any(r:r/_roletemplateid_value eq {ADMINISTRATOR_TEMPLATE})"
        );
        let query =
            QueryOptions::new().select(&["fullname", "domainname"]).filter(filter).top(MOST_NAMED).to_query();
        let path = format!("/systemusers{query}");
        let users: Many<WireUser> = self.api.json(&path, cancel).await?;
        let named = |user: WireUser| {
            let user_name = user.domainname.filter(|name| !name.is_empty());
            let name = user.fullname.filter(|name| !name.is_empty()).or_else(|| user_name.clone())?;
            Some(Administrator { name, user_name })
        };
        Ok(users.value.into_iter().filter_map(named).collect())
    }
}

/// False only where it is certain: the table has privileges of its own (`prvRead` with its schema name is held), and `prvDelete` is not.
/// Tables of activities share `prvDeleteActivity`, those of many-to-many relationships have none.
fn may_delete(held: &[HeldPrivilege], entity: &EntityName) -> bool {
    let holds = |verb: &str| {
        let wanted = format!("prv{verb}{entity}");
        held.iter().any(|one| one.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&wanted)))
    };
    holds("delete") || !holds("read")
}

/// Why a deletion is not planned.
pub(crate) fn no_deletion(entity: &EntityName) -> SynclineError {
    SynclineError::new(
        ErrorCode::PrivilegeMissing,
        format!("none of your security roles lets you delete {entity} (the privilege prvDelete{entity})"),
    )
    .hint("ask a System Administrator of the environment for a role with it, or do not delete")
}

fn rank(depth: &str) -> u8 {
    match depth {
        "Basic" => 1,
        "Local" => 2,
        "Deep" => 3,
        "Global" => 4,
        _ => 0,
    }
}

/// A privilege may come by several roles; the widest counts.
fn widest(all: Vec<RolePrivilege>) -> Vec<HeldPrivilege> {
    let mut held: Vec<HeldPrivilege> = all
        .into_iter()
        .map(|one| HeldPrivilege {
            id: one.privilege_id.to_lowercase(),
            name: one.privilege_name,
            depth: one.depth.unwrap_or_default(),
        })
        .collect();
    held.sort_by(|a, b| a.id.cmp(&b.id).then(rank(&b.depth).cmp(&rank(&a.depth))));
    held.dedup_by(|later, first| later.id == first.id);
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_is_refused_only_where_that_is_certain() {
        let held = |names: &[&str]| -> Vec<HeldPrivilege> {
            names
                .iter()
                .map(|name| HeldPrivilege {
                    id: (*name).to_owned(),
                    name: Some((*name).to_owned()),
                    depth: "Global".to_owned(),
                })
                .collect()
        };
        let contact = EntityName::new("contact");
        assert!(may_delete(&held(&["prvReadContact", "prvDeleteContact"]), &contact));
        assert!(!may_delete(&held(&["prvReadContact", "prvWriteContact", "prvDeleteAccount"]), &contact));
        assert!(may_delete(&held(&["prvReadActivity"]), &contact), "it has none of its own");
        assert!(no_deletion(&contact).message.contains("prvDeletecontact"));
    }

    #[test]
    fn the_widest_reach_counts() {
        let one = |id: &str, depth: &str| RolePrivilege {
            privilege_id: id.to_owned(),
            privilege_name: None,
            depth: Some(depth.to_owned()),
        };
        let held = widest(vec![one("B", "Basic"), one("a", "Local"), one("b", "Global"), one("b", "Deep")]);
        let seen: Vec<(&str, &str)> = held.iter().map(|one| (one.id.as_str(), one.depth.as_str())).collect();
        assert_eq!(seen, [("a", "Local"), ("b", "Global")]);
    }
}
