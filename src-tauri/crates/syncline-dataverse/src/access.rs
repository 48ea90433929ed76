//! What the user's roles allow, and who can give more. Source: Dataverse Web API, RetrieveUserPrivileges function; role, role templates.

use serde::{Deserialize, Serialize};
use syncline_model::SynclineError;
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
