//! Relationships of a big tenant's tables: lookups to the sample tables and to one another, and many-to-many.
use super::{PUBLISHERS, Wide, WideEntity, WideKind, names};

/// A lookup column of a wide table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideLookup {
    /// Logical name of the column.
    pub column: String,
    /// Schema name of the column, which is also the navigation property's name.
    pub schema: String,
    /// Display name of the column.
    pub display: String,
    /// Logical names of the tables it may point at.
    pub targets: Vec<String>,
    /// Schema name of the relationship to each target, which is also the collection's name there.
    pub relationships: Vec<String>,
}

/// A many-to-many relationship; its intersect table is a wide one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideManyToMany {
    /// Schema name, and the navigation property on both sides.
    pub name: String,
    /// Logical name of the intersect table.
    pub intersect: String,
    /// Logical name of one side.
    pub first: String,
    /// Logical name of the other side.
    pub second: String,
}

/// Sample tables that many tables point at, and out of a hundred lookups how many do.
const POPULAR: [(&str, &str, u64); 7] = [
    ("account", "Account", 12),
    ("contact", "Contact", 22),
    ("systemuser", "User", 27),
    ("transactioncurrency", "Currency", 30),
    ("product", "Product", 33),
    ("opportunity", "Opportunity", 35),
    ("new_project", "Project", 36),
];

impl Wide {
    /// How many lookups a table has beside those that all have.
    pub(super) fn lookup_count(&self, e: &WideEntity) -> u32 {
        match e.kind {
            WideKind::UserOwned => 1 + (self.dice(20, e.number) % 6) as u32,
            WideKind::Organization => (self.dice(20, e.number) % 4) as u32,
            WideKind::Intersect | WideKind::Virtual => 0,
        }
    }

    /// Lookups that are the table's own (not owner, creator and the like).
    pub fn lookups(&self, e: &WideEntity) -> Vec<WideLookup> {
        (0..self.lookup_count(e)).map(|nth| self.lookup(e, nth)).collect()
    }

    fn lookup(&self, e: &WideEntity, nth: u32) -> WideLookup {
        let dice = self.dice(21 + u64::from(nth), e.number);
        let prefix = e.prefix();
        let made = |word: &str, targets: Vec<String>| {
            let schema = format!("{prefix}{}{}", names::schema(word), nth + 1);
            WideLookup {
                column: schema.to_lowercase(),
                display: word.to_owned(),
                relationships: targets
                    .iter()
                    .map(|to| format!("{prefix}{to}_{}_{}", e.logical, nth + 1))
                    .collect(),
                targets,
                schema,
            }
        };
        // A customer column points at either of two tables.
        if dice % 100 < 4 {
            return made("Customer", vec!["account".to_owned(), "contact".to_owned()]);
        }
        if let Some((table, word, _)) = POPULAR.iter().find(|(.., below)| dice % 100 < *below) {
            return made(word, vec![(*table).to_owned()]);
        }
        // The others stay within what the publisher made; a tenth point at the table itself.
        let own = (dice / 100).is_multiple_of(10);
        let target = (!own).then(|| self.sibling(e, dice / 1000)).flatten().unwrap_or(e);
        let word =
            if target.number == e.number { format!("Parent {}", e.display) } else { target.display.clone() };
        let word = if word.is_ascii() && word.len() < 60 { word } else { "Related Record".to_owned() };
        made(&word, vec![target.logical.clone()])
    }

    /// Another table of the same publisher that has rows of its own.
    fn sibling(&self, e: &WideEntity, dice: u64) -> Option<&WideEntity> {
        let count = self.entities().len() as u64;
        (0..40).map(|step| ((dice + step * 13) % count.max(1)) as u32).filter_map(|n| self.entity(n)).find(
            |other| {
                other.publisher == e.publisher
                    && !matches!(other.kind, WideKind::Intersect | WideKind::Virtual)
            },
        )
    }

    /// The relationship behind an intersect table.
    pub fn many_to_many(&self, e: &WideEntity) -> Option<WideManyToMany> {
        if e.kind != WideKind::Intersect {
            return None;
        }
        let dice = self.dice(30, e.number);
        let first = self.sibling(e, dice / 7).map_or("account", |other| other.logical.as_str());
        let second = match dice % 4 {
            0 => "contact",
            1 => "account",
            _ => self.sibling(e, dice / 11 + 500).map_or("contact", |other| other.logical.as_str()),
        };
        // A table is not linked with itself here.
        let second = if second == first { "systemuser" } else { second };
        Some(WideManyToMany {
            name: format!("{}_association", e.logical),
            intersect: e.logical.clone(),
            first: first.to_owned(),
            second: second.to_owned(),
        })
    }

    /// Lookups of wide tables that point at a table: the table that holds it, the lookup, which of its targets.
    pub fn referencing<'a>(
        &'a self,
        logical: &'a str,
    ) -> impl Iterator<Item = (&'a WideEntity, WideLookup, usize)> {
        self.entities().iter().flat_map(move |e| {
            self.lookups(e).into_iter().filter_map(move |lookup| {
                let at = lookup.targets.iter().position(|target| target == logical)?;
                Some((e, lookup, at))
            })
        })
    }

    /// Many-to-many relationships that a table takes part in.
    pub fn associations<'a>(&'a self, logical: &'a str) -> impl Iterator<Item = WideManyToMany> + 'a {
        self.entities()
            .iter()
            .filter_map(|e| self.many_to_many(e))
            .filter(move |m| m.first == logical || m.second == logical)
    }

    /// The solution that brought a table: publisher and solution names.
    pub fn solution_of(&self, e: &WideEntity) -> (&'static str, &'static str) {
        PUBLISHERS[e.publisher].solutions[e.solution]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::entities::schema;

    #[test]
    fn relationships_lead_somewhere_and_accounts_have_many() {
        let sample = schema();
        let wide = Wide::new(3, &sample);
        let known = |name: &str| wide.by_logical(name).is_some() || sample.by_logical(name).is_some();
        for entity in wide.entities() {
            for lookup in wide.lookups(entity) {
                assert!(lookup.targets.iter().all(|to| known(to)), "{lookup:?}");
                assert_eq!(lookup.targets.len(), lookup.relationships.len());
            }
            if let Some(many) = wide.many_to_many(entity) {
                assert!(known(&many.first) && known(&many.second) && many.first != many.second, "{many:?}");
            }
        }
        let neighbours: std::collections::HashSet<_> =
            wide.referencing("account").map(|(from, ..)| from.logical.clone()).collect();
        assert!(neighbours.len() >= 100, "{}", neighbours.len());
        assert!(wide.associations("contact").count() > 3);
    }
}
