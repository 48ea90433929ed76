//! The kinds of request that faults are tried at, and the rule that breaks each of them.

use syncline_sandbox::faults::{FaultKind, FaultRule};

/// Kinds of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    WhoAmI,
    Entities,
    Columns,
    Choices,
    FirstPage,
    MiddlePage,
    LastPage,
    FetchFirst,
    FetchMiddle,
    FetchLast,
    Document,
    Count,
    FilteredCount,
    ByIds,
    One,
    Probing,
    Lists,
    LongRead,
    Create,
    Update,
    Upsert,
    Delete,
    Batch,
    ChangeSet,
    CreateMultiple,
    UpdateMultiple,
    UpsertMultiple,
    ClientToken,
    RefreshedToken,
    Discovery,
    InsiderWho,
    InsiderUpsert,
    InsiderEvents,
}

impl Ask {
    pub(crate) const ALL: [Self; 33] = [
        Self::WhoAmI,
        Self::Entities,
        Self::Columns,
        Self::Choices,
        Self::FirstPage,
        Self::MiddlePage,
        Self::LastPage,
        Self::FetchFirst,
        Self::FetchMiddle,
        Self::FetchLast,
        Self::Document,
        Self::Count,
        Self::FilteredCount,
        Self::ByIds,
        Self::One,
        Self::Probing,
        Self::Lists,
        Self::LongRead,
        Self::Create,
        Self::Update,
        Self::Upsert,
        Self::Delete,
        Self::Batch,
        Self::ChangeSet,
        Self::CreateMultiple,
        Self::UpdateMultiple,
        Self::UpsertMultiple,
        Self::ClientToken,
        Self::RefreshedToken,
        Self::Discovery,
        Self::InsiderWho,
        Self::InsiderUpsert,
        Self::InsiderEvents,
    ];

    /// Changes something at the service.
    pub(crate) fn writes(self) -> bool {
        use Ask::{Batch, ChangeSet, Create, Delete, InsiderEvents, InsiderUpsert, Update, Upsert};
        let rows = matches!(self, Batch | ChangeSet | InsiderUpsert | InsiderEvents);
        rows || self.in_bulk() || matches!(self, Create | Update | Upsert | Delete)
    }

    /// Several rows in one call of a bulk message.
    pub(crate) fn in_bulk(self) -> bool {
        matches!(self, Self::CreateMultiple | Self::UpdateMultiple | Self::UpsertMultiple)
    }

    /// The answers that are hit hold a link to a next page.
    pub(crate) fn has_next_link(self) -> bool {
        matches!(self, Self::FirstPage | Self::MiddlePage)
    }

    /// Data that is read with labels and paging marks.
    pub(crate) fn wants_annotations(self) -> bool {
        use Ask::{
            ByIds, Document, FetchFirst, FetchLast, FetchMiddle, FirstPage, LastPage, LongRead, MiddlePage,
            Probing,
        };
        matches!(
            self,
            FirstPage
                | MiddlePage
                | LastPage
                | FetchFirst
                | FetchMiddle
                | FetchLast
                | Document
                | ByIds
                | Probing
                | LongRead
        )
    }

    /// The rule that breaks this request once, or each time.
    pub(crate) fn rule(self, kind: FaultKind, always: bool) -> FaultRule {
        use Ask::*;
        let (service, method, path, skip) = match self {
            WhoAmI => ("contoso", "GET", "/WhoAmI", 0),
            Entities => ("contoso", "GET", "/EntityDefinitions?", 0),
            Columns => ("contoso", "GET", "/Attributes?", 0),
            Choices => ("contoso", "GET", "PicklistAttributeMetadata", 0),
            FirstPage | ByIds | Probing => ("contoso", "GET", "/contacts?", 0),
            MiddlePage => ("contoso", "GET", "/contacts?", 2),
            LastPage => ("contoso", "GET", "/contacts?", 4),
            FetchFirst | Document | FilteredCount => ("contoso", "GET", "fetchXml", 0),
            FetchMiddle => ("contoso", "GET", "fetchXml", 1),
            FetchLast => ("contoso", "GET", "fetchXml", 2),
            Count => ("contoso", "GET", "/contacts/$count", 0),
            One => ("contoso", "GET", "/contacts(", 0),
            Lists => ("contoso", "GET", "/lists?", 0),
            LongRead | Batch | ChangeSet => ("contoso", "POST", "/$batch", 0),
            CreateMultiple => ("contoso", "POST", "CreateMultiple", 0),
            UpdateMultiple => ("contoso", "POST", "UpdateMultiple", 0),
            UpsertMultiple => ("contoso", "POST", "UpsertMultiple", 0),
            Create => ("contoso", "POST", "/contacts", 0),
            Update | Upsert => ("contoso", "PATCH", "/contacts(", 0),
            Delete => ("contoso", "DELETE", "/contacts(", 0),
            ClientToken | RefreshedToken => ("entra", "POST", "/token", 0),
            Discovery => ("entra", "GET", "/api/discovery", 0),
            InsiderWho | InsiderUpsert | InsiderEvents => ("insider", "POST", "/upsert", 0),
        };
        let rule = FaultRule { method: Some(method.to_owned()), ..FaultRule::new(kind).at(service).on(path) };
        match always {
            true => FaultRule { skip, every: Some(1), ..rule },
            false => rule.after(skip, 1),
        }
    }
}
