//! Which bulk messages a table has, asked once a connection. Source: Dataverse Web API, bulk operation messages, availability.

use serde::Deserialize;
use syncline_connect::RowRequest;
use syncline_model::{EntityName, EntitySchema, ErrorCode, SynclineError};
use syncline_odata::{QueryOptions, guid, string_literal};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;

/// The bulk messages that a table has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BulkMessages {
    /// CreateMultiple.
    pub create: bool,
    /// UpdateMultiple.
    pub update: bool,
    /// UpsertMultiple.
    pub upsert: bool,
}

/// A bulk message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Message {
    Create,
    Update,
    Upsert,
}

impl Message {
    pub(crate) const ALL: [Message; 3] = [Message::Create, Message::Update, Message::Upsert];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Message::Create => "CreateMultiple",
            Message::Update => "UpdateMultiple",
            Message::Upsert => "UpsertMultiple",
        }
    }
}

impl BulkMessages {
    fn has(self, message: Message) -> bool {
        match message {
            Message::Create => self.create,
            Message::Update => self.update,
            Message::Upsert => self.upsert,
        }
    }

    /// The message that a row may go by without losing its guard, if the table has it. A bulk message carries no headers for its rows, so:
    ///
    /// - "must not exist" (`If-None-Match: *`) on the primary key is what CreateMultiple does anyway: it refuses an id that is taken;
    /// - "must exist" (`If-Match: *`) is what UpdateMultiple does;
    /// - "must be this version" no bulk message can say; such rows go by `$batch`;
    /// - a row without a guard, named by its primary key, is an upsert.
    pub(crate) fn takes(self, row: &RowRequest) -> Option<Message> {
        let (_, id) = row_id(row)?;
        if id.is_empty() || !row.method.eq_ignore_ascii_case("PATCH") || !row.body.starts_with('{') {
            return None;
        }
        let mut headers = row.headers.iter();
        let message = match (headers.next(), headers.next()) {
            (None, _) => Message::Upsert,
            (Some((name, value)), None) if value == "*" => {
                if name.eq_ignore_ascii_case("If-None-Match") {
                    Message::Create
                } else if name.eq_ignore_ascii_case("If-Match") {
                    Message::Update
                } else {
                    return None;
                }
            }
            (Some(_), _) => return None,
        };
        self.has(message).then_some(message)
    }
}

/// Entity set and id of a row's path when it is `/set(guid)` and nothing else.
pub(crate) fn row_id(row: &RowRequest) -> Option<(&str, String)> {
    let (set, rest) = row.path.strip_prefix('/')?.split_once('(')?;
    Some((set, guid(rest.strip_suffix(')')?)?))
}

#[derive(Deserialize)]
struct Filters {
    value: Vec<Offered>,
}

#[derive(Deserialize)]
struct Offered {
    sdkmessageid: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

impl DataverseConnector {
    /// The table's bulk messages. Who may not read about messages works without them.
    pub async fn bulk_messages(
        &self,
        schema: &EntitySchema,
        cancel: &CancellationToken,
    ) -> Result<BulkMessages, SynclineError> {
        let entity = &schema.summary.logical_name;
        if let Some(known) = self.remembered_messages(entity) {
            return Ok(known);
        }
        let found = match self.load_messages(entity, cancel).await {
            Ok(found) => found,
            Err(error) if without_answer(error.code) => return Err(error),
            Err(error) => {
                tracing::debug!(%entity, code = error.code.as_str(), "the table's messages can't be read");
                BulkMessages::default()
            }
        };
        self.remember_messages(entity, found);
        Ok(found)
    }

    async fn load_messages(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<BulkMessages, SynclineError> {
        let names: Vec<String> = Message::ALL
            .iter()
            .map(|message| format!("sdkmessageid/name eq {}", string_literal(message.name())))
            .collect();
        let filter = format!(
            "primaryobjecttypecode eq {} and ({})",
            string_literal(entity.as_str()),
            names.join(" or ")
        );
        let options = QueryOptions::new()
            .select(&["sdkmessagefilterid"])
            .expand("sdkmessageid($select=name)")
            .filter(filter);
        let path = format!("/sdkmessagefilters{}", options.to_query());
        let found: Filters = self.api.json(&path, cancel).await?;
        let has = |message: Message| {
            found.value.iter().any(|offered| {
                let name = offered.sdkmessageid.as_ref().and_then(|message| message.name.as_deref());
                name.is_some_and(|name| name.eq_ignore_ascii_case(message.name()))
            })
        };
        Ok(BulkMessages {
            create: has(Message::Create),
            update: has(Message::Update),
            upsert: has(Message::Upsert),
        })
    }
}

/// Errors that tell nothing of the table.
fn without_answer(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Cancelled
            | ErrorCode::Unreachable
            | ErrorCode::Throttled
            | ErrorCode::SignInNeeded
            | ErrorCode::SignInRefused
            | ErrorCode::IdentityChanged
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const ALL: BulkMessages = BulkMessages { create: true, update: true, upsert: true };
    const ID: &str = "00000000-0000-4000-8000-0000000000aa";

    fn row(path: &str, headers: &[(&str, &str)]) -> RowRequest {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        RowRequest {
            method: "PATCH".into(),
            path: path.into(),
            headers: headers.collect::<BTreeMap<_, _>>(),
            body: "{}".into(),
        }
    }

    #[test]
    fn a_row_goes_in_bulk_only_when_its_guard_holds_there() {
        let by_id = format!("/contacts({ID})");
        let takes = |path: &str, headers: &[(&str, &str)]| ALL.takes(&row(path, headers));
        assert_eq!(takes(&by_id, &[("If-None-Match", "*")]), Some(Message::Create));
        assert_eq!(takes(&by_id, &[("If-Match", "*")]), Some(Message::Update));
        assert_eq!(takes(&by_id, &[]), Some(Message::Upsert));
        assert_eq!(takes(&by_id, &[("If-Match", "W/\"12\"")]), None, "a version is kept to");
        assert_eq!(takes("/accounts(accountnumber='A')?$select=accountid", &[("If-None-Match", "*")]), None);
        assert_eq!(takes(&by_id, &[("If-None-Match", "*"), ("Prefer", "return=representation")]), None);
        assert_eq!(BulkMessages::default().takes(&row(&by_id, &[("If-None-Match", "*")])), None);
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_read_or_left(path in "(/contacts|\\(|\\)|[0-9a-f-]{0,40}|\\PC){0,6}") {
            let _ = row_id(&row(&path, &[]));
        }
    }
}
