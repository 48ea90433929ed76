//! `<fetch>` as joined tables with conditions.
use super::condition;
use super::xml::{self, Element};
use crate::data::{Entity, Table};
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::odata::filter::Setting;
use crate::dataverse::query::order::Order;
use crate::dataverse::query::{Comparison, Expr, Path};

/// A selected column.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub(super) column: usize,
    pub(super) alias: Option<String>,
    pub(super) aggregate: Option<String>,
    pub(super) distinct: bool,
    pub(super) group: Option<String>,
    /// Counts the rows below in the hierarchy, in place of the column.
    pub(super) children: bool,
}

/// One table of the join. Its position in [`Fetch::nodes`] is its slot.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) table: Table,
    pub(super) alias: String,
    pub(super) attributes: Vec<Attribute>,
    /// Parent slot, the parent's column, this table's column, outer, first match only.
    pub(super) join: Option<Join>,
    /// Conditions that belong to the join (of a link) or to the whole (of the root).
    pub(super) filter: Vec<Expr>,
}

/// How a linked table joins.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) parent: usize,
    pub(super) near: usize,
    pub(super) column: usize,
    pub(super) outer: bool,
    pub(super) first: bool,
}

/// A query.
#[derive(Debug, Clone)]
pub(super) struct Fetch {
    pub(super) nodes: Vec<Node>,
    pub(super) order: Vec<Order>,
    /// Aliases to order aggregates by; true is descending.
    pub(super) alias_order: AliasOrder,
    pub(super) top: Option<usize>,
    pub(super) count: Option<usize>,
    pub(super) page: usize,
    pub(super) cookie: Option<String>,
    pub(super) distinct: bool,
    pub(super) aggregate: bool,
    pub(super) total: bool,
    /// Choices are ordered by their numbers.
    pub(super) raw_order: bool,
}

/// What an order names.
enum Wanted {
    Column(usize, usize),
    Alias(String),
}

/// Aliases to order by; true is descending.
type AliasOrder = Vec<(String, bool)>;

pub(super) struct Builder<'a> {
    setting: Setting<'a>,
    pub(super) nodes: Vec<Node>,
    /// Orders as written: the slot they stand in, which column of which slot or which alias, descending.
    order: Vec<(usize, Wanted, bool)>,
    links: usize,
    conditions: usize,
}

pub(super) fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::bad(code::INVALID_FETCH_XML, format!("Invalid FetchXML: {}", message.into()))
}

/// Reads and checks a document against the schema.
pub(super) fn parse(setting: Setting<'_>, text: &str) -> Outcome<Fetch> {
    let root = xml::parse(text)?;
    if root.name != "fetch" {
        return Err(invalid(format!("the root element is <{}>, <fetch> was expected.", root.name)));
    }
    let [entity] = root.children.as_slice() else {
        return Err(invalid("<fetch> must hold exactly one <entity>."));
    };
    if entity.name != "entity" {
        return Err(invalid(format!("<{}> is not valid inside <fetch>.", entity.name)));
    }
    super::vocabulary::check(&root)?;
    let number = |name: &str| match root.get(name).filter(|v| !v.is_empty()) {
        None => Ok(None),
        Some(text) => {
            text.parse::<usize>().map(Some).map_err(|_| invalid(format!("'{text}' is not a valid {name}.")))
        }
    };
    let (top, count, page) = (number("top")?, number("count")?, number("page")?);
    let total = root.flag("returntotalrecordcount");
    if top.is_some() && (count.is_some() || page.is_some() || total) {
        return Err(invalid("top cannot be combined with page, count or returntotalrecordcount."));
    }
    let mut builder = Builder { setting, nodes: vec![], order: vec![], links: 0, conditions: 0 };
    let described = builder.entity(entity)?;
    builder.nodes.push(Node {
        table: described.table,
        alias: described.logical.to_owned(),
        attributes: vec![],
        join: None,
        filter: vec![],
    });
    builder.links(entity, 0)?;
    builder.fill(entity, &mut 0)?;
    let aggregate = root.flag("aggregate");
    let (order, alias_order) = builder.orders(aggregate)?;
    Ok(Fetch {
        nodes: builder.nodes,
        order,
        alias_order,
        top,
        count: count.filter(|n| *n > 0),
        page: page.unwrap_or(1).max(1),
        cookie: root.get("paging-cookie").filter(|c| !c.is_empty()).map(str::to_owned),
        distinct: root.flag("distinct"),
        aggregate,
        total,
        raw_order: root.flag("useraworderby"),
    })
}

pub(super) fn joins(element: &Element) -> bool {
    element.name == "link-entity" && !matches!(element.get("link-type"), Some("exists" | "in"))
}

impl<'a> Builder<'a> {
    pub(super) fn entity(&self, element: &Element) -> Outcome<&'a Entity> {
        let name = element.get("name").ok_or_else(|| invalid(format!("<{}> has no name.", element.name)))?;
        self.setting.schema.by_logical(name).ok_or_else(|| {
            ServiceError::bad(code::QUERY_NO_ENTITY, format!("The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache."))
        })
    }

    fn column(&self, table: Table, name: &str) -> Outcome<usize> {
        let entity = self.setting.schema.entity(table);
        entity.column(name).ok_or_else(|| {
            ServiceError::bad(
                code::QUERY_NO_ATTRIBUTE,
                format!(
                    "'{}' entity doesn't contain attribute with Name = '{name}' and NameMapping = 'Logical'.",
                    entity.logical
                ),
            )
        })
    }

    /// First pass: gives every joined table its slot.
    fn links(&mut self, element: &Element, slot: usize) -> Outcome<()> {
        for link in element.children.iter().filter(|c| joins(c)) {
            self.count_link()?;
            let described = self.entity(link)?;
            let (near, column) = self.sides(link, self.nodes[slot].table, described)?;
            let (outer, first) = match link.get("link-type") {
                None | Some("inner") => (false, false),
                Some("outer") => (true, false),
                Some("matchfirstrowusingcrossapply") => (false, true),
                Some(other) => return Err(invalid(format!("the link-type '{other}' is not valid here."))),
            };
            let alias = link
                .get("alias")
                .map_or_else(|| format!("{}{}", described.logical, self.nodes.len()), str::to_owned);
            if self.nodes.iter().any(|n| n.alias == alias) {
                return Err(invalid(format!("the alias '{alias}' is used twice.")));
            }
            self.nodes.push(Node {
                table: described.table,
                alias,
                attributes: vec![],
                join: Some(Join { parent: slot, near, column, outer, first }),
                filter: vec![],
            });
            self.links(link, self.nodes.len() - 1)?;
        }
        Ok(())
    }

    pub(super) fn count_link(&mut self) -> Outcome<()> {
        self.links += 1;
        if self.links > 15 {
            return Err(ServiceError::bad(
                code::TOO_MANY_LINK_ENTITIES,
                "Number of link entities in query exceeded maximum limit of 15.",
            ));
        }
        Ok(())
    }

    /// The parent's column (`to`) and the linked table's column (`from`).
    pub(super) fn sides(&self, link: &Element, parent: Table, linked: &Entity) -> Outcome<(usize, usize)> {
        let from = link.get("from").unwrap_or(linked.primary_id);
        let to = link.get("to").unwrap_or(from);
        Ok((self.column(parent, to)?, self.column(linked.table, from)?))
    }

    /// Second pass: attributes, orders, filters. `slot` counts along in the order of the first pass.
    fn fill(&mut self, element: &Element, slot: &mut usize) -> Outcome<()> {
        let here = *slot;
        let table = self.nodes[here].table;
        for child in &element.children {
            match child.name.as_str() {
                "attribute" => {
                    let name = child.get("name").ok_or_else(|| invalid("<attribute> has no name."))?;
                    let column = self.column(table, name)?;
                    self.nodes[here].attributes.push(Attribute {
                        column,
                        alias: child.get("alias").map(str::to_owned),
                        aggregate: child.get("aggregate").map(str::to_owned),
                        distinct: child.flag("distinct"),
                        group: child
                            .flag("groupby")
                            .then(|| child.get("dategrouping").unwrap_or("value").to_owned()),
                        children: match child.get("rowaggregate") {
                            None => false,
                            Some(kind) if kind.eq_ignore_ascii_case("CountChildren") => true,
                            Some(other) => return Err(invalid(format!("'{other}' is not a row aggregate."))),
                        },
                    });
                }
                "all-attributes" => {
                    let all = self.setting.schema.entity(table).columns.len();
                    self.nodes[here].attributes.extend((0..all).map(|column| Attribute {
                        column,
                        alias: None,
                        aggregate: None,
                        distinct: false,
                        group: None,
                        children: false,
                    }));
                }
                "order" => self.order(child, here)?,
                "filter" => {
                    let expr = self.filter(child, here, 0)?;
                    self.nodes[here].filter.push(expr);
                }
                "link-entity" if joins(child) => {
                    *slot += 1;
                    self.fill(child, slot)?;
                }
                "link-entity" => {
                    let expr = self.related(child, here, table, 0)?;
                    self.nodes[here].filter.push(expr);
                }
                other => return Err(invalid(format!("<{other}> is not valid inside <{}>.", element.name))),
            }
        }
        Ok(())
    }

    fn order(&mut self, element: &Element, here: usize) -> Outcome<()> {
        let descending = element.flag("descending");
        if let Some(alias) = element.get("alias") {
            self.order.push((here, Wanted::Alias(alias.to_owned()), descending));
            return Ok(());
        }
        let name =
            element.get("attribute").ok_or_else(|| invalid("<order> has neither attribute nor alias."))?;
        let slot = self.slot(element.get("entityname"), here)?;
        let table = self.nodes[slot].table;
        let column = self.column(table, name)?;
        self.order.push((here, Wanted::Column(slot, column), descending));
        Ok(())
    }

    /// Orders of columns, and of aliases for aggregates. Those of links come after those of the entity.
    fn orders(&mut self, aggregate: bool) -> Outcome<(Vec<Order>, AliasOrder)> {
        let mut written = std::mem::take(&mut self.order);
        written.sort_by_key(|o| o.0);
        let (mut columns, mut aliases) = (Vec::new(), Vec::new());
        for (_, wanted, descending) in written {
            let (slot, column) = match wanted {
                Wanted::Alias(alias) if aggregate => {
                    aliases.push((alias, descending));
                    continue;
                }
                Wanted::Alias(alias) => {
                    let of = |n: &Node| {
                        n.attributes.iter().find(|a| a.alias.as_deref() == Some(&alias)).map(|a| a.column)
                    };
                    let found = self.nodes.iter().enumerate().find_map(|(slot, n)| Some((slot, of(n)?)));
                    found.ok_or_else(|| invalid(format!("no attribute has the alias '{alias}'.")))?
                }
                Wanted::Column(..) if aggregate => {
                    return Err(invalid("an aggregate is ordered by an alias, not by an attribute."));
                }
                Wanted::Column(slot, column) => (slot, column),
            };
            columns.push((Path { slot, hops: vec![], table: self.nodes[slot].table, column }, descending));
        }
        Ok((columns, aliases))
    }

    fn slot(&self, alias: Option<&str>, here: usize) -> Outcome<usize> {
        match alias {
            None => Ok(here),
            // Where no alias was given, the table's own name will do.
            Some(name) => self
                .nodes
                .iter()
                .position(|n| n.alias == name)
                .or_else(|| {
                    self.nodes.iter().position(|n| self.setting.schema.entity(n.table).logical == name)
                })
                .ok_or_else(|| {
                    ServiceError::bad(
                        "0x8004113b",
                        format!("Could not find link-entity with name or alias {name}."),
                    )
                }),
        }
    }

    /// `here` is the slot conditions speak of; `nested` counts the related tables around it.
    fn filter(&mut self, element: &Element, here: usize, nested: usize) -> Outcome<Expr> {
        let mut all = Vec::new();
        for child in &element.children {
            match child.name.as_str() {
                "filter" => all.push(self.filter(child, here, nested)?),
                "condition" => all.push(self.condition(child, here, None)?),
                "link-entity" => {
                    let table = self.nodes[here].table;
                    all.push(self.related(child, here, table, nested)?);
                }
                other => return Err(invalid(format!("<{other}> is not valid inside <filter>."))),
            }
        }
        match element.get("type") {
            None | Some("and") => Ok(Expr::And(all)),
            Some("or") => Ok(Expr::Or(all)),
            Some(other) => Err(invalid(format!("a filter's type is 'and' or 'or', not '{other}'."))),
        }
    }

    pub(super) fn condition(&mut self, element: &Element, here: usize, own: Option<Table>) -> Outcome<Expr> {
        self.conditions += 1;
        if self.conditions > 500 {
            return Err(ServiceError::bad(
                code::TOO_MANY_CONDITIONS,
                "Number of conditions in query exceeded maximum limit of 500.",
            ));
        }
        let name = element.get("attribute").ok_or_else(|| invalid("<condition> has no attribute."))?;
        let operator = element.get("operator").ok_or_else(|| invalid("<condition> has no operator."))?;
        let (slot, table) = match own {
            Some(table) if element.get("entityname").is_none() => (here, table),
            _ => {
                let slot = self.slot(element.get("entityname"), here)?;
                (slot, self.nodes[slot].table)
            }
        };
        let column = self.column(table, name)?;
        let path = Path { slot, hops: vec![], table, column };
        if let Some(other) = element.get("valueof") {
            let comparison = Comparison::parse(operator)
                .ok_or_else(|| invalid(format!("valueof cannot be used with the operator '{operator}'.")))?;
            let (alias, name) = other.split_once('.').map_or((None, other), |(a, n)| (Some(a), n));
            let (slot, table) = match (alias, own) {
                (None, Some(table)) => (here, table),
                _ => {
                    let slot = self.slot(alias, here)?;
                    (slot, self.nodes[slot].table)
                }
            };
            let column = self.column(table, name)?;
            return Ok(Expr::Columns(path, comparison, Path { slot, hops: vec![], table, column }));
        }
        let mut values: Vec<String> = element.get("value").map(str::to_owned).into_iter().collect();
        values.extend(element.children.iter().filter(|c| c.name == "value").map(|c| c.text.clone()));
        condition::build(self.setting, path, operator, &values)
    }
}
