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
    ClientToken,
    RefreshedToken,
    Discovery,
    InsiderWho,
    InsiderUpsert,
    InsiderEvents,
}

impl Ask {
    pub(crate) const ALL: [Self; 29] = [
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
        Self::ClientToken,
        Self::RefreshedToken,
        Self::Discovery,
        Self::InsiderWho,
        Self::InsiderUpsert,
        Self::InsiderEvents,
    ];

    /// Changes something at the service.
    pub(crate) fn writes(self) -> bool {
        use Ask::{Batch, Create, Delete, InsiderEvents, InsiderUpsert, Update, Upsert};
        matches!(self, Create | Update | Upsert | Delete | Batch | InsiderUpsert | InsiderEvents)
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
            LongRead | Batch => ("contoso", "POST", "/$batch", 0),
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
