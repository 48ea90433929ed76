//! Marketing lists. Source: Dynamics 365 Sales, marketing lists: a static list has rows in `listmember`, a dynamic one has a query.

use serde::Deserialize;
use syncline_fetchxml::Fetch;
use syncline_model::{EntityName, EntitySchema, ErrorCode, SynclineError};
use syncline_odata::guid;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::metadata_wire::Many;
use crate::page_fetch::fetch_error;

/// A marketing list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketingList {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The entity of its members: account, contact or lead.
    pub member_entity: EntityName,
    /// Members are found by a query, not listed.
    pub dynamic: bool,
    /// Members; stale for dynamic lists.
    pub member_count: Option<u64>,
    /// Statecode 0.
    pub active: bool,
    /// When it was used last, as the service writes it.
    pub last_used: Option<String>,
    query: Option<String>,
}

const FIELDS: &str = "$select=listid,listname,type,createdfromcode,membercount,statecode,lastusedon,query";

#[derive(Deserialize)]
struct WireList {
    listid: String,
    listname: Option<String>,
    #[serde(rename = "type")]
    dynamic: Option<bool>,
    createdfromcode: Option<i64>,
    membercount: Option<i64>,
    statecode: Option<i64>,
    lastusedon: Option<String>,
    query: Option<String>,
}

impl WireList {
    fn into_list(self) -> Option<MarketingList> {
        let member_entity = match self.createdfromcode {
            Some(1) => "account",
            Some(2) => "contact",
            Some(4) => "lead",
            Some(_) | None => return None,
        };
        Some(MarketingList {
            name: self.listname.unwrap_or_else(|| self.listid.clone()),
            id: self.listid.to_lowercase(),
            member_entity: member_entity.into(),
            dynamic: self.dynamic.unwrap_or(false),
            member_count: self.membercount.and_then(|count| u64::try_from(count).ok()),
            active: self.statecode.unwrap_or(0) == 0,
            last_used: self.lastusedon,
            query: self.query,
        })
    }
}

impl DataverseConnector {
    /// Every marketing list this user sees, by name.
    pub async fn marketing_lists(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Vec<MarketingList>, SynclineError> {
        let first = self.api.url(&format!("/lists?{FIELDS}&$orderby=listname,listid"));
        let mut url = Some(first);
        let mut found = Vec::new();
        let mut trail = crate::links::Trail::default();
        while let Some(link) = url {
            let prefer = ["odata.maxpagesize=5000".to_owned()];
            let (lists, next) = self
                .api
                .page(&link, &prefer, cancel, |page, _| {
                    let mut lists = Vec::with_capacity(page.value.len());
                    for raw in &page.value {
                        let wire: WireList = serde_json::from_str(raw.get()).map_err(|error| {
                            crate::api::unreadable("lists", &format!("a list lacks a column: {error}"))
                        })?;
                        lists.extend(wire.into_list());
                    }
                    Ok((lists, page.next_link.as_deref().map(str::to_owned)))
                })
                .await?;
            found.extend(lists);
            url = self.api.next_page(&link, next.as_deref(), &mut trail)?;
        }
        Ok(found)
    }

    /// One list. By id, or by its exact name when that is the only one.
    pub async fn marketing_list(
        &self,
        id_or_name: &str,
        cancel: &CancellationToken,
    ) -> Result<MarketingList, SynclineError> {
        let missing =
            || SynclineError::new(ErrorCode::NotFound, format!("no such marketing list: {id_or_name}"));
        if let Some(id) = guid(id_or_name) {
            let wire: WireList = self
                .api
                .json(&format!("/lists({id})?{FIELDS}"), cancel)
                .await
                .map_err(|error| if error.code == ErrorCode::NotFound { missing() } else { error })?;
            return wire.into_list().ok_or_else(|| {
                SynclineError::new(
                    ErrorCode::UnexpectedReply,
                    "the list has no member type that is supported",
                )
                .hint("lists of accounts, contacts and leads can be read")
            });
        }
        let filter = syncline_odata::QueryOptions::new()
            .filter(format!("listname eq {}", syncline_odata::string_literal(id_or_name)))
            .to_query();
        let found: Many<WireList> = self.api.json(&format!("/lists{filter}&{FIELDS}"), cancel).await?;
        let mut found: Vec<MarketingList> = found.value.into_iter().filter_map(WireList::into_list).collect();
        match (found.len(), found.pop()) {
            (1, Some(list)) => Ok(list),
            (0, _) => Err(missing()),
            (count, _) => Err(SynclineError::new(
                ErrorCode::Usage,
                format!("{count} marketing lists have this name: {id_or_name}"),
            )
            .hint("name the list by its id")),
        }
    }

    /// Narrows a query to the members of a list.
    pub(crate) async fn members(
        &self,
        schema: &EntitySchema,
        fetch: Fetch,
        id: &str,
        cancel: &CancellationToken,
    ) -> Result<Fetch, SynclineError> {
        let list = self.marketing_list(id, cancel).await?;
        if list.member_entity != schema.summary.logical_name {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                format!(
                    "the list {} has members of {}, not of {}",
                    list.name, list.member_entity, schema.summary.logical_name
                ),
            ));
        }
        if !list.dynamic {
            return Ok(fetch.members_of_list(schema.summary.primary_id.as_str(), &list.id));
        }
        let query =
            list.query.as_deref().map(str::trim).filter(|query| !query.is_empty()).ok_or_else(|| {
                SynclineError::new(
                    ErrorCode::UnexpectedReply,
                    format!("the dynamic list has no query: {}", list.name),
                )
                .hint("open the list in Dynamics 365 and set its criteria")
            })?;
        let own = Fetch::parse(query).map_err(|error| fetch_error(&error))?;
        combine(own, fetch, &list.member_entity)
    }
}

/// A dynamic list's own query with our columns, filter, order and paging. What it links and filters stays its own.
fn combine(own: Fetch, ours: Fetch, entity: &EntityName) -> Result<Fetch, SynclineError> {
    if own.entity.name != entity.as_str() || own.aggregate {
        return Err(SynclineError::new(
            ErrorCode::UnexpectedReply,
            format!("the list's query asks {}, not {entity}", own.entity.name),
        ));
    }
    let mut fetch = ours;
    fetch.distinct = own.distinct;
    fetch.entity.filter = match (own.entity.filter, fetch.entity.filter.take()) {
        (Some(own), Some(ours)) => Some(own.and(ours)),
        (own, ours) => own.or(ours),
    };
    fetch.entity.links = own.entity.links;
    for link in &mut fetch.entity.links {
        without_columns(link);
    }
    Ok(fetch)
}

/// Columns of linked entities would come along in each record, and an order by them would break the paging.
fn without_columns(link: &mut syncline_fetchxml::LinkEntity) {
    link.attributes.clear();
    link.all_attributes = false;
    link.orders.clear();
    link.links.iter_mut().for_each(without_columns);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_list_keeps_its_criteria() {
        let own = Fetch::parse(
            r#"<fetch distinct="true"><entity name="contact"><attribute name="contactid"/><order attribute="fullname"/>
               <filter><condition attribute="statecode" operator="eq" value="0"/></filter>
               <link-entity name="account" from="accountid" to="parentcustomerid"><attribute name="name"/></link-entity></entity></fetch>"#,
        )
        .unwrap();
        let filter = Filter::parse(r#"<condition attribute="emailaddress1" operator="not-null"/>"#).unwrap();
        let ours = Fetch::page("contact", "contactid", &["fullname"], Some(filter), vec![], 50);
        let both = combine(own, ours, &"contact".into()).unwrap();
        assert!(both.distinct);
        assert_eq!(both.entity.filter.as_ref().unwrap().all_conditions().len(), 2);
        assert_eq!(both.entity.links.len(), 1);
        assert!(both.entity.links[0].attributes.is_empty());
        assert_eq!(both.count, Some(50));
        assert_eq!(both.entity.orders.len(), 1);
        let own = Fetch::parse(r#"<fetch><entity name="account"/></fetch>"#).unwrap();
        let ours = Fetch::page("contact", "contactid", &[], None, vec![], 50);
        assert!(combine(own, ours, &"contact".into()).is_err());
    }
    use syncline_fetchxml::Filter;
}
