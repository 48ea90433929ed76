//! Time zones of user settings: the service's numbers (the index values of Microsoft's time zones) as IANA names.

/// The IANA name of a `timezonecode`; `None` for numbers that are rare or not known.
pub(crate) fn iana(code: i64) -> Option<&'static str> {
    Some(match code {
        0 => "Etc/GMT+12",
        1 => "Pacific/Apia",
        2 => "Pacific/Honolulu",
        3 => "America/Anchorage",
        4 => "America/Los_Angeles",
        10 => "America/Denver",
        15 => "America/Phoenix",
        20 => "America/Chicago",
        25 => "America/Regina",
        29 | 30 => "America/Mexico_City",
        33 => "America/Guatemala",
        35 => "America/New_York",
        40 => "America/Indiana/Indianapolis",
        45 => "America/Bogota",
        50 => "America/Halifax",
        55 => "America/La_Paz",
        56 => "America/Santiago",
        60 => "America/St_Johns",
        65 => "America/Sao_Paulo",
        70 => "America/Cayenne",
        73 => "America/Nuuk",
        75 => "Etc/GMT+2",
        80 => "Atlantic/Azores",
        83 => "Atlantic/Cape_Verde",
        85 => "Europe/London",
        90 => "Atlantic/Reykjavik",
        92 => "UTC",
        95 => "Europe/Budapest",
        100 => "Europe/Warsaw",
        105 => "Europe/Paris",
        110 => "Europe/Berlin",
        113 => "Africa/Lagos",
        115 => "Europe/Chisinau",
        120 => "Africa/Cairo",
        125 => "Europe/Kyiv",
        130 => "Europe/Bucharest",
        134 => "Europe/Istanbul",
        135 => "Asia/Jerusalem",
        140 => "Africa/Johannesburg",
        145 => "Europe/Moscow",
        150 => "Asia/Riyadh",
        155 => "Africa/Nairobi",
        158 => "Asia/Baghdad",
        160 => "Asia/Tehran",
        165 => "Asia/Dubai",
        170 => "Asia/Yerevan",
        175 => "Asia/Kabul",
        180 => "Asia/Yekaterinburg",
        185 => "Asia/Tashkent",
        190 => "Asia/Kolkata",
        193 => "Asia/Kathmandu",
        195 => "Asia/Almaty",
        200 => "Asia/Colombo",
        201 => "Asia/Novosibirsk",
        203 => "Asia/Yangon",
        205 => "Asia/Bangkok",
        207 => "Asia/Krasnoyarsk",
        210 => "Asia/Shanghai",
        215 => "Asia/Singapore",
        220 => "Asia/Taipei",
        225 => "Australia/Perth",
        227 => "Asia/Irkutsk",
        230 => "Asia/Seoul",
        235 => "Asia/Tokyo",
        240 => "Asia/Yakutsk",
        245 => "Australia/Darwin",
        250 => "Australia/Adelaide",
        255 => "Australia/Sydney",
        260 => "Australia/Brisbane",
        265 => "Australia/Hobart",
        270 => "Asia/Vladivostok",
        275 => "Pacific/Port_Moresby",
        280 => "Pacific/Guadalcanal",
        285 => "Pacific/Fiji",
        290 => "Pacific/Auckland",
        300 => "Pacific/Tongatapu",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::iana;

    #[test]
    fn every_name_is_known() {
        let known: Vec<&str> = (0..=300).filter_map(iana).collect();
        assert!(known.len() > 70);
        for name in known {
            assert!(jiff::tz::TimeZone::get(name).is_ok(), "{name}");
        }
    }
}
