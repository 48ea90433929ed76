//! Who is asking. Source: Dataverse Web API, WhoAmI function.

use serde::Deserialize;
use syncline_model::{Identity, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WhoAmI {
    user_id: String,
    organization_id: String,
}

#[derive(Deserialize)]
struct User {
    domainname: Option<String>,
    fullname: Option<String>,
}

impl DataverseConnector {
    /// Organization and user are asked each time; the user's name, which is for display only, once and only if it may be read.
    pub(crate) async fn who_am_i(&self) -> Result<Identity, SynclineError> {
        let cancel = CancellationToken::new();
        let who: WhoAmI = self.api.json("/WhoAmI", &cancel).await?;
        let user_id = who.user_id.to_lowercase();
        let user_name = match self.remembered_user(&user_id) {
            Some(name) => Some(name),
            None => {
                let path = format!("/systemusers({user_id})?$select=domainname,fullname");
                let user = self.api.json::<User>(&path, &cancel).await.ok();
                user.and_then(|user| {
                    user.domainname
                        .filter(|name| !name.is_empty())
                        .or(user.fullname)
                        .filter(|name| !name.is_empty())
                })
            }
        };
        if let Some(name) = &user_name {
            self.remember_user(&user_id, name);
        }
        Ok(Identity {
            tenant_id: self.settings.tenant_id.clone(),
            organization_id: Some(who.organization_id.to_lowercase()),
            user_id: Some(user_id),
            user_name,
        })
    }
}
