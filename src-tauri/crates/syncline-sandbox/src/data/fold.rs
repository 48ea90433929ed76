//! Text as the service's default collation sees it: neither case nor accents count.

/// The text's characters in lower case, without accents.
pub fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase).filter(|c| !('\u{300}'..='\u{36f}').contains(c)).map(letter)
}

/// Letters that Unicode takes apart into a letter and marks (Latin-1 and Latin Extended-A), and the dotless i.
fn letter(c: char) -> char {
    const LETTERS: [(&str, char); 19] = [
        ("àáâãäåāăą", 'a'),
        ("çćĉċč", 'c'),
        ("ď", 'd'),
        ("èéêëēĕėęě", 'e'),
        ("ĝğġģ", 'g'),
        ("ĥ", 'h'),
        ("ìíîïĩīĭįı", 'i'),
        ("ĵ", 'j'),
        ("ķ", 'k'),
        ("ĺļľ", 'l'),
        ("ñńņň", 'n'),
        ("òóôõöōŏő", 'o'),
        ("ŕŗř", 'r'),
        ("śŝşšș", 's'),
        ("ţťț", 't'),
        ("ùúûüũūŭůűų", 'u'),
        ("ŵ", 'w'),
        ("ýÿŷ", 'y'),
        ("źżž", 'z'),
    ];
    if c.is_ascii() {
        return c;
    }
    LETTERS.iter().find(|(with, _)| with.contains(c)).map_or(c, |(_, plain)| *plain)
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn case_and_accents_do_not_count() {
        let same = |a: &str, b: &str| assert!(folded(a).eq(folded(b)), "{a} {b}");
        same("ŞİİR", "siir");
        same("Ağrı", "AGRI");
        same("Zoe\u{308}", "zoë");
        assert!(!folded("Łódź").eq(folded("Lodz")), "the stroke is no accent");
    }
}
