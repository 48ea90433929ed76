//! The name that was probably meant.

/// The nearest of several names, if one is near enough to be meant.
pub(crate) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    near(word, names, 0.5)
}

/// The nearest of several names, if a slip of the pen is all that lies between.
pub(crate) fn nearest_sure<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    near(word, names, 0.8)
}

fn near<'n>(word: &str, names: impl Iterator<Item = &'n str>, least: f64) -> Option<&'n str> {
    let word = word.to_lowercase();
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= least)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
