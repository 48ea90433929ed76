//! The steps that few fields ask for, between the raw value and the target's form: the first that is not empty, a part, several columns
//! as one, an expression, a value table, a date's form, decimals.

use jiff::tz::TimeZone;
use rust_decimal::RoundingStrategy;
use std::collections::HashMap;
use syncline_model::{ColumnType, DateTimeBehavior, OnUnmapped, RowIssue, Value};

use crate::columns::Picked;
use crate::convert::{code, is_empty, label, quoted};
use crate::country;
use crate::date::Moment;
use crate::expression::Expression;
use crate::phone::PhoneRules;
use crate::plan::{FieldRule, Mapping};
use crate::target::Refusal;
use crate::trace::Trace;

/// What a field asks for, checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    pub(crate) first_of: Vec<usize>,
    pub(crate) split: Option<(String, i32)>,
    pub(crate) join: Option<(Vec<usize>, String)>,
    pub(crate) expression: Option<Expression>,
    pub(crate) map: HashMap<String, Value>,
    pub(crate) on_unmapped: OnUnmapped,
    pub(crate) date: Option<DateForm>,
    pub(crate) decimals: Option<u32>,
    pub(crate) phone_country: Option<usize>,
}

/// How a date is written.
#[derive(Debug, Clone)]
pub(crate) struct DateForm {
    pub(crate) form: String,
    pub(crate) zone: TimeZone,
    /// Points of time are moved into the zone; a column whose times have none keeps them.
    pub(crate) moves: bool,
}

/// A value after the steps.
pub(crate) struct Made {
    pub(crate) value: Value,
    /// It is another value than the column's own.
    pub(crate) anew: bool,
}

impl Steps {
    /// The first of the other columns that has a value.
    pub(crate) fn first_full(&self, mapping: &Mapping, picked: &Picked<'_>) -> Option<(usize, Value)> {
        let _ = mapping;
        self.first_of.iter().find_map(|place| {
            picked.value(*place).filter(|value| !is_empty(value)).map(|value| (*place, value))
        })
    }

    /// How national numbers of this record are read.
    pub(crate) fn phone<T: Trace>(
        &self,
        mapping: &Mapping,
        picked: &Picked<'_>,
        trace: &mut T,
    ) -> PhoneRules {
        let Some(place) = self.phone_country else { return mapping.phone };
        let text = picked.formatted(place).or_else(|| {
            picked.value(place).filter(|value| !is_empty(value)).map(|value| value.display_text())
        });
        let column = &mapping.columns.get(place).name;
        let Some(text) = text else {
            trace.step(
                "phone_country",
                || format!("{column} is empty; the country of the definition is taken"),
                None,
            );
            return mapping.phone;
        };
        match country::phone_rules(&text) {
            Some(rules) => {
                trace.step("phone_country", || format!("of {text}, as {column} says"), None);
                rules
            }
            None => {
                trace.step(
                    "phone_country",
                    || format!("{text:?} in {column} is no country; the country of the definition is taken"),
                    None,
                );
                mapping.phone
            }
        }
    }

    /// The value after all steps that are asked for.
    pub(crate) fn apply<T: Trace>(
        &self,
        mapping: &Mapping,
        rule: &FieldRule,
        picked: &Picked<'_>,
        mut value: Value,
        issues: &mut Vec<RowIssue>,
        trace: &mut T,
    ) -> Result<Made, Refusal> {
        let mut anew = false;
        if let Some((by, part)) = &self.split
            && !is_empty(&value)
        {
            value = split(&value.display_text(), by, *part);
            anew = true;
            trace.step("split", || format!("part {part} between {by:?}"), Some(&value));
        }
        if let Some((others, separator)) = &self.join {
            let mut parts = vec![text_of(value)];
            for place in others {
                parts.push(text_of(self.other(mapping, rule, *place, picked, issues)));
            }
            parts.retain(|part| !part.is_empty());
            value = if parts.is_empty() { Value::Null } else { Value::Text(parts.join(separator)) };
            anew = true;
            trace.step("join", || "columns put together".to_owned(), Some(&value));
        }
        if let Some(expression) = &self.expression {
            let columns = expression
                .columns()
                .iter()
                .map(|(_, place)| picked.value(*place).unwrap_or(Value::Null))
                .collect();
            value = expression.eval(value, columns).map_err(|why| Refusal {
                code: "expression_failed",
                field: rule.target.name.clone(),
                text: format!("the expression can't be worked out for this record: {why}"),
            })?;
            anew = true;
            trace.step("expression", || "worked out by the expression".to_owned(), Some(&value));
        }
        if !self.map.is_empty() && !is_empty(&value) {
            let found = self.map.get(&value.display_text()).or_else(|| {
                // A two-options value is 0 or 1 in a table as well as true or false.
                code(&value).and_then(|code| self.map.get(&code.to_string()))
            });
            match (found, self.on_unmapped) {
                (Some(found), _) => {
                    value = found.clone();
                    anew = true;
                    trace.step("map", || "replaced by the value table".to_owned(), Some(&value));
                }
                (None, OnUnmapped::Keep) => {
                    trace.step("map", || "not in the value table; kept".to_owned(), Some(&value));
                }
                (None, OnUnmapped::Skip) => {
                    issues.push(RowIssue {
                        code: "not_in_table".to_owned(),
                        field: rule.target.name.clone(),
                        message: format!(
                            "{} is not in the value table and counts as no value",
                            quoted(&value)
                        ),
                    });
                    trace.step("map", || "not in the value table; it counts as no value".to_owned(), None);
                    value = Value::Null;
                }
            }
        }
        if let Some(form) = &self.date
            && !is_empty(&value)
        {
            value = form.write(&value).map_err(|text| Refusal {
                code: "type_mismatch",
                field: rule.target.name.clone(),
                text,
            })?;
            anew = true;
            trace.step("date", || format!("written as {}", form.form), Some(&value));
        }
        if let Some(decimals) = self.decimals
            && let Some(number) = value.as_decimal()
        {
            value = Value::Decimal(
                number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero),
            );
            trace.step("decimals", || format!("rounded to {decimals} decimals"), Some(&value));
        }
        Ok(Made { value, anew })
    }

    /// Another column as the field takes it: with its label where labels are asked for.
    fn other(
        &self,
        mapping: &Mapping,
        rule: &FieldRule,
        place: usize,
        picked: &Picked<'_>,
        issues: &mut Vec<RowIssue>,
    ) -> Value {
        let value = picked.value(place).unwrap_or(Value::Null);
        let kind = mapping.columns.get(place).column_type;
        if rule.label && (kind.has_options() || kind.is_lookup()) {
            return label(mapping, place, picked, value, &rule.target.name, issues).unwrap_or(Value::Null);
        }
        value
    }
}

fn text_of(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Null => String::new(),
        Value::List(items) => items.iter().map(Value::display_text).collect::<Vec<_>>().join("; "),
        other => other.display_text(),
    }
}

/// The part of a text; no value where there is none.
fn split(text: &str, by: &str, part: i32) -> Value {
    let parts: Vec<&str> = text.split(by).collect();
    let place = match part {
        1.. => usize::try_from(part).ok().map(|part| part - 1),
        0 => None,
        _ => parts.len().checked_sub(part.unsigned_abs() as usize),
    };
    match place.and_then(|place| parts.get(place)).map(|part| part.trim()) {
        Some(part) if !part.is_empty() => Value::from(part),
        Some(_) | None => Value::Null,
    }
}

impl DateForm {
    /// A form for a column's dates. The error is a sentence.
    pub(crate) fn new(
        form: &str,
        zone: Option<&str>,
        kind: ColumnType,
        behavior: Option<DateTimeBehavior>,
    ) -> Result<Self, String> {
        let zone = match zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| format!("there is no time zone {name:?}"))?,
        };
        let moves = kind != ColumnType::DateTime
            || behavior == Some(DateTimeBehavior::UserLocal)
            || behavior.is_none();
        let form = Self { form: form.to_owned(), zone, moves };
        // A form is known to be good when it writes a date of each kind.
        form.write(&Value::from("2026-01-02T03:04:05Z"))?;
        Ok(form)
    }

    fn write(&self, value: &Value) -> Result<Value, String> {
        let text = value.display_text();
        let moment = Moment::parse(&text).ok_or_else(|| format!("{} is no date", quoted(value)))?;
        let zoned = match moment {
            Moment::Instant(instant) if self.moves => Ok(instant.to_zoned(self.zone.clone())),
            Moment::Instant(instant) => Ok(instant.to_zoned(TimeZone::UTC)),
            Moment::Day(day) => day.to_zoned(TimeZone::UTC),
            Moment::Clock(clock) => clock.to_zoned(TimeZone::UTC),
        };
        let zoned = zoned.map_err(|error| format!("{} can't be written: {error}", quoted(value)))?;
        jiff::fmt::strtime::format(&self.form, &zoned)
            .map(Value::Text)
            .map_err(|error| format!("the form {:?} can't be written: {error}", self.form))
    }
}

#[cfg(test)]
mod tests {
    use super::{DateForm, split};
    use proptest::prelude::*;
    use syncline_model::{ColumnType, DateTimeBehavior, Value};

    fn written(form: &str, zone: &str, behavior: DateTimeBehavior, value: &str) -> String {
        let form = DateForm::new(form, Some(zone), ColumnType::DateTime, Some(behavior)).unwrap();
        form.write(&Value::from(value)).unwrap().display_text()
    }

    #[test]
    fn only_points_of_time_are_moved() {
        use DateTimeBehavior::{DateOnly, TimeZoneIndependent, UserLocal};
        let form = "%d.%m.%Y %H:%M";
        assert_eq!(written(form, "Europe/Istanbul", UserLocal, "2026-01-31T22:30:00Z"), "01.02.2026 01:30");
        assert_eq!(
            written(form, "Europe/Istanbul", TimeZoneIndependent, "2026-01-31T22:30:00Z"),
            "31.01.2026 22:30"
        );
        assert_eq!(written("%Y/%m/%d", "America/New_York", DateOnly, "1969-07-20"), "1969/07/20");
        // The hour that a change of the clocks skips or repeats is what the zone says of the instant.
        assert_eq!(written(form, "Europe/Berlin", UserLocal, "2026-03-29T01:30:00Z"), "29.03.2026 03:30");
        assert_eq!(written(form, "Europe/Berlin", UserLocal, "2026-10-25T00:30:00Z"), "25.10.2026 02:30");
        assert_eq!(written(form, "Europe/Berlin", UserLocal, "1930-06-01T12:00:00Z"), "01.06.1930 13:00");
    }

    #[test]
    fn a_bad_form_or_zone_is_told() {
        assert!(DateForm::new("%Y", Some("Mars/Olympus"), ColumnType::DateTime, None).is_err());
        assert!(DateForm::new("%!", None, ColumnType::DateTime, None).is_err());
    }

    #[test]
    fn parts_are_counted_from_both_ends() {
        assert_eq!(split("a, b,c", ",", 2), Value::from("b"));
        assert_eq!(split("a, b,c", ",", -1), Value::from("c"));
        for part in [0, 4, -4, i32::MAX, i32::MIN] {
            assert_eq!(split("a,b,c", ",", part), Value::Null, "{part}");
        }
    }

    proptest! {
        #[test]
        fn any_form_writes_or_is_refused(form in "\\PC{0,16}", value in "\\PC{0,24}") {
            if let Ok(form) = DateForm::new(&form, None, ColumnType::DateTime, None) {
                let _ = form.write(&Value::Text(value));
            }
        }

        #[test]
        fn any_part_of_any_text_is_a_value(text in "\\PC{0,20}", by in "\\PC{0,3}", part in any::<i32>()) {
            let _ = split(&text, &by, part);
        }
    }
}
