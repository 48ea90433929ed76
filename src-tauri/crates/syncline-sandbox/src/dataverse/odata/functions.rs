//! The query functions (`Microsoft.Dynamics.CRM.…`) with their parameters, and date operators as tests.
use super::filter::{Parser, Setting};
use crate::dataverse::coerce::{choices, instant};
use crate::dataverse::error::{Outcome, ServiceError};
use crate::dataverse::query::{Expr, Path, Test, dates};

/// What a query function takes besides `PropertyName`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// `PropertyValue`, an Edm.String.
    Text,
    /// `PropertyValue`, an Edm.Int64.
    Number,
    /// `PropertyValue1` and `PropertyValue2`, both Edm.Int64.
    Numbers,
    /// `PropertyValues`, a collection of Edm.String.
    Texts,
}

/// Names, operators in FetchXML and parameters, from the "Web API Query Function Reference".
const FUNCTIONS: [(&str, &str, Takes); 70] = {
    use Takes::{Nothing, Number, Numbers, Text, Texts};
    [
        ("Above", "above", Text),
        ("AboveOrEqual", "eq-or-above", Text),
        ("Between", "between", Texts),
        ("Contains", "like", Text),
        ("ContainValues", "contain-values", Texts),
        ("DoesNotContainValues", "not-contain-values", Texts),
        ("EqualBusinessId", "eq-businessid", Nothing),
        // Everybody's roles are of their own business unit here.
        ("EqualRoleBusinessId", "eq-businessid", Nothing),
        ("EqualUserId", "eq-userid", Nothing),
        ("EqualUserLanguage", "eq-userlanguage", Nothing),
        ("EqualUserOrUserHierarchy", "eq-useroruserhierarchy", Nothing),
        ("EqualUserOrUserHierarchyAndTeams", "eq-useroruserhierarchyandteams", Nothing),
        ("EqualUserOrUserTeams", "eq-useroruserteams", Nothing),
        ("EqualUserTeams", "eq-userteams", Nothing),
        ("In", "in", Texts),
        ("InFiscalPeriod", "in-fiscal-period", Number),
        ("InFiscalPeriodAndYear", "in-fiscal-period-and-year", Numbers),
        ("InFiscalYear", "in-fiscal-year", Number),
        ("InOrAfterFiscalPeriodAndYear", "in-or-after-fiscal-period-and-year", Numbers),
        ("InOrBeforeFiscalPeriodAndYear", "in-or-before-fiscal-period-and-year", Numbers),
        ("Last7Days", "last-seven-days", Nothing),
        ("LastFiscalPeriod", "last-fiscal-period", Nothing),
        ("LastFiscalYear", "last-fiscal-year", Nothing),
        ("LastMonth", "last-month", Nothing),
        ("LastWeek", "last-week", Nothing),
        ("LastXDays", "last-x-days", Number),
        ("LastXFiscalPeriods", "last-x-fiscal-periods", Number),
        ("LastXFiscalYears", "last-x-fiscal-years", Number),
        ("LastXHours", "last-x-hours", Number),
        ("LastXMonths", "last-x-months", Number),
        ("LastXWeeks", "last-x-weeks", Number),
        ("LastXYears", "last-x-years", Number),
        ("LastYear", "last-year", Nothing),
        ("Next7Days", "next-seven-days", Nothing),
        ("NextFiscalPeriod", "next-fiscal-period", Nothing),
        ("NextFiscalYear", "next-fiscal-year", Nothing),
        ("NextMonth", "next-month", Nothing),
        ("NextWeek", "next-week", Nothing),
        ("NextXDays", "next-x-days", Number),
        ("NextXFiscalPeriods", "next-x-fiscal-periods", Number),
        ("NextXFiscalYears", "next-x-fiscal-years", Number),
        ("NextXHours", "next-x-hours", Number),
        ("NextXMonths", "next-x-months", Number),
        ("NextXWeeks", "next-x-weeks", Number),
        ("NextXYears", "next-x-years", Number),
        ("NextYear", "next-year", Nothing),
        ("NotBetween", "not-between", Texts),
        ("NotEqualBusinessId", "ne-businessid", Nothing),
        ("NotEqualUserId", "ne-userid", Nothing),
        ("NotIn", "not-in", Texts),
        ("NotUnder", "not-under", Text),
        ("OlderThanXDays", "olderthan-x-days", Number),
        ("OlderThanXHours", "olderthan-x-hours", Number),
        ("OlderThanXMinutes", "olderthan-x-minutes", Number),
        ("OlderThanXMonths", "olderthan-x-months", Number),
        ("OlderThanXWeeks", "olderthan-x-weeks", Number),
        ("OlderThanXYears", "olderthan-x-years", Number),
        ("On", "on", Text),
        ("OnOrAfter", "on-or-after", Text),
        ("OnOrBefore", "on-or-before", Text),
        ("ThisFiscalPeriod", "this-fiscal-period", Nothing),
        ("ThisFiscalYear", "this-fiscal-year", Nothing),
        ("ThisMonth", "this-month", Nothing),
        ("ThisWeek", "this-week", Nothing),
        ("ThisYear", "this-year", Nothing),
        ("Today", "today", Nothing),
        ("Tomorrow", "tomorrow", Nothing),
        ("Under", "under", Text),
        ("UnderOrEqual", "eq-or-under", Text),
        ("Yesterday", "yesterday", Nothing),
    ]
};

impl Parser<'_> {
    /// Reads the arguments of a query function.
    pub(super) fn query_function(&mut self, name: &str) -> Outcome<Expr> {
        let (mut property, mut arguments) = (None, Vec::new());
        loop {
            let parameter = self.word();
            if !self.eat("=") {
                return Err(self.error("'='"));
            }
            self.space();
            if parameter == "PropertyName" {
                property = Some(self.quoted('\'')?);
            } else {
                arguments.push((parameter.to_owned(), self.argument()?));
            }
            if self.eat(",") {
                continue;
            }
            if self.eat(")") {
                break;
            }
            return Err(self.error("',' or ')'"));
        }
        let property = property
            .ok_or_else(|| ServiceError::odata(format!("The function '{name}' needs PropertyName.")))?;
        // Functions know columns, lookups too, by their logical names only; the refusal is the one that was seen.
        let entity = self.entity(0);
        let column = entity.column(&property).ok_or_else(|| no_attribute(entity.schema, &property))?;
        let path = Path { slot: 0, hops: vec![], table: entity.table, column };
        let out = function(self.setting, path, name, arguments)?;
        self.named = true;
        Ok(out)
    }

    fn argument(&mut self) -> Outcome<Argument> {
        if !self.eat("[") {
            let (text, quoted) = self.scalar()?;
            return Ok(if quoted { Argument::Quoted(text) } else { Argument::Bare(text) });
        }
        let mut all = Vec::new();
        if self.eat("]") {
            return Ok(Argument::List(all));
        }
        loop {
            all.push(self.scalar()?);
            if self.eat("]") {
                return Ok(Argument::List(all));
            }
            if !self.eat(",") {
                return Err(self.error("',' or ']'"));
            }
        }
    }

    /// A value, and whether it is in quotes.
    fn scalar(&mut self) -> Outcome<(String, bool)> {
        self.space();
        match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => Ok((self.quoted(quote)?, true)),
            _ => {
                let rest = self.rest();
                let end = rest.find([',', ')', ']', ' ']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(self.error("a value"));
                }
                self.at += end;
                Ok((rest[..end].to_owned(), false))
            }
        }
    }
}

/// An argument as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Argument {
    Quoted(String),
    Bare(String),
    /// A list; each value with whether it is quoted.
    List(Vec<(String, bool)>),
}

/// A query function with its arguments besides `PropertyName`, in the order in which they are written.
fn function(
    setting: Setting<'_>,
    path: Path,
    name: &str,
    arguments: Vec<(String, Argument)>,
) -> Outcome<Expr> {
    let (_, operator, takes) = FUNCTIONS.iter().find(|known| known.0 == name).ok_or_else(|| unknown(name))?;
    let mut values = values(name, *takes, arguments)?;
    if *operator == "like"
        && let [text] = values.as_mut_slice()
    {
        *text = format!("%{text}%");
    }
    crate::dataverse::fetch::condition::build(setting, path, operator, &values)
        .map_err(|e| ServiceError::odata(e.message.into_owned()))
}

/// A column that a function is asked about is not there.
pub(crate) fn no_attribute(entity: &str, name: &str) -> ServiceError {
    ServiceError::bad(
        crate::dataverse::error::code::QUERY_NO_ATTRIBUTE,
        format!(
            "'{entity}' entity doesn't contain attribute with Name = '{name}' and NameMapping = 'Logical'."
        ),
    )
}

/// "Use Web API functions", limitations of query functions.
pub(crate) fn no_not() -> ServiceError {
    ServiceError::odata("Not operator along with the Custom Named Condition operators is not allowed")
}

/// True for a function of the reference.
pub(crate) fn known(name: &str) -> bool {
    FUNCTIONS.iter().any(|known| known.0 == name)
}

pub(crate) fn unknown(name: &str) -> ServiceError {
    ServiceError::odata(format!(
        "An unknown function with name 'Microsoft.Dynamics.CRM.{name}' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed."
    ))
}

/// The values, when the parameters are the function's and of its types.
fn values(name: &str, takes: Takes, arguments: Vec<(String, Argument)>) -> Outcome<Vec<String>> {
    let wanted: &[&str] = match takes {
        Takes::Nothing => &[],
        Takes::Text | Takes::Number => &["PropertyValue"],
        Takes::Numbers => &["PropertyValue1", "PropertyValue2"],
        Takes::Texts => &["PropertyValues"],
    };
    let refused = |text: String| Err(ServiceError::odata(format!("The function '{name}' {text}.")));
    if let Some((other, _)) = arguments.iter().find(|argument| !wanted.contains(&argument.0.as_str())) {
        return refused(format!("has no parameter '{other}'"));
    }
    let mut out = Vec::new();
    for parameter in wanted {
        let mut given = arguments.iter().filter(|argument| argument.0 == *parameter);
        let (Some((_, argument)), None) = (given.next(), given.next()) else {
            return refused(format!("needs the parameter '{parameter}' once"));
        };
        match (takes, argument) {
            (Takes::Text, Argument::Quoted(text)) => out.push(text.clone()),
            (Takes::Number | Takes::Numbers, Argument::Bare(text)) if text.parse::<i64>().is_ok() => {
                out.push(text.clone());
            }
            (Takes::Texts, Argument::List(all)) if all.iter().all(|one| one.1) => {
                out.extend(all.iter().map(|one| one.0.clone()));
            }
            (Takes::Number | Takes::Numbers, _) => {
                return refused(format!("takes an Edm.Int64 as '{parameter}'"));
            }
            (Takes::Texts, _) => return refused(format!("takes a list of Edm.String as '{parameter}'")),
            (Takes::Text | Takes::Nothing, _) => {
                return refused(format!("takes an Edm.String as '{parameter}'"));
            }
        }
    }
    Ok(out)
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
