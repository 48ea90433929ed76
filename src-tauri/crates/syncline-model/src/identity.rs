//! Who a connection is: the tenant, the organization behind the address and the signed-in user.

use serde::{Deserialize, Serialize};

/// What `WhoAmI` and the id token said. Kept with a connection ("pinned") and compared before each batch of writes, so that
/// nothing is written to another organization or as another user than the one that was verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Identity {
    /// Entra tenant id, where the system has one.
    pub tenant_id: Option<String>,
    /// Dataverse organization id, or what names the account in another system (Insider One: the partner name).
    pub organization_id: Option<String>,
    /// The user's id in the system.
    pub user_id: Option<String>,
    /// The user's sign-in name, for display.
    pub user_name: Option<String>,
}

impl Identity {
    /// True when both speak of the same tenant, organization and user. A part that one side does not know is not compared;
    /// the user name is display only.
    pub fn agrees_with(&self, other: &Identity) -> bool {
        fn same(a: &Option<String>, b: &Option<String>) -> bool {
            match (a, b) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                _ => true,
            }
        }
        same(&self.tenant_id, &other.tenant_id)
            && same(&self.organization_id, &other.organization_id)
            && same(&self.user_id, &other.user_id)
    }
}
