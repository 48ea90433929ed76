//! A record's JSON with only some of its columns.

use syncline_model::{ColumnName, members};

use crate::StoreError;

/// Names that are compared before one is looked up: annotations come and go with their values.
const AHEAD: usize = 4;

/// Leaves out what was not asked for, record by record.
pub(crate) struct Narrow<'a> {
    columns: &'a [ColumnName],
    /// The members of the first record in their order, and whether they stay: the service writes all records alike, so that the next
    /// name can be guessed.
    order: Vec<(Box<str>, bool)>,
}

impl<'a> Narrow<'a> {
    /// To these columns with their annotations, and to the annotations of the record itself; none: to everything.
    pub(crate) fn to(columns: &'a [ColumnName]) -> Self {
        Self { columns, order: Vec::new() }
    }

    fn wants(&self, member: &str) -> bool {
        let name = member.split_once('@').map_or(member, |(name, _)| name);
        let plain = name.strip_prefix('_').and_then(|name| name.strip_suffix("_value"));
        name.is_empty()
            || self.columns.iter().any(|column| column.as_str() == name || Some(column.as_str()) == plain)
    }

    /// What is left of a record.
    pub(crate) fn text(&mut self, raw: String) -> Result<String, StoreError> {
        if self.columns.is_empty() {
            return Ok(raw);
        }
        let learns = self.order.is_empty();
        let mut at = 0;
        let mut text = String::with_capacity(raw.len());
        text.push('{');
        for member in members(&raw)? {
            let member = member?;
            let name = member.name.as_ref();
            let near = self.order.get(at..).unwrap_or_default().iter().take(AHEAD);
            let wanted = match near.enumerate().find(|(_, (known, _))| **known == *name) {
                Some((step, (_, wanted))) => {
                    at += step + 1;
                    *wanted
                }
                None => self.wants(name),
            };
            if learns {
                self.order.push((name.into(), wanted));
                at = self.order.len();
            }
            if wanted {
                if text.len() > 1 {
                    text.push(',');
                }
                text.push_str(member.token);
                text.push(':');
                text.push_str(member.value);
            }
        }
        text.push('}');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_the_same_in_any_order() {
        let columns: Vec<ColumnName> = ["fullname", "parentcustomerid"].map(ColumnName::from).to_vec();
        let mut narrow = Narrow::to(&columns);
        let all = r#"{"@odata.etag":"1","a":1,"fullname":"Zo\"ë","fullname@x":{"b":[2]},"_parentcustomerid_value":"9","_parentcustomerid_value@y":"z","zz":null}"#;
        let left = r#"{"@odata.etag":"1","fullname":"Zo\"ë","fullname@x":{"b":[2]},"_parentcustomerid_value":"9","_parentcustomerid_value@y":"z"}"#;
        for _ in 0..2 {
            assert_eq!(narrow.text(all.to_owned()).unwrap(), left);
        }
        // Others come in another order, with less, and with what the first did not have.
        let other = r#"{"zz":1,"new":2,"_parentcustomerid_value":"8","fullname":"B","a":3}"#;
        assert_eq!(
            narrow.text(other.to_owned()).unwrap(),
            r#"{"_parentcustomerid_value":"8","fullname":"B"}"#
        );
        assert_eq!(narrow.text("{}".to_owned()).unwrap(), "{}");
        assert!(narrow.text("[]".to_owned()).is_err());
        assert_eq!(Narrow::to(&[]).text(all.to_owned()).unwrap(), all);
    }
}
