//! A request and an answer free of the HTTP server's types: `$batch` runs its parts through the same door.
use super::caller::Caller;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// One request to the Web API, from the wire or from a part of `$batch`.
#[derive(Debug, Clone)]
pub(crate) struct ApiRequest {
    pub method: Method,
    /// What follows `/api/data/{version}`, still percent-encoded, without the leading slash.
    pub path: String,
    /// The query string without `?`, still percent-encoded.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub caller: Caller,
    /// `http://host:port/api/data/v9.2`, without a slash at the end.
    pub service_root: String,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct ApiResponse {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl ApiResponse {
    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: 204, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// A JSON body, already written.
    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: HeaderMap::new(), body }
            .with("content-type", "application/json; odata.metadata=minimal")
    }

    /// A JSON value.
    pub(crate) fn value(status: u16, value: &serde_json::Value) -> Self {
        Self::json(status, value.to_string().into_bytes())
    }

    /// Adds a header; a value that HTTP does not allow is left out.
    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.append(HeaderName::from_static(name), value);
        }
        self
    }
}

/// The annotations asked for by `odata.include-annotations`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Annotations {
    pub formatted: bool,
    pub lookup_name: bool,
    pub navigation: bool,
    pub morerecords: bool,
    pub cookie: bool,
    pub totals: bool,
    /// The number that changes with any change of the schema.
    pub version: bool,
    pub any: bool,
}

/// The `Prefer` header, several of them joined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preferences {
    pub max_page_size: Option<usize>,
    pub annotations: Annotations,
    pub include_annotations: Option<String>,
    pub representation: bool,
    pub track_changes: bool,
    pub continue_on_error: bool,
}

impl Preferences {
    /// Reads every `Prefer` header. Unknown preferences are ignored, as HTTP asks.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut out = Self::default();
        for header in headers.get_all("prefer") {
            let Ok(text) = header.to_str() else { continue };
            for item in split_outside_quotes(text) {
                out.take(item.trim());
            }
        }
        out
    }

    fn take(&mut self, item: &str) {
        let (name, value) = item.split_once('=').map_or((item, ""), |(n, v)| (n.trim(), v.trim()));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "odata.maxpagesize" => {
                self.max_page_size = value.parse::<usize>().ok().filter(|n| *n > 0).map(|n| n.min(5000));
            }
            "return" => self.representation = value == "representation",
            "odata.track-changes" => self.track_changes = true,
            "odata.continue-on-error" => self.continue_on_error = true,
            // The documentation writes a lone `*` without quotes too ("Use bulk operation messages"). A list needs them: its commas would
            // end the preference.
            "odata.include-annotations" => {
                self.include_annotations = Some(value.to_owned());
                let on = |name: &str| {
                    value.split(',').map(str::trim).any(|p| match p.strip_suffix('*') {
                        Some(prefix) => name.starts_with(prefix),
                        None => p == name,
                    })
                };
                self.annotations = Annotations {
                    formatted: on("OData.Community.Display.V1.FormattedValue"),
                    lookup_name: on("Microsoft.Dynamics.CRM.lookuplogicalname"),
                    navigation: on("Microsoft.Dynamics.CRM.associatednavigationproperty"),
                    morerecords: on("Microsoft.Dynamics.CRM.morerecords"),
                    cookie: on("Microsoft.Dynamics.CRM.fetchxmlpagingcookie"),
                    totals: on("Microsoft.Dynamics.CRM.totalrecordcount"),
                    version: on("Microsoft.Dynamics.CRM.globalmetadataversion"),
                    any: !value.is_empty(),
                };
            }
            _ => {}
        }
    }
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                out.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_and_repeated_preferences_are_read() {
        let mut headers = HeaderMap::new();
        headers.append("prefer", HeaderValue::from_static("odata.maxpagesize=10, return=representation"));
        headers.append(
            "prefer",
            HeaderValue::from_static(
                "odata.include-annotations=\"OData.Community.*,Microsoft.Dynamics.CRM.lookuplogicalname\"",
            ),
        );
        let read = Preferences::read(&headers);
        assert_eq!(read.max_page_size, Some(10));
        assert!(read.representation && read.annotations.formatted && read.annotations.lookup_name);
        assert!(!read.annotations.navigation);
    }

    #[test]
    fn annotations_are_named_in_quotes_or_by_a_star() {
        let mut headers = HeaderMap::new();
        let one = "odata.include-annotations=Microsoft.Dynamics.CRM.lookuplogicalname,OData.Community.*";
        headers.append("prefer", HeaderValue::from_static(one));
        let read = Preferences::read(&headers).annotations;
        assert!(read.lookup_name && !read.formatted);
        headers.append("prefer", HeaderValue::from_static("odata.include-annotations=*"));
        assert!(Preferences::read(&headers).annotations.navigation);
    }
}
