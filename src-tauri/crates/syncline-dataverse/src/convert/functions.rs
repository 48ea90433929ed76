//! FetchXML's operators and OData's query functions (`Microsoft.Dynamics.CRM.…`): two names for the same thing.

use syncline_fetchxml::Operator;

/// The function of an operator, where it has one of its own.
pub(super) fn function_of(operator: Operator) -> Option<String> {
    let name = match operator {
        Operator::In => "In",
        Operator::NotIn => "NotIn",
        Operator::Between => "Between",
        Operator::NotBetween => "NotBetween",
        Operator::EqUserId => "EqualUserId",
        Operator::NeUserId => "NotEqualUserId",
        Operator::EqBusinessId => "EqualBusinessId",
        Operator::NeBusinessId => "NotEqualBusinessId",
        Operator::EqUserTeams => "EqualUserTeams",
        Operator::EqUserOrUserTeams => "EqualUserOrUserTeams",
        Operator::EqUserOrUserHierarchy => "EqualUserOrUserHierarchy",
        Operator::EqUserOrUserHierarchyAndTeams => "EqualUserOrUserHierarchyAndTeams",
        Operator::EqUserLanguage => "EqualUserLanguage",
        Operator::Under => "Under",
        Operator::EqOrUnder => "UnderOrEqual",
        Operator::NotUnder => "NotUnder",
        Operator::Above => "Above",
        Operator::EqOrAbove => "AboveOrEqual",
        other => {
            let written = other.as_str();
            return match written {
                "contain-values" => Some("ContainValues".to_owned()),
                "not-contain-values" => Some("DoesNotContainValues".to_owned()),
                "last-seven-days" => Some("Last7Days".to_owned()),
                "next-seven-days" => Some("Next7Days".to_owned()),
                "null" | "not-null" | "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "like" | "not-like"
                | "begins-with" | "not-begin-with" | "ends-with" | "not-end-with" => None,
                date => Some(capitals(&date.replace("olderthan", "older-than"))),
            };
        }
    };
    Some(name.to_owned())
}

/// The operator of a function.
pub(super) fn operator_of(function: &str) -> Option<Operator> {
    Operator::ALL.iter().copied().find(|operator| function_of(*operator).as_deref() == Some(function))
}

fn capitals(kebab: &str) -> String {
    kebab
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_reference() {
        for (operator, name) in [
            (Operator::LastXDays, "LastXDays"),
            (Operator::OlderThanXMinutes, "OlderThanXMinutes"),
            (Operator::OnOrAfter, "OnOrAfter"),
            (Operator::InFiscalPeriodAndYear, "InFiscalPeriodAndYear"),
            (Operator::ThisMonth, "ThisMonth"),
        ] {
            assert_eq!(function_of(operator).as_deref(), Some(name));
            assert_eq!(operator_of(name), Some(operator));
        }
        assert_eq!(function_of(Operator::Eq), None);
    }
}
