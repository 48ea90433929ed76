//! The query functions (`Microsoft.Dynamics.CRM.…`) in terms of FetchXML's operators, and date operators as tests.
use super::filter::Setting;
use crate::dataverse::coerce::{choices, instant};
use crate::dataverse::error::{Outcome, ServiceError};
use crate::dataverse::query::{Expr, Path, Test, dates};

/// `LastXDays` as `last-x-days`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    match out.as_str() {
        "last7-days" => "last-seven-days".into(),
        "next7-days" => "next-seven-days".into(),
        other => other.replace("older-than", "olderthan"),
    }
}

pub(super) fn function(setting: Setting<'_>, path: Path, name: &str, values: &[String]) -> Outcome<Expr> {
    let operator = kebab(name);
    crate::dataverse::fetch::condition::build(setting, path, &operator, values)
        .map_err(|e| ServiceError::odata(e.message.into_owned()))
}

/// Shared by date functions: an instant or an error.
pub(crate) fn instant_or(text: &str) -> Outcome<i64> {
    instant(text).ok_or_else(|| ServiceError::bad("0x80040203", format!("'{text}' is not a date.")))
}

/// Choices of a multi-select condition.
pub(crate) fn choice_list(values: &[String]) -> Outcome<Vec<i64>> {
    values
        .iter()
        .map(|v| choices(v))
        .collect::<Option<Vec<_>>>()
        .map(|all| all.concat())
        .ok_or_else(|| ServiceError::bad("0x80040203", "A choice must be an integer."))
}

/// The range of a date operator, as a test.
pub(crate) fn date_test(setting: Setting<'_>, operator: &str, values: &[String]) -> Outcome<Option<Test>> {
    let number = |at: usize| values.get(at).and_then(|v| v.trim().parse::<i64>().ok());
    let missing =
        || ServiceError::bad("0x80040203", format!("The operator '{operator}' lacks a valid argument."));
    if operator == "in-fiscal-period" {
        return Ok(Some(Test::PeriodOfYear(number(0).ok_or_else(missing)?)));
    }
    let range = if operator.starts_with("on") {
        match values.first() {
            Some(text) => dates::on(operator, instant_or(text)?),
            None => return Err(missing()),
        }
    } else if operator.ends_with("period-and-year") {
        dates::fiscal(operator, number(0).ok_or_else(missing)?, number(1).ok_or_else(missing)?)
    } else {
        let needs = operator.contains("-x-") || operator == "in-fiscal-year";
        if needs && number(0).is_none_or(|n| n < 1) && dates::range(operator, setting.now, 1).is_some() {
            return Err(missing());
        }
        dates::range(operator, setting.now, number(0).unwrap_or(0))
    };
    Ok(range.map(|(from, to)| Test::Within(from, to)))
}
