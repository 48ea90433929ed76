//! Linked entities: as joins, and as conditions that related rows exist.

use syncline_fetchxml::{LinkEntity, LinkType};

use super::scope::Compiler;
use crate::StoreError;

/// SQLite joins at most 64 tables; the service takes 15 links.
const MOST_LINKS: usize = 50;

/// A joined table and where it hangs.
pub(super) struct Join<'f> {
    pub(super) source: usize,
    pub(super) parent: usize,
    pub(super) link: &'f LinkEntity,
}

/// Only asks whether rows exist, even outside of a filter.
fn is_condition(link: &LinkEntity) -> bool {
    match link.link_type {
        LinkType::Exists
        | LinkType::In
        | LinkType::Any
        | LinkType::NotAny
        | LinkType::All
        | LinkType::NotAll => true,
        LinkType::Inner | LinkType::Outer | LinkType::MatchFirstRow => false,
    }
}

impl Compiler<'_> {
    /// Gives every joined table its name, parents before children, so that conditions can speak of all of them.
    pub(super) fn declare<'f>(
        &mut self,
        parent: usize,
        links: &'f [LinkEntity],
        found: &mut Vec<Join<'f>>,
    ) -> Result<(), StoreError> {
        for link in links.iter().filter(|link| !is_condition(link)) {
            if self.sources.len() > MOST_LINKS {
                return Err(StoreError::query(format!("more than {MOST_LINKS} linked entities")));
            }
            let dataset = self.dataset(&link.name)?;
            let alias = link.alias.clone().unwrap_or_else(|| format!("{}{}", link.name, self.sources.len()));
            if self.sources.iter().any(|source| source.alias == alias) {
                return Err(StoreError::query(format!("the alias {alias} is used twice")));
            }
            let source = self.add(dataset, &alias, None);
            found.push(Join { source, parent, link });
            self.declare(source, &link.links, found)?;
        }
        Ok(())
    }

    /// The joins, each with the filter of its link as part of the join.
    pub(super) fn joins(&mut self, joins: &[Join<'_>]) -> Result<String, StoreError> {
        let mut text = String::new();
        for join in joins {
            let table = format!("c_{}", self.sources[join.source].dataset.id);
            let name = self.sources[join.source].sql.clone();
            let near = self.column(join.parent, &join.link.to)?;
            let first = join.link.link_type == LinkType::MatchFirstRow;
            // The first row is looked for under another name.
            let inner = format!("{name}_first");
            if first {
                self.sources[join.source].sql.clone_from(&inner);
            }
            let far = self.column(join.source, &join.link.from)?;
            let mut on = vec![format!("{} = {}", far.side(), near.side())];
            if let Some(filter) = join.link.filter.as_ref().filter(|filter| !filter.is_empty()) {
                on.push(self.filter(join.source, filter)?);
            }
            for link in join.link.links.iter().filter(|link| is_condition(link)) {
                on.push(self.related(join.source, link, 0)?);
            }
            let on = on.join(" AND ");
            self.sources[join.source].sql.clone_from(&name);
            text.push_str(&match join.link.link_type {
                LinkType::Outer => format!(" LEFT JOIN {table} {name} ON {on}"),
                LinkType::MatchFirstRow => format!(
                    " JOIN {table} {name} ON {name}.rid = (SELECT {inner}.rid FROM {table} {inner} WHERE {on} ORDER BY {inner}.rid LIMIT 1)"
                ),
                _ => format!(" JOIN {table} {name} ON {on}"),
            });
        }
        Ok(text)
    }

    /// The conditions among the links of an entity (`exists`, `in`).
    pub(super) fn existing(
        &mut self,
        source: usize,
        links: &[LinkEntity],
    ) -> Result<Vec<String>, StoreError> {
        links.iter().filter(|link| is_condition(link)).map(|link| self.related(source, link, 0)).collect()
    }

    /// Whether related rows exist. `all` means that there are some and none satisfies the inner filter, `not all` the same as `any`
    /// (FetchXML reference, filter link types).
    pub(super) fn related(
        &mut self,
        source: usize,
        link: &LinkEntity,
        depth: usize,
    ) -> Result<String, StoreError> {
        if !is_condition(link) {
            return Err(StoreError::query(format!(
                "a link of the type {} can't stand inside a filter",
                link.link_type.as_str()
            ))
            .with_hint("any, not any, all, not all, exists and in can"));
        }
        if self.sources.len() > MOST_LINKS {
            return Err(StoreError::query(format!("more than {MOST_LINKS} linked entities")));
        }
        let dataset = self.dataset(&link.name)?;
        let table = format!("c_{}", dataset.id);
        let near = self.column(source, &link.to)?.side();
        let at = self.add(dataset, link.alias.as_deref().unwrap_or(&link.name), None);
        let name = self.sources[at].sql.clone();
        let far = self.column(at, &link.from)?;
        let mut inner = Vec::new();
        self.declare(at, &link.links, &mut inner)?;
        let joins = self.joins(&inner)?;
        let mut conditions = vec![format!("{} IS NOT NULL", far.sql)];
        if let Some(filter) = link.filter.as_ref().filter(|filter| !filter.is_empty()) {
            conditions.push(self.nested(at, filter, depth + 1)?);
        }
        conditions.extend(self.existing(at, &link.links)?);
        let some = format!(
            "ifnull({near} IN (SELECT {} FROM {table} {name}{joins} WHERE {}), 0)",
            far.side(),
            conditions.join(" AND ")
        );
        let any = format!(
            "ifnull({near} IN (SELECT {} FROM {table} {name} WHERE {} IS NOT NULL), 0)",
            far.side(),
            far.sql
        );
        Ok(match link.link_type {
            LinkType::NotAny => format!("(NOT {some})"),
            LinkType::All => format!("({any} AND NOT {some})"),
            _ => some,
        })
    }
}
