//! Plain phone numbers brought to E.164 without the library, which takes a microsecond for each.
//!
//! Only what the library would certainly answer the same is answered here: digits, with the usual separators, of a country whose rules
//! are no more than a trunk prefix and possible lengths. Everything else is the library's. The rules are those of its metadata
//! (libphonenumber, `PhoneNumberMetadata.xml`: `internationalPrefix`, `nationalPrefixForParsing`, `generalDesc`); the lengths
//! are asked of the library itself. A property test holds both ways together.

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, Region};
use std::sync::LazyLock;

/// What is known of a country.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Country {
    /// Dial code.
    code: u16,
    /// Digits that the library takes off the front of a number of the country, each a trunk prefix.
    prefixes: &'static [&'static str],
    /// Digits with which a number is dialled abroad from there.
    abroad: &'static str,
}

const fn country(code: u16, prefixes: &'static [&'static str], abroad: &'static str) -> Country {
    Country { code, prefixes, abroad }
}

/// Numbers may be dialled with a trunk zero, abroad with two.
const fn zero(code: u16) -> Country {
    country(code, &["0"], "00")
}

/// Numbers have no trunk prefix.
const fn none(code: u16) -> Country {
    country(code, &[], "00")
}

/// Sorted by dial code. No dial code begins with another.
static COUNTRIES: [Country; 58] = [
    country(1, &["1"], "011"),
    country(7, &["8"], "810"),
    zero(20),
    zero(27),
    none(30),
    zero(31),
    zero(32),
    zero(33),
    none(34),
    none(39),
    zero(40),
    zero(41),
    zero(43),
    country(44, &["0", "180020"], "00"),
    none(45),
    zero(46),
    none(47),
    none(48),
    zero(49),
    zero(58),
    zero(60),
    zero(63),
    zero(84),
    zero(90),
    zero(92),
    zero(94),
    zero(98),
    zero(212),
    zero(213),
    none(216),
    zero(218),
    zero(233),
    zero(251),
    none(351),
    zero(353),
    zero(355),
    none(356),
    none(357),
    none(371),
    none(372),
    zero(373),
    zero(374),
    zero(380),
    zero(381),
    zero(382),
    zero(383),
    zero(385),
    zero(387),
    zero(389),
    none(420),
    zero(421),
    zero(961),
    zero(962),
    none(965),
    zero(966),
    zero(971),
    zero(994),
    zero(995),
];

/// Lengths of national numbers that are possible, a bit each: in full, and also where the area is left out.
struct Lengths {
    full: u32,
    all: u32,
}

/// For the countries in their order.
static LENGTHS: LazyLock<Vec<Lengths>> = LazyLock::new(|| {
    let reason = |code: u16, length: u32| {
        let number = PhoneNumber {
            country_code: i32::from(code),
            national_number: 2 * 10_u64.pow(length - 1),
            ..PhoneNumber::default()
        };
        // The library looks at nothing but the length.
        PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number)
    };
    let lengths = |country: &Country, wanted: fn(Option<NumberLengthType>) -> bool| {
        (2..=MOST_DIGITS)
            .filter(|length| wanted(reason(country.code, *length).ok()))
            .fold(0, |all, one| all | 1 << one)
    };
    let both = |country: &Country| Lengths {
        full: lengths(country, |found| found == Some(NumberLengthType::IsPossible)),
        all: lengths(country, |found| found.is_some()),
    };
    COUNTRIES.iter().map(both).collect()
});

/// Digits of a number in E.164.
const MOST_DIGITS: u32 = 15;
/// Characters of a number however it is separated; longer texts are no plain numbers.
const MOST_TEXT: usize = 40;

impl Country {
    /// A region, where it is the one that its country's dial code stands for first of all.
    pub(crate) fn of(region: Region) -> Option<&'static Self> {
        let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region)?;
        let country = Self::by_code(u16::try_from(code).ok()?)?;
        (PHONE_NUMBER_UTIL.get_region_for_country_code(code) == Some(region)).then_some(country)
    }

    fn by_code(code: u16) -> Option<&'static Self> {
        COUNTRIES.binary_search_by_key(&code, |country| country.code).ok().map(|place| &COUNTRIES[place])
    }

    /// The digits of the dial code.
    fn write_code<'a>(&self, room: &'a mut [u8; 3]) -> &'a [u8] {
        *room = [self.code / 100, self.code / 10 % 10, self.code % 10].map(|digit| b'0' + digit as u8);
        let from = room.iter().position(|digit| *digit != b'0').unwrap_or(2);
        &room[from..]
    }

    fn lengths(&self) -> Option<&'static Lengths> {
        let place = COUNTRIES.binary_search_by_key(&self.code, |country| country.code).ok()?;
        LENGTHS.get(place)
    }

    /// The number as it is, if nothing would be taken off its front.
    fn whole<'a>(&self, national: &'a [u8]) -> Option<&'a [u8]> {
        let taken_off = self.prefixes.iter().any(|prefix| national.starts_with(prefix.as_bytes()));
        (!taken_off && fits(national, self.lengths()?.all)).then_some(national)
    }

    /// The number without its trunk prefix; `digits` are dialled within the country.
    fn national<'a>(&self, digits: &'a [u8], code: &[u8]) -> Option<&'a [u8]> {
        if digits.starts_with(code) || digits.starts_with(self.abroad.as_bytes()) {
            return None;
        }
        match digits.strip_prefix(b"0") {
            // No number of these countries begins with a zero itself.
            // It takes the zero off only where what is left is a whole number.
            Some(rest) => {
                (self.prefixes.first() == Some(&"0") && fits(rest, self.lengths()?.full)).then_some(rest)
            }
            None => self.whole(digits),
        }
    }
}

/// True where a national number has one of these lengths. A leading zero is part of the number in some countries, and none in others.
fn fits(national: &[u8], lengths: u32) -> bool {
    national.first().is_some_and(|first| *first != b'0')
        && u32::try_from(national.len()).is_ok_and(|length| length < 32 && lengths & (1 << length) != 0)
}

/// A number without its extension, which E.164 has no place for.
fn without_extension(text: &str) -> &str {
    let digits = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.rsplit_once(" ext. ") {
        Some((number, extension)) if digits(extension) => number,
        Some(_) | None => text,
    }
}

/// The number in E.164, read as one of the country where it has no dial code; `None`: the library has to be asked.
pub(crate) fn to_e164(text: &str, country: Option<&'static Country>) -> Option<String> {
    let text = without_extension(text.trim_matches(' ')).as_bytes();
    if text.len() > MOST_TEXT {
        return None;
    }
    let pluses = text.iter().take_while(|byte| **byte == b'+').count();
    let (abroad, rest) = (pluses > 0, &text[pluses..]);
    let (mut digits, mut count, mut brackets) = ([0; MOST_DIGITS as usize + 1], 0, false);
    for byte in rest {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(count)? = *byte;
                count += 1;
            }
            b' ' | b'-' | b'.' if count > 0 => {}
            b'(' | b')' => brackets = true,
            _ => return None,
        }
    }
    // A trunk zero in brackets is taken out by other rules.
    if brackets && rest.windows(3).any(|three| three == b"(0)") {
        return None;
    }
    let digits = &digits[..count];
    // A separator behind the last digit is the library's to judge.
    if !rest.last()?.is_ascii_digit() || (!abroad && digits.starts_with(b"00")) {
        return None;
    }
    let mut code_digits = [0; 3];
    let (code, national) = if abroad {
        let mut code = 0;
        let country = digits.iter().take(3).find_map(|digit| {
            code = code * 10 + u16::from(digit - b'0');
            Country::by_code(code)
        })?;
        let length = if code < 10 {
            1
        } else if code < 100 {
            2
        } else {
            3
        };
        let (code, national) = digits.split_at_checked(length)?;
        (code, country.whole(national)?)
    } else {
        let country = country?;
        let code = country.write_code(&mut code_digits);
        (code, country.national(digits, code)?)
    };
    let mut written = String::with_capacity(MOST_DIGITS as usize + 1);
    written.push('+');
    written.push_str(std::str::from_utf8(code).ok()?);
    written.push_str(std::str::from_utf8(national).ok()?);
    crate::phone::is_e164(&written).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::{COUNTRIES, Country, MOST_DIGITS, to_e164};
    use crate::phone::PhoneRules;
    use proptest::prelude::*;
    use rlibphonenumber::PHONE_NUMBER_UTIL;

    /// Both ways say the same of a text; true where the library was not needed.
    fn agree(text: &str, rules: PhoneRules, country: Option<&'static Country>) -> bool {
        let Some(number) = to_e164(text, country) else { return false };
        assert_eq!(Ok(number), rules.to_e164_by_library(text), "{text:?} in {country:?}");
        true
    }

    fn rules(country: &'static Country) -> PhoneRules {
        PhoneRules::with_country_code(&country.code.to_string()).unwrap()
    }

    #[test]
    fn the_countries_are_in_order_and_no_dial_code_begins_with_another() {
        assert!(COUNTRIES.is_sorted_by(|one, other| one.code < other.code));
        for country in &COUNTRIES {
            let region = PHONE_NUMBER_UTIL.get_region_for_country_code(i32::from(country.code)).unwrap();
            assert_eq!(Country::of(region), Some(country));
            let code = country.code.to_string();
            for length in 1..code.len() {
                let shorter = code[..length].parse().unwrap();
                assert_eq!(PHONE_NUMBER_UTIL.get_region_for_country_code(shorter), None, "{code}");
            }
        }
    }

    #[test]
    fn every_beginning_and_length_is_as_the_library_reads_it() {
        let mut plain = 0;
        for country in &COUNTRIES {
            let rules = rules(country);
            for first in (0..1000).step_by(3) {
                for length in 3..=MOST_DIGITS as usize {
                    let national = format!("{first:03}{}", &"7294163850274"[..length - 3]);
                    plain += u32::from(agree(&format!("+{}{national}", country.code), rules, Some(country)));
                    plain += u32::from(agree(&national, rules, Some(country)));
                    plain += u32::from(agree(&format!("0{national}"), rules, Some(country)));
                    agree(&format!("++{}{national} ext. 5", country.code), rules, Some(country));
                }
            }
        }
        assert!(plain > 50_000, "{plain} numbers needed no library");
    }

    proptest! {
        #[test]
        fn what_needs_no_library_is_as_the_library_reads_it(
            place in 0..COUNTRIES.len(),
            own: bool,
            front in prop_oneof![Just("+"), Just(""), Just("0"), Just("00"), Just("("), Just("+("), Just("(0"), Just("++")],
            extension in prop_oneof![Just(""), Just(" ext. 7"), Just(" ext. 004"), Just(" ext. 123456789"), Just(" ext. ")],
            bracketed in "[0-9]{0,3} ?\\([0-9]{1,4}[) ][-0-9 .()]{2,12}[0-9]",
            text in "[0-9]{2}[-0-9 .()/+x#]{0,4}[0-9]{0,9}[- .][0-9 ]{0,5}",
        ) {
            let country = &COUNTRIES[place];
            let rules = if own { rules(country) } else { PhoneRules::default() };
            let known = own.then_some(country);
            agree(&text, rules, known);
            agree(&bracketed, rules, known);
            agree(&format!("+{bracketed}"), rules, known);
            agree(&format!("{front}{}{bracketed}", country.code), rules, known);
            agree(&format!("{front}{text}"), rules, known);
            agree(&format!("{front}{text}{extension}"), rules, known);
            agree(&format!("{bracketed}{extension}"), rules, known);
            agree(&format!("{front}{}{text}", country.code), rules, known);
            agree(&format!("{front}{} {text}", country.code), rules, known);
        }
    }

    proptest! {
        #[test]
        fn what_holds_no_digit_is_no_number_either_way(text in "[-a-z .()/xé]{0,20}", other in any::<String>()) {
            for text in [text, other] {
                for rules in [PhoneRules::default(), rules(&COUNTRIES[0])] {
                    prop_assert_eq!(rules.to_e164(&text), rules.to_e164_by_library(&text), "{}", text);
                }
            }
        }
    }

    #[test]
    fn plain_numbers_need_no_library() {
        let turkey = Country::by_code(90);
        for text in [
            "+90 532 123 45 67",
            "0532 123 4567",
            "532-123-45-67",
            "+905321234567",
            " 0532.123.4567 ",
            "+90 (532) 123-4567",
            "(0532) 123 45 67",
            "++90 532 123 45 67",
            "0532 123 45 67 ext. 12",
        ] {
            assert_eq!(to_e164(text, turkey).as_deref(), Some("+905321234567"), "{text}");
        }
        for text in [
            "",
            "+",
            "0",
            "905321234567",
            "00905321234567",
            "+90 (0) 532 123 45 67",
            "0532 123 4567 x12",
            "+9053212345",
        ] {
            assert_eq!(to_e164(text, turkey), None, "{text}");
        }
        assert_eq!(to_e164("0532 123 4567", None), None);
    }
}
