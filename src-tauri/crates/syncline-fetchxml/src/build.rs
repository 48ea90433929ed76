//! Making queries: filters combined, and the query that reads a selection page by page.

use crate::ast::{Attribute, Condition, Entity, Fetch, Filter, FilterKind, LinkEntity, Order};

impl From<Condition> for Filter {
    fn from(condition: Condition) -> Self {
        Filter { conditions: vec![condition], ..Filter::default() }
    }
}

impl Filter {
    /// Both must hold. Neither is taken apart, so an `or` keeps its meaning.
    pub fn and(self, other: Filter) -> Filter {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        Filter { kind: FilterKind::And, filters: vec![self, other], ..Filter::default() }
    }
    /// One of both must hold; an empty filter lets everything through and so makes the whole empty.
    pub fn or(self, other: Filter) -> Filter {
        if self.is_empty() || other.is_empty() {
            return Filter::default();
        }
        Filter { kind: FilterKind::Or, filters: vec![self, other], ..Filter::default() }
    }
}

impl Fetch {
    /// The query for one page of an entity: columns, filter, order ending in the primary key so that pages do not overlap
    /// (FetchXML, paging), and the page size. No column named: all of them.
    pub fn page(
        entity: impl Into<String>,
        primary_key: &str,
        columns: &[&str],
        filter: Option<Filter>,
        order: Vec<Order>,
        page_size: u32,
    ) -> Fetch {
        let mut orders = order;
        if !orders.iter().any(|order| order.attribute.as_deref() == Some(primary_key)) {
            orders.push(Order { attribute: Some(primary_key.to_owned()), ..Order::default() });
        }
        let mut attributes: Vec<Attribute> = Vec::with_capacity(columns.len());
        for name in columns {
            if !attributes.iter().any(|attribute| attribute.name == *name) {
                attributes.push(Attribute { name: (*name).to_owned(), ..Attribute::default() });
            }
        }
        Fetch {
            entity: Entity {
                name: entity.into(),
                all_attributes: attributes.is_empty(),
                attributes,
                orders,
                filter: filter.filter(|filter| !filter.is_empty()),
                ..Entity::default()
            },
            count: Some(page_size.clamp(1, 5000)),
            page: Some(1),
            ..Fetch::default()
        }
    }

    /// The page after one that was answered with `cookie` (decoded; absent where the service gave none).
    pub fn next_page(&self, cookie: Option<String>) -> Fetch {
        Fetch { page: Some(self.page.unwrap_or(1).saturating_add(1)), paging_cookie: cookie, ..self.clone() }
    }

    /// Only members of a static marketing list: an inner link through the intersect entity `listmember`
    /// (Dynamics 365 Sales, marketing lists).
    pub fn members_of_list(mut self, primary_key: &str, list_id: &str) -> Fetch {
        self.entity.links.push(LinkEntity {
            name: "listmember".to_owned(),
            from: "entityid".to_owned(),
            to: primary_key.to_owned(),
            alias: Some("listmember".to_owned()),
            intersect: true,
            filter: Some(Condition::new("listid", crate::Operator::Eq, [list_id]).into()),
            ..LinkEntity::default()
        });
        self
    }
}
