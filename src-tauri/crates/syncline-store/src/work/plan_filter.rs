//! Which rows of a plan: the filter, and the condition that it makes.

use rusqlite::ToSql;
use syncline_model::Action;

use super::{base, like_anywhere};
use crate::fold::fold;

/// Which rows.
#[derive(Debug, Clone, Default)]
pub struct PlanRowFilter {
    /// Only this action.
    pub action: Option<Action>,
    /// Only rows with an issue of this code.
    pub issue: Option<String>,
    /// Only rows whose id, title or mapped values hold this text, without regard to case and accents.
    pub text: Option<String>,
    /// Only rows that are, or are not, taken out by hand.
    pub excluded: Option<bool>,
    /// Only rows with an issue of any kind.
    pub any_issue: bool,
    /// In which order they come in a window.
    pub order: PlanRowOrder,
    /// From the last to the first.
    pub descending: bool,
}

/// In which order rows come; rows that are equal in it come in the plan's order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanRowOrder {
    /// As they were read.
    #[default]
    Plan,
    /// By what they are known by, without regard to the case of ASCII letters.
    Title,
    /// By action, in the order create, update, delete, unchanged, skip, invalid.
    Action,
    /// By the source record's id.
    SourceId,
}

/// The `ORDER BY` of an order.
pub(super) fn order_by(order: PlanRowOrder, descending: bool) -> String {
    let way = if descending { "DESC" } else { "ASC" };
    match order {
        PlanRowOrder::Plan => format!("rid {way}"),
        PlanRowOrder::Title => format!("title COLLATE NOCASE {way}, rid"),
        PlanRowOrder::Action => format!(
            "CASE action WHEN 'create' THEN 0 WHEN 'update' THEN 1 WHEN 'delete' THEN 1.5 WHEN 'unchanged' THEN 2 WHEN 'skip' THEN 3 ELSE 4 END {way}, rid"
        ),
        PlanRowOrder::SourceId => format!("source_id {way}, rid"),
    }
}

/// A condition over `plan_rows` and its values.
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) values: Vec<Box<dyn ToSql>>,
}

pub(super) fn condition(number: i64, filter: &PlanRowFilter) -> Condition {
    let mut condition = Condition {
        sql: "rid >= ?1 AND rid < ?2".to_owned(),
        values: vec![Box::new(base(number)), Box::new(base(number + 1))],
    };
    let mut and = |sql: &str, value: Box<dyn ToSql>| {
        condition.values.push(value);
        condition.sql.push_str(" AND ");
        condition.sql.push_str(&sql.replace('?', &format!("?{}", condition.values.len())));
    };
    if let Some(action) = filter.action {
        and("action = ?", Box::new(action.as_str()));
    }
    if let Some(code) = &filter.issue {
        and(
            &format!(
                "rid IN (SELECT {} + ordinal FROM plan_issues WHERE plan = {number} AND code = ?)",
                base(number)
            ),
            Box::new(code.clone()),
        );
    }
    if let Some(excluded) = filter.excluded {
        and("excluded = ?", Box::new(excluded));
    }
    if let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) {
        and("words LIKE ? ESCAPE '\\'", Box::new(like_anywhere(&fold(text))));
    }
    if filter.any_issue {
        condition.sql.push_str(&format!(
            " AND rid IN (SELECT {} + ordinal FROM plan_issues WHERE plan = {number})",
            base(number)
        ));
    }
    condition
}

pub(super) fn bound(values: &[Box<dyn ToSql>]) -> Vec<&dyn ToSql> {
    values.iter().map(AsRef::as_ref).collect()
}
