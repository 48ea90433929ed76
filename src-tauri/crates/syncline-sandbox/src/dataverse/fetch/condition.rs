//! FetchXML's operators, also behind OData's query functions.
use super::who;
use crate::data::{Column, Kind, Value};
use crate::dataverse::coerce::from_text;
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::odata::filter::Setting;
use crate::dataverse::odata::functions::{choice_list, date_test};
use crate::dataverse::query::{Comparison, Expr, Path, Test, text::pattern};

/// A condition from an operator's name and its values.
pub(crate) fn build(setting: Setting<'_>, path: Path, operator: &str, values: &[String]) -> Outcome<Expr> {
    let column = &setting.schema.entity(path.table).columns[path.column];
    let (positive, negated) = match operator {
        "not-null" => ("null", true),
        "not-in" => ("in", true),
        "not-between" => ("between", true),
        "not-like" => ("like", true),
        "not-begin-with" => ("begins-with", true),
        "not-end-with" => ("ends-with", true),
        "not-contain-values" => ("contain-values", true),
        // The row itself is not below itself.
        "not-under" => ("under", true),
        "ne-userid" | "ne-user-id" => ("eq-userid", true),
        "ne-businessid" | "ne-business-id" => ("eq-businessid", true),
        other => (other, false),
    };
    let test = test(setting, column, positive, values)?;
    let expr = Expr::Test(path, test);
    Ok(if negated { Expr::Not(Box::new(expr)) } else { expr })
}

fn test(setting: Setting<'_>, column: &Column, operator: &str, values: &[String]) -> Outcome<Test> {
    let one = || match values.first() {
        Some(value) => Ok(value),
        None => Err(ServiceError::bad(
            code::INVALID_ARGUMENT,
            format!("The operator '{operator}' on '{}' needs a value.", column.logical),
        )),
    };
    let typed = |text: &String| {
        from_text(column, text).ok_or_else(|| {
            ServiceError::bad(
                code::INVALID_ARGUMENT,
                format!("'{text}' is not a valid value for the column '{}'.", column.logical),
            )
        })
    };
    let textual = matches!(column.kind, Kind::Text { .. } | Kind::Memo { .. } | Kind::EntityName);
    let like = |before: &str, after: &str| {
        if !textual {
            return Err(ServiceError::bad(
                code::INVALID_ARGUMENT,
                format!("The operator '{operator}' is not valid for the type of '{}'.", column.logical),
            ));
        }
        Ok(Test::Like(pattern(&format!("{before}{}{after}", one()?))))
    };
    if let Some(comparison) = Comparison::parse(operator) {
        return Ok(Test::Is(comparison, typed(one()?)?));
    }
    Ok(match operator {
        "null" => Test::Null,
        "in" => Test::In(values.iter().map(typed).collect::<Outcome<_>>()?),
        "between" => match values {
            [low, high] => Test::Between(typed(low)?, typed(high)?),
            _ => {
                return Err(ServiceError::bad(
                    code::INVALID_ARGUMENT,
                    "The operator 'between' needs exactly two values.",
                ));
            }
        },
        "like" => like("", "")?,
        "begins-with" => like("", "%")?,
        "ends-with" => like("%", "")?,
        "contain-values" => Test::HasAny(choice_list(values)?),
        "eq-userid" | "eq-user-id" => Test::Is(Comparison::Eq, Value::Id(setting.user)),
        "eq-userteams"
        | "eq-useroruserteams"
        | "eq-useroruserhierarchy"
        | "eq-useroruserhierarchyandteams" => {
            Test::In(who::ids(setting, operator).unwrap_or_default().into_iter().map(Value::Id).collect())
        }
        "eq-businessid" | "eq-business-id" => Test::Is(Comparison::Eq, Value::Id(setting.unit)),
        "eq-userlanguage" => Test::Is(Comparison::Eq, Value::Int(who::language(setting))),
        "under" | "eq-or-under" | "above" | "eq-or-above" => match typed(one()?)?.id() {
            Some(id) if operator.ends_with("above") => {
                Test::Above { id, or_equal: operator == "eq-or-above" }
            }
            Some(id) => Test::Under { id, or_equal: operator == "eq-or-under" },
            None => {
                return Err(ServiceError::bad(
                    code::INVALID_ARGUMENT,
                    "A hierarchical operator needs an id.",
                ));
            }
        },
        _ => {
            let hours = operator.ends_with("-hours") || operator.ends_with("-minutes");
            let date_only = matches!(column.kind, Kind::DateTime { behavior: "DateOnly", .. });
            let is_date = matches!(column.kind, Kind::DateTime { .. });
            match date_test(setting, operator, values)? {
                // A day has no hour to be too early by.
                Some(Test::Within(from, to)) if is_date && date_only && !hours => {
                    Test::Within(from.map(|at| at.div_euclid(86_400) * 86_400), to)
                }
                Some(test) if is_date && !(hours && date_only) => test,
                Some(_) => {
                    return Err(ServiceError::bad(
                        code::INVALID_ARGUMENT,
                        format!(
                            "The operator '{operator}' is not valid for the type of '{}'.",
                            column.logical
                        ),
                    ));
                }
                None => {
                    return Err(ServiceError::bad(
                        code::INVALID_ARGUMENT,
                        format!("The operator '{operator}' is not valid."),
                    ));
                }
            }
        }
    })
}
