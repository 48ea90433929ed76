//! Related rows that must or must not exist: links inside filters, `exists` and `in`.
use super::parse::{Builder, invalid, joins};
use super::xml::Element;
use crate::data::Table;
use crate::dataverse::error::Outcome;
use crate::dataverse::query::{Expr, Relation};

impl Builder<'_> {
    /// `any`, `not any`, `all`, `not all`, `exists`, `in`: no columns, only whether related rows exist. `here` is the slot of the
    /// row they relate to, `nested` counts the related tables around this one.
    pub(super) fn related(
        &mut self,
        link: &Element,
        here: usize,
        table: Table,
        nested: usize,
    ) -> Outcome<Expr> {
        let some = |inner: Expr, relation: &Relation| Expr::Related {
            slot: here,
            relation: relation.clone(),
            inner: Box::new(inner),
            all: false,
        };
        let (relation, inner) = self.related_rows(link, table, nested)?;
        Ok(match link.get("link-type") {
            Some("any" | "not all" | "exists" | "in") => some(inner, &relation),
            Some("not any") => Expr::Not(Box::new(some(inner, &relation))),
            // "all" means that linked rows exist and none of them satisfies the filter.
            Some("all") => Expr::And(vec![
                some(Expr::And(vec![]), &relation),
                Expr::Not(Box::new(some(inner, &relation))),
            ]),
            other => {
                return Err(invalid(format!(
                    "the link-type '{}' is not valid inside <filter>.",
                    other.unwrap_or("inner")
                )));
            }
        })
    }

    fn related_rows(&mut self, link: &Element, table: Table, nested: usize) -> Outcome<(Relation, Expr)> {
        self.count_link()?;
        let described = self.entity(link)?;
        let (near, column) = self.sides(link, table, described)?;
        // The related row is put behind all joined rows and the related rows around it.
        let slot = self.nodes.len() + nested;
        let mut inner = Vec::new();
        for child in &link.children {
            match child.name.as_str() {
                "filter" => inner.push(self.inner(child, slot, described.table, nested)?),
                "link-entity" if !joins(child) => {
                    inner.push(self.related(child, slot, described.table, nested + 1)?);
                }
                // An inner join asks that a row is there; an outer one asks nothing.
                "link-entity" if child.get("link-type") == Some("outer") => {}
                "link-entity" => {
                    let (relation, inside) = self.related_rows(child, described.table, nested + 1)?;
                    inner.push(Expr::Related { slot, relation, inner: Box::new(inside), all: false });
                }
                other => return Err(invalid(format!("<{other}> is not valid here."))),
            }
        }
        Ok((Relation::Equal { near, table: described.table, column }, Expr::And(inner)))
    }

    fn inner(&mut self, filter: &Element, slot: usize, table: Table, nested: usize) -> Outcome<Expr> {
        let mut all = Vec::new();
        for child in &filter.children {
            match child.name.as_str() {
                "filter" => all.push(self.inner(child, slot, table, nested)?),
                "condition" => all.push(self.condition(child, slot, Some(table))?),
                "link-entity" => all.push(self.related(child, slot, table, nested + 1)?),
                other => return Err(invalid(format!("<{other}> is not valid here."))),
            }
        }
        Ok(if filter.get("type") == Some("or") { Expr::Or(all) } else { Expr::And(all) })
    }
}
