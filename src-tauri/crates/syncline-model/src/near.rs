//! The name that was probably meant. A guess that is far off sends people the wrong way, so none is made then.

/// A part that is easily left out at the end of a name, or put there: `id`, `code`, `type`.
const LONGEST_END: usize = 4;
/// Shorter words begin too many names.
const SHORTEST_BEGIN: usize = 5;

/// The nearest of several names, if one is near enough to be meant: but for a slip of the pen or two, its publisher's prefix or a short end.
/// Case does not count. Of several that are equally near it is the first.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    near(word, names, |word, name| {
        let steps = strsim::damerau_levenshtein(word, name);
        let most = slips(word.chars().count().max(name.chars().count()));
        if steps <= most { Some(steps) } else { (prefixed(word, name) || ended(word, name)).then_some(steps) }
    })
}

/// The nearest of several names, if a slip of the pen is all that lies between: where the word itself would do as well.
pub fn nearest_sure<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    near(word, names, |word, name| {
        let steps = strsim::damerau_levenshtein(word, name);
        (steps * 5 <= word.chars().count().max(name.chars().count())).then_some(steps)
    })
}

fn near<'n>(
    word: &str,
    names: impl Iterator<Item = &'n str>,
    steps: impl Fn(&str, &str) -> Option<usize>,
) -> Option<&'n str> {
    let word = word.to_lowercase();
    let found = names.filter_map(|name| Some((steps(&word, &name.to_lowercase())?, name)));
    found.min_by_key(|(steps, _)| *steps).map(|(_, name)| name)
}

/// Letters that may be wrong, missing, too many or swapped in a word of a length.
fn slips(letters: usize) -> usize {
    match letters {
        0..=2 => 0,
        3..=5 => 1,
        6..=11 => 2,
        _ => 3,
    }
}

/// One is the other behind a publisher's prefix: `loyalty` and `new_loyalty`.
fn prefixed(one: &str, other: &str) -> bool {
    let behind = |whole: &str, part: &str| {
        !part.is_empty()
            && whole.split_once('_').is_some_and(|(before, after)| !before.is_empty() && after == part)
    };
    behind(one, other) || behind(other, one)
}

/// One is the other with a short end: `industry` and `industrycode`.
fn ended(one: &str, other: &str) -> bool {
    let goes_on = |whole: &str, part: &str| {
        part.chars().count() >= SHORTEST_BEGIN
            && whole.strip_prefix(part).is_some_and(|end| end.chars().count() <= LONGEST_END)
    };
    goes_on(one, other) || goes_on(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 10] = [
        "firstname",
        "emailaddress1",
        "telephone1",
        "telephone2",
        "gendercode",
        "ownerid",
        "new_loyaltylevel",
        "address1_line1",
        "statecode",
        "createdby",
    ];

    #[test]
    fn slips_of_the_pen_a_prefix_and_a_short_end_are_near() {
        for (word, meant) in [
            ("fistname", "firstname"),
            ("FirstNmae", "firstname"),
            ("emailadress1", "emailaddress1"),
            ("telephone", "telephone1"),
            ("telephone3", "telephone1"),
            ("owner", "ownerid"),
            ("gender", "gendercode"),
            ("loyaltylevel", "new_loyaltylevel"),
            ("adress1_lin1", "address1_line1"),
        ] {
            assert_eq!(nearest(word, COLUMNS.into_iter()), Some(meant), "{word}");
        }
        assert_eq!(nearest("lable", ["from", "label"].into_iter()), Some("label"));
    }

    #[test]
    fn what_is_far_is_not_guessed() {
        for word in ["lastname", "nickname", "telex", "address2_city", "score", "id", "", "new_", "_"] {
            assert_eq!(nearest(word, COLUMNS.into_iter()), None, "{word}");
        }
        assert_eq!(nearest("eq", ["ne", "ge", "lt"].into_iter()), None);
        assert_eq!(nearest("city", ["cite", "city1", "county"].into_iter()), Some("cite"));
    }

    #[test]
    fn sure_is_one_letter_in_five() {
        assert_eq!(nearest_sure("emial", ["email"].into_iter()), Some("email"));
        assert_eq!(nearest_sure("gender_code", ["gender"].into_iter()), None);
        assert_eq!(nearest_sure("mail", ["email"].into_iter()), Some("email"));
    }
}
