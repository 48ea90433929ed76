//! What a part of a `$filter` becomes in FetchXML.

use syncline_fetchxml::{Condition, Filter, LinkEntity, LinkType, Operator};

/// What a part of a filter can become.
pub(super) enum Part {
    Condition(Condition),
    /// What a query function asks.
    Function(Condition),
    Filter(Filter),
    Link(LinkEntity),
}

impl Part {
    pub(super) fn into_filter(self) -> Filter {
        match self {
            Self::Filter(filter) => filter,
            Self::Condition(condition) | Self::Function(condition) => condition.into(),
            Self::Link(link) => Filter { links: vec![link], ..Filter::default() },
        }
    }
}

/// Only what FetchXML can negate exactly. `not contains(…)` and `not-like` both give the rows without a value too.
pub(super) fn negated(part: Part) -> Result<Part, String> {
    match part {
        // "Use Web API functions", limitations of query functions.
        Part::Function(condition) => Err(format!(
            "the service refuses not before a query function ({} on {}); there are functions that ask the opposite",
            condition.operator, condition.attribute
        )),
        Part::Condition(mut condition) => {
            condition.operator = match condition.operator {
                Operator::Like => Operator::NotLike,
                Operator::BeginsWith => Operator::NotBeginWith,
                Operator::EndsWith => Operator::NotEndWith,
                Operator::Null => Operator::NotNull,
                Operator::NotNull => Operator::Null,
                other => return Err(format!("not before {other} has no exact counterpart (empty values)")),
            };
            Ok(Part::Condition(condition))
        }
        Part::Link(mut link) if link.link_type == LinkType::Any => {
            link.link_type = LinkType::NotAny;
            Ok(Part::Link(link))
        }
        Part::Link(_) | Part::Filter(_) => {
            Err("not before a group has no counterpart in FetchXML".to_owned())
        }
    }
}
