//! Phone numbers in E.164: `+`, country code, number, 7 to 15 digits (Insider One upsert, identifiers).

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use crate::phone_plain::{self, Country};

/// Bytes of a text that may be a number.
const MOST_BYTES: usize = 100;

/// How numbers are read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PhoneRules {
    /// The region whose national numbers are understood.
    region: Option<Region>,
    /// The same country, where its plain numbers need no library.
    country: Option<&'static Country>,
}

impl PhoneRules {
    /// Rules for a dial code such as `90` or `+90`; `None` if no country has it.
    pub(crate) fn with_country_code(code: &str) -> Option<Self> {
        let digits = code.trim().trim_start_matches('+').trim_start_matches("00");
        if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let region = PHONE_NUMBER_UTIL.get_region_for_country_code(digits.parse().ok()?)?;
        Some(Self::of(region))
    }

    /// Rules for a country by its code of two letters (ISO 3166-1).
    pub(crate) fn with_country(alpha2: &str) -> Option<Self> {
        Some(Self::of(alpha2.parse().ok()?))
    }

    fn of(region: Region) -> Self {
        Self { region: Some(region), country: Country::of(region) }
    }

    /// The number in E.164, or why it is none.
    pub(crate) fn to_e164(self, text: &str) -> Result<String, &'static str> {
        match phone_plain::to_e164(text, self.country) {
            Some(number) => Ok(number),
            // Where nothing is a digit or a plus, the library finds no number to begin with.
            None if text.len() <= MOST_BYTES
                && !text.contains(|c: char| matches!(c, '+' | '＋') || c.is_numeric()) =>
            {
                Err(self.unreadable(text))
            }
            None => self.to_e164_by_library(text),
        }
    }

    fn unreadable(self, text: &str) -> &'static str {
        if self.region.is_none() && !text.starts_with('+') {
            "it has no country code and the definition names none"
        } else {
            "it can't be read as a phone number"
        }
    }

    /// The same for any text, read by the library.
    pub(crate) fn to_e164_by_library(self, text: &str) -> Result<String, &'static str> {
        let mut text = text.trim().to_owned();
        if text.len() > MOST_BYTES {
            return Err("it is too long for a phone number");
        }
        if let Some(rest) = text.strip_prefix("tel:") {
            text = rest.to_owned();
        }
        if let Some(rest) = text.strip_prefix("00") {
            text = format!("+{}", rest.trim_start());
        }
        // The trunk zero of "+44 (0)20 …" is not dialled from abroad.
        if text.starts_with('+') {
            text = text.replacen("(0)", "", 1);
        }
        let number = PHONE_NUMBER_UTIL.parse(&text, self.region).map_err(|_| self.unreadable(&text))?;
        if !PHONE_NUMBER_UTIL.is_possible_number(&number) {
            return Err("it has too few or too many digits for its country");
        }
        let formatted = number.format_as(PhoneNumberFormat::E164).into_owned();
        if is_e164(&formatted) { Ok(formatted) } else { Err("it does not fit the international form") }
    }
}

/// `^\+[1-9]\d{6,14}$`.
pub(crate) fn is_e164(text: &str) -> bool {
    let bytes = text.as_bytes();
    (8..=16).contains(&bytes.len())
        && bytes[0] == b'+'
        && (b'1'..=b'9').contains(&bytes[1])
        && bytes[2..].iter().all(u8::is_ascii_digit)
}
