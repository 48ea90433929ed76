//! The environment's views of an entity: system views (`savedquery`) and a user's own (`userquery`).

use serde::Deserialize;
use syncline_model::SynclineError;
use syncline_odata::string_literal;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::convert::ODataText;

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// A user's own.
    pub personal: bool,
    /// The entity's default view.
    pub default: bool,
    /// Its query.
    pub fetchxml: String,
    /// Columns in order with widths in pixels, from `layoutxml`; a linked column is `alias.column`.
    pub columns: Vec<(String, u32)>,
}

#[derive(Deserialize)]
struct Row {
    savedqueryid: Option<String>,
    userqueryid: Option<String>,
    name: Option<String>,
    fetchxml: Option<String>,
    layoutxml: Option<String>,
    isdefault: Option<bool>,
}

impl DataverseConnector {
    /// Active views of an entity, the default one first. A caller who may not read personal views gets the others.
    pub async fn views(&self, entity: &str, cancel: &CancellationToken) -> Result<Vec<View>, SynclineError> {
        let ask = |set: &str, columns: &str| ODataText {
            set: set.to_owned(),
            options: vec![
                ("$select".to_owned(), columns.to_owned()),
                (
                    "$filter".to_owned(),
                    // 0: views shown in lists; the others are lookups, quick find and so on.
                    format!(
                        "returnedtypecode eq {} and querytype eq 0 and statecode eq 0",
                        string_literal(entity)
                    ),
                ),
                ("$orderby".to_owned(), "name".to_owned()),
            ],
        };
        let system = ask("savedqueries", "savedqueryid,name,fetchxml,layoutxml,isdefault");
        let personal = ask("userqueries", "userqueryid,name,fetchxml,layoutxml");
        let (system, personal) =
            tokio::join!(self.view_rows(&system, cancel), self.view_rows(&personal, cancel));
        let mut views: Vec<View> = system?.into_iter().chain(personal.unwrap_or_default()).collect();
        views.sort_by_key(|view| (!view.default, view.personal, view.name.to_lowercase()));
        Ok(views)
    }

    async fn view_rows(
        &self,
        query: &ODataText,
        cancel: &CancellationToken,
    ) -> Result<Vec<View>, SynclineError> {
        let mut views = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.odata_document(query, 500, cursor.as_ref(), cancel).await?;
            for raw in &page.rows {
                let Ok(row) = serde_json::from_str::<Row>(raw.get()) else { continue };
                let (Some(name), Some(fetchxml)) = (row.name, row.fetchxml) else { continue };
                let personal = row.userqueryid.is_some();
                let Some(id) = row.savedqueryid.or(row.userqueryid) else { continue };
                views.push(View {
                    id,
                    name,
                    personal,
                    default: row.isdefault.unwrap_or(false),
                    fetchxml,
                    columns: row.layoutxml.as_deref().map(layout_columns).unwrap_or_default(),
                });
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(views),
            }
        }
    }
}

/// `<cell name="…" width="…"/>` of a layout; hidden cells are left out.
fn layout_columns(layout: &str) -> Vec<(String, u32)> {
    layout
        .split("<cell")
        .skip(1)
        .filter_map(|cell| {
            let cell = cell.split('>').next().unwrap_or_default();
            let value = |name: &str| {
                let start = cell.find(&format!(" {name}="))? + name.len() + 2;
                let quote = cell[start..].chars().next().filter(|c| matches!(c, '"' | '\''))?;
                let rest = &cell[start + 1..];
                Some(rest[..rest.find(quote)?].to_owned())
            };
            if value("ishidden").is_some_and(|hidden| hidden == "1" || hidden == "true") {
                return None;
            }
            let width = value("width").and_then(|width| width.parse().ok()).unwrap_or(150);
            Some((value("name")?, width))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::layout_columns;

    #[test]
    fn a_layout_gives_columns_and_widths() {
        let layout = "<grid name='r' object='2'><row name='result' id='contactid'><cell name='fullname' width='300' />\
            <cell width=\"120\" name=\"a.name\" /><cell name='x' ishidden='1'/><cell name='y'/></row></grid>";
        let columns = layout_columns(layout);
        assert_eq!(
            columns,
            [("fullname".to_owned(), 300), ("a.name".to_owned(), 120), ("y".to_owned(), 150)]
        );
        assert!(layout_columns("<cell").is_empty());
    }
}
