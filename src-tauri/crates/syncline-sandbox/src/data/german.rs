//! The environment's second language: German labels of choices and of the names that people meet most. What is not here has no German
//! label, as in an environment whose customizers translated only a part.

/// The environment's first language, English.
pub const BASE_LANGUAGE: u32 = 1033;
/// German.
pub const GERMAN: u32 = 1031;

const LABELS: &[(&str, &str)] = &[
    ("Account", "Firma"),
    ("Accounts", "Firmen"),
    ("Active", "Aktiv"),
    ("Allow", "Zulassen"),
    ("Any", "Beliebig"),
    ("Birthday", "Geburtstag"),
    ("Bronze", "Bronze"),
    ("Canceled", "Storniert"),
    ("Cold", "Kalt"),
    ("Competitor", "Mitbewerber"),
    ("Consultant", "Berater"),
    ("Contact", "Kontakt"),
    ("Contacted", "Kontaktiert"),
    ("Contacts", "Kontakte"),
    ("Customer", "Kunde"),
    ("Default Value", "Standardwert"),
    ("Disqualified", "Disqualifiziert"),
    ("Divorced", "Geschieden"),
    ("Do Not Allow", "Nicht zulassen"),
    ("Email", "E-Mail"),
    ("Female", "Weiblich"),
    ("First Name", "Vorname"),
    ("Gender", "Geschlecht"),
    ("Hot", "Heiß"),
    ("In Progress", "In Bearbeitung"),
    ("Inactive", "Inaktiv"),
    ("Last Name", "Nachname"),
    ("Lead", "Lead"),
    ("Lost", "Verloren"),
    ("Mail", "Post"),
    ("Male", "Männlich"),
    ("Married", "Verheiratet"),
    ("Music", "Musik"),
    ("New", "Neu"),
    ("No", "Nein"),
    ("On Hold", "Zurückgestellt"),
    ("Open", "Offen"),
    ("Opportunity", "Verkaufschance"),
    ("Phone", "Telefon"),
    ("Qualified", "Qualifiziert"),
    ("Silver & Gold", "Silber & Gold"),
    ("Single", "Ledig"),
    ("Supplier", "Lieferant"),
    ("Tennis", "Tennis"),
    ("Warm", "Warm"),
    ("Widowed", "Verwitwet"),
    ("Won", "Gewonnen"),
    ("Yes", "Ja"),
];

/// The German label of an English one.
pub fn german(english: &str) -> Option<&'static str> {
    LABELS.binary_search_by_key(&english, |(english, _)| english).ok().map(|place| LABELS[place].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_by_halving() {
        assert!(LABELS.is_sorted_by_key(|(english, _)| english));
        assert_eq!(german("Male"), Some("Männlich"));
        assert_eq!(german("Food & Wine"), None);
    }
}
