//! `lists.*`: marketing lists of a Dataverse environment.

use std::sync::Arc;
use syncline_connect::{Selection, Source};
use syncline_dataverse::MarketingList;
use syncline_sync::LARGE_LIST;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::wire::{ApiError, ConnectionRef, ListCount, ListRef, ListView};

fn view(list: &MarketingList) -> ListView {
    ListView {
        id: list.id.clone(),
        name: list.name.clone(),
        entity: list.member_entity.to_string(),
        dynamic: list.dynamic,
        members: list.member_count.filter(|_| !list.dynamic),
        active: list.active,
        last_used: list.last_used.clone(),
    }
}

pub(crate) async fn list(app: &Arc<App>, request: ConnectionRef) -> Result<Vec<ListView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let link = app.link(&connection).await?;
    let found = link.dataverse(connection.name.as_str())?.marketing_lists(&CancellationToken::new()).await?;
    Ok(found.iter().map(view).collect())
}

/// Counts the members now; a dynamic list's query is run for it.
pub(crate) async fn count(app: &Arc<App>, request: ListRef) -> Result<ListCount, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let link = app.link(&connection).await?;
    let connector = link.dataverse(connection.name.as_str())?;
    let cancel = CancellationToken::new();
    let list = connector.marketing_list(&request.list, &cancel).await?;
    let selection = Selection {
        entity: Some(list.member_entity.clone()),
        list: Some(list.id.clone()),
        page_size: 1,
        ..Selection::default()
    };
    let count = connector.count(&selection, &cancel).await?;
    Ok(ListCount {
        members: count.value,
        exact: count.exact,
        warning: (count.value > LARGE_LIST).then(|| {
            "All members are read on each run. On a list of this size run it seldom, or narrow it with a filter."
                .to_owned()
        }),
        list: view(&list),
    })
}
