//! Query options, encoded once.

use crate::encode;

/// The options of a query, in the order they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryOptions(Vec<(String, String)>);

impl QueryOptions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Any option by its name (`fetchXml`, `@p1`); the value is encoded when printed.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }
    /// `$select`; nothing for no columns, which means all.
    pub fn select<S: AsRef<str>>(self, columns: &[S]) -> Self {
        if columns.is_empty() {
            return self;
        }
        let list: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        self.option("$select", list.join(","))
    }
    /// `$filter`.
    pub fn filter(self, text: impl Into<String>) -> Self {
        self.option("$filter", text)
    }
    /// `$orderby`.
    pub fn order_by(self, text: impl Into<String>) -> Self {
        self.option("$orderby", text)
    }
    /// `$expand`.
    pub fn expand(self, text: impl Into<String>) -> Self {
        self.option("$expand", text)
    }
    /// `$top`.
    pub fn top(self, rows: u64) -> Self {
        self.option("$top", rows.to_string())
    }
    /// `?…`, or nothing.
    pub fn to_query(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            // Commas and dollar signs may stand in a query and keep it readable.
            text.push_str(&encode(value).replace("%2C", ",").replace("%24", "$"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::QueryOptions;

    #[test]
    fn a_plus_is_never_a_blank() {
        let query = QueryOptions::new()
            .select(&["fullname", "_parentcustomerid_value"])
            .filter("createdon ge 2026-01-01T10:00:00+02:00");
        assert_eq!(
            query.to_query(),
            "?$select=fullname,_parentcustomerid_value&$filter=createdon%20ge%202026-01-01T10%3A00%3A00%2B02%3A00"
        );
        assert_eq!(QueryOptions::new().select::<&str>(&[]).to_query(), "");
    }
}
