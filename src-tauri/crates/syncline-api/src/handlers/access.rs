//! `entities.access`: whether the user may read an entity, which privilege is missing, and who can give it.

use std::sync::Arc;
use syncline_model::{Connection, EntityName};
use tokio_util::sync::CancellationToken;

use super::metadata::{KeptExtra, Wanted};
use crate::app::App;
use crate::wire::{AccessView, ApiError, EntityRef};

pub(crate) async fn access(app: &Arc<App>, request: EntityRef) -> Result<AccessView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let wanted = Wanted::new(request.refresh, None, None);
    let entities = app.entities_of(&connection, wanted).await?.value;
    let name = EntityName::new(request.entity.as_str());
    let display_name = entities
        .iter()
        .find(|entity| entity.logical_name == name)
        .map_or_else(|| request.entity.clone(), |entity| entity.display_collection_name.clone());
    let extra = app.kept_extras(connection.id).await?.remove(&name);
    let missing = extra.as_ref().is_some_and(|extra| extra.held == Some(false));
    let administrators = if missing { app.administrators_of(&connection).await } else { Vec::new() };
    let (sentence, hint) = words(&display_name, extra.as_ref(), &administrators);
    Ok(AccessView {
        entity: request.entity,
        display_name,
        privilege: extra.as_ref().and_then(|extra| extra.privilege.clone()),
        held: extra.as_ref().and_then(|extra| extra.held),
        depth: extra.and_then(|extra| extra.depth),
        sentence,
        hint,
        administrators,
    })
}

/// Who can give a role, where nobody is known by name.
const ADMINISTRATOR: &str = "a System Administrator of the environment";

impl App {
    /// Some people who can give security roles. Who may not read users learns none.
    async fn administrators_of(&self, connection: &Connection) -> Vec<String> {
        let found = self
            .part(connection, "administrators", false, || async {
                let link = self.link(connection).await?;
                let connector = link.dataverse(connection.name.as_str())?;
                let found = connector.administrators(&CancellationToken::new()).await?;
                Ok(found
                    .into_iter()
                    .map(|one| match one.user_name {
                        Some(user) if user != one.name => format!("{} ({user})", one.name),
                        Some(_) | None => one.name,
                    })
                    .collect::<Vec<String>>())
            })
            .await;
        found
            .inspect_err(|error| tracing::debug!(%error, "the administrators are not known"))
            .unwrap_or_default()
    }

    /// Names people in the hint of a refusal that asks for a role.
    pub(crate) async fn with_administrators(
        &self,
        connection: Option<&str>,
        mut error: ApiError,
    ) -> ApiError {
        if let Some(hint) = error.hint.as_mut().filter(|hint| hint.contains(ADMINISTRATOR))
            && let Some(name) = connection
            && let Ok(connection) = self.connection(name).await
        {
            let people = self.administrators_of(&connection).await;
            *hint = hint.replace(ADMINISTRATOR, &who(&people));
        }
        error
    }
}

/// Who can be asked for a role.
fn who(administrators: &[String]) -> String {
    match administrators {
        [] => ADMINISTRATOR.to_owned(),
        some => format!("{ADMINISTRATOR}, such as {},", some.join(", ")),
    }
}

/// What is told, and what to do.
fn words(
    display_name: &str,
    extra: Option<&KeptExtra>,
    administrators: &[String],
) -> (String, Option<String>) {
    let Some(extra) = extra else {
        return (format!("it is not known whether your roles let you read {display_name}"), None);
    };
    let Some(privilege) = extra.privilege.as_deref() else {
        return (format!("{display_name} has no privileges of its own"), None);
    };
    let who = who(administrators);
    match extra.held {
        Some(false) => (
            format!(
                "{display_name} can't be read: none of your security roles has the privilege {privilege}"
            ),
            Some(format!("ask {who} for a role with {privilege}")),
        ),
        None => (format!("reading {display_name} needs the privilege {privilege}"), None),
        Some(true) => {
            let reach = match extra.depth.as_deref() {
                Some("Basic") => "only records that you or your teams own are seen",
                Some("Local") => "only records of your business unit are seen",
                Some("Deep") => "only records of your business unit and the units below it are seen",
                Some(_) | None => {
                    return (format!("your roles have {privilege}: all records are seen"), None);
                }
            };
            (
                format!("your roles have {privilege}, but {reach}"),
                Some(format!(
                    "ask {who} for a role in which {privilege} reaches further, if records are missing"
                )),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_has_its_words() {
        let extra = |held, depth: &str| KeptExtra {
            id: None,
            privilege: Some("prvReadList".to_owned()),
            held,
            depth: Some(depth.to_owned()),
        };
        let admins = ["Ada (ada@contoso.example)".to_owned()];
        let (sentence, hint) = words("Marketing Lists", Some(&extra(Some(false), "")), &admins);
        assert!(sentence.contains("prvReadList") && sentence.contains("can't be read"), "{sentence}");
        assert!(hint.unwrap().contains("such as Ada (ada@contoso.example), for a role"));
        let (sentence, _) = words("Marketing Lists", Some(&extra(Some(true), "Basic")), &[]);
        assert!(sentence.contains("own"), "{sentence}");
        let (sentence, hint) = words("Marketing Lists", Some(&extra(Some(true), "Global")), &[]);
        assert!(sentence.contains("all records") && hint.is_none(), "{sentence}");
        assert!(words("x", None, &[]).0.contains("not known"));
        let bare = KeptExtra { id: None, privilege: None, held: None, depth: None };
        assert!(words("x", Some(&bare), &[]).0.contains("no privileges"));
        assert!(words("x", Some(&extra(None, "")), &[]).0.contains("needs"));
    }
}
