//! Languages by the numbers that Dataverse gives them (`LanguageCode`, the Windows LCID).

/// Number, tag and English name of the languages that an environment can have (Dataverse, language packs).
const LANGUAGES: &[(u32, &str, &str)] = &[
    (1025, "ar-SA", "Arabic"),
    (1026, "bg-BG", "Bulgarian"),
    (1027, "ca-ES", "Catalan"),
    (1028, "zh-TW", "Chinese (Traditional)"),
    (1029, "cs-CZ", "Czech"),
    (1030, "da-DK", "Danish"),
    (1031, "de-DE", "German"),
    (1032, "el-GR", "Greek"),
    (1033, "en-US", "English"),
    (1035, "fi-FI", "Finnish"),
    (1036, "fr-FR", "French"),
    (1037, "he-IL", "Hebrew"),
    (1038, "hu-HU", "Hungarian"),
    (1040, "it-IT", "Italian"),
    (1041, "ja-JP", "Japanese"),
    (1042, "ko-KR", "Korean"),
    (1043, "nl-NL", "Dutch"),
    (1044, "nb-NO", "Norwegian (Bokmål)"),
    (1045, "pl-PL", "Polish"),
    (1046, "pt-BR", "Portuguese (Brazil)"),
    (1048, "ro-RO", "Romanian"),
    (1049, "ru-RU", "Russian"),
    (1050, "hr-HR", "Croatian"),
    (1051, "sk-SK", "Slovak"),
    (1053, "sv-SE", "Swedish"),
    (1054, "th-TH", "Thai"),
    (1055, "tr-TR", "Turkish"),
    (1057, "id-ID", "Indonesian"),
    (1058, "uk-UA", "Ukrainian"),
    (1060, "sl-SI", "Slovenian"),
    (1061, "et-EE", "Estonian"),
    (1062, "lv-LV", "Latvian"),
    (1063, "lt-LT", "Lithuanian"),
    (1066, "vi-VN", "Vietnamese"),
    (1069, "eu-ES", "Basque"),
    (1081, "hi-IN", "Hindi"),
    (1086, "ms-MY", "Malay"),
    (1087, "kk-KZ", "Kazakh"),
    (1110, "gl-ES", "Galician"),
    (2052, "zh-CN", "Chinese (Simplified)"),
    (2070, "pt-PT", "Portuguese (Portugal)"),
    (2074, "sr-Latn-CS", "Serbian (Latin)"),
    (3076, "zh-HK", "Chinese (Hong Kong)"),
    (3082, "es-ES", "Spanish"),
    (3098, "sr-Cyrl-CS", "Serbian (Cyrillic)"),
];

/// A language in words, such as `German (1031)`; the bare number where it is not known.
pub fn language_text(language: u32) -> String {
    match LANGUAGES.iter().find(|(number, _, _)| *number == language) {
        Some((number, _, name)) => format!("{name} ({number})"),
        None => language.to_string(),
    }
}

/// The number of a language that somebody may mean: a number, a tag such as `de-DE` or `de`, or an English name.
pub fn language_number(text: &str) -> Option<u32> {
    let wanted = text.trim().to_lowercase();
    if let Ok(number) = wanted.parse() {
        return Some(number);
    }
    let short = |tag: &str| tag.split('-').next().unwrap_or_default().to_lowercase();
    LANGUAGES
        .iter()
        .find(|(_, tag, name)| tag.to_lowercase() == wanted || name.to_lowercase() == wanted)
        .or_else(|| LANGUAGES.iter().find(|(_, tag, _)| short(tag) == wanted))
        .map(|(number, _, _)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_found_by_number_tag_and_name() {
        for text in ["1031", "de-DE", "de", "German", " DE "] {
            assert_eq!(language_number(text), Some(1031), "{text}");
        }
        assert_eq!(language_number("Klingon"), None);
        assert_eq!(language_text(1055), "Turkish (1055)");
        assert_eq!(language_text(4711), "4711");
    }
}
