//! A country as records name it: a dial code, a code of ISO 3166-1, or its English name.

use crate::phone::PhoneRules;

/// Names in use that are not the standard's.
const ALSO: &[(&str, &str)] = &[
    ("america", "US"),
    ("bolivia", "BO"),
    ("czech republic", "CZ"),
    ("england", "GB"),
    ("great britain", "GB"),
    ("holland", "NL"),
    ("iran", "IR"),
    ("ivory coast", "CI"),
    ("moldova", "MD"),
    ("north macedonia", "MK"),
    ("russia", "RU"),
    ("scotland", "GB"),
    ("south korea", "KR"),
    ("syria", "SY"),
    ("taiwan", "TW"),
    ("tanzania", "TZ"),
    ("turkey", "TR"),
    ("uk", "GB"),
    ("usa", "US"),
    ("venezuela", "VE"),
    ("vietnam", "VN"),
    ("wales", "GB"),
];

/// How national numbers of that country are read; `None` where the text names no country.
pub(crate) fn phone_rules(text: &str) -> Option<PhoneRules> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if text.starts_with('+') || text.bytes().all(|byte| byte.is_ascii_digit()) {
        return PhoneRules::with_country_code(text);
    }
    let upper = text.to_uppercase();
    let by_code = match upper.len() {
        2 => rust_iso3166::from_alpha2(&upper),
        3 => rust_iso3166::from_alpha3(&upper),
        _ => None,
    };
    if let Some(country) = by_code {
        return PhoneRules::with_country(country.alpha2);
    }
    let lower = text.to_lowercase();
    let alpha2 = match ALSO.iter().find(|(name, _)| *name == lower) {
        Some((_, alpha2)) => alpha2,
        None => {
            // The standard says "Netherlands (the)", "Türkiye", "Korea (the Republic of)".
            let named = |name: &str| {
                let name = name.to_lowercase();
                name == lower
                    || name.strip_prefix(&lower).is_some_and(|rest| rest.starts_with([' ', ',', '(']))
            };
            let mut found = rust_iso3166::ALL.iter().filter(|country| named(country.name));
            let first = found.next()?;
            // "Korea" is two countries.
            if first.name.to_lowercase() != lower && found.next().is_some() {
                return None;
            }
            first.alpha2
        }
    };
    PhoneRules::with_country(alpha2)
}

#[cfg(test)]
mod tests {
    use super::phone_rules;
    use proptest::prelude::*;

    #[test]
    fn a_country_is_known_by_code_and_by_name() {
        for (country, number) in [
            ("TR", "+905321234567"),
            ("tur", "+905321234567"),
            ("Turkey", "+905321234567"),
            ("Türkiye", "+905321234567"),
            ("90", "+905321234567"),
            ("+90", "+905321234567"),
        ] {
            let rules = phone_rules(country).unwrap_or_else(|| panic!("{country}"));
            assert_eq!(rules.to_e164("0532 123 45 67").as_deref(), Ok(number), "{country}");
        }
        assert_eq!(
            phone_rules("Netherlands").unwrap().to_e164("020 123 4567").as_deref(),
            Ok("+31201234567")
        );
        assert_eq!(
            phone_rules("United Kingdom").unwrap().to_e164("020 7946 0018").as_deref(),
            Ok("+442079460018")
        );
    }

    #[test]
    fn what_is_no_country_or_two_is_none() {
        for text in ["", "  ", "Atlantis", "Korea", "zz", "0"] {
            assert!(phone_rules(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_country_or_none(text in "\\PC{0,20}") {
            let _ = phone_rules(&text);
        }
    }
}
