//! A record's JSON with only some of its columns.

use syncline_model::{ColumnName, members};

use crate::StoreError;

/// Names that are compared before one is looked up: annotations come and go with their values.
const AHEAD: usize = 4;

/// Leaves out what was not asked for, record by record.
pub(crate) struct Narrow<'a> {
    columns: &'a [ColumnName],
    /// The names of the first record's members as they are written, in their order, and whether they stay: the service writes all records
    /// alike, so that the next name can be guessed.
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
        let mut text = String::with_capacity(raw.len());
        text.push('{');
        let mut keep = |token: &str, value: &str| {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(token);
            text.push(':');
            text.push_str(value);
        };
        let mut found = members(&raw)?;
        if self.order.is_empty() {
            for member in found {
                let member = member?;
                let wanted = self.wants(&member.name);
                if wanted {
                    keep(member.token, member.value);
                }
                self.order.push((member.token.into(), wanted));
            }
            text.push('}');
            return Ok(text);
        }
        let mut at = 0;
        loop {
            let mut near = self.order.get(at..).unwrap_or_default().iter().take(AHEAD).enumerate();
            let guess = near.find_map(|(step, known)| Some((step, known, found.next_if(&known.0)?)));
            match guess {
                Some((step, (token, wanted), value)) => {
                    at += step + 1;
                    let value = value?;
                    if *wanted {
                        keep(token, value);
                    }
                }
                None => {
                    let Some(member) = found.next() else { break };
                    let member = member?;
                    if self.wants(&member.name) {
                        keep(member.token, member.value);
                    }
                }
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
