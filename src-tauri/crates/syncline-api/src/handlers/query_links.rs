//! Queries shared as `syncline://query?…`: language, name, environment and text; no connection's name and nothing secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;
use syncline_model::ErrorCode;
use syncline_store::Store;
use url::Url;

use super::query_store::word;
use crate::app::App;
use crate::wire::{ApiError, QueryLanguage, QueryLink, QueryOpened, QueryShare};

/// The form of the link; a later one is refused with a sentence in place of being misread.
const FORM: &str = "1";
/// Longest text in a link, in bytes.
const LONGEST: usize = 100_000;

pub(crate) async fn make(app: &Arc<App>, request: QueryShare) -> Result<QueryLink, ApiError> {
    let connection = app.connection(&request.connection).await?;
    if request.text.len() > LONGEST {
        return Err(ApiError::new(ErrorCode::Usage, "the query is too long for a link")
            .hint("copy its text in place of a link"));
    }
    Ok(QueryLink {
        link: write(request.language, &connection.url, request.name.as_deref().unwrap_or(""), &request.text),
    })
}

fn write(language: QueryLanguage, url: &str, name: &str, text: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("v", FORM).append_pair("language", word(language)).append_pair("environment", url);
    if !name.is_empty() {
        query.append_pair("name", name);
    }
    query.append_pair("text", &URL_SAFE_NO_PAD.encode(text));
    format!("syncline://query?{}", query.finish())
}

struct Read {
    language: QueryLanguage,
    url: String,
    name: String,
    text: String,
}

fn read(link: &str) -> Result<Read, ApiError> {
    let wrong = |what: &str| {
        ApiError::new(ErrorCode::Usage, format!("the link can't be read: {what}"))
            .hint("a link to a query begins with syncline://query? and is copied whole")
    };
    let link = Url::parse(link.trim()).map_err(|_| wrong("it is no address"))?;
    if link.scheme() != "syncline" || link.host_str() != Some("query") {
        return Err(wrong("it does not lead to a query"));
    }
    let part =
        |name: &str| link.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if part("v").as_deref() != Some(FORM) {
        return Err(wrong("it was made by a newer Syncline"));
    }
    let language = match part("language").as_deref() {
        Some("fetchxml") => QueryLanguage::FetchXml,
        Some("odata") => QueryLanguage::OData,
        Some(_) | None => return Err(wrong("its language is not known")),
    };
    let bytes = part("text")
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .filter(|bytes| bytes.len() <= LONGEST)
        .ok_or_else(|| wrong("its text is damaged"))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("its text is damaged"))?;
    let url = part("environment").unwrap_or_default();
    Ok(Read { language, url, name: part("name").unwrap_or_default(), text })
}

pub(crate) async fn open(app: &Arc<App>, request: QueryLink) -> Result<QueryOpened, ApiError> {
    let found = read(&request.link)?;
    let all = app.with_store(Store::connections).await?;
    let same = |url: &str| url.trim_end_matches('/').eq_ignore_ascii_case(found.url.trim_end_matches('/'));
    Ok(QueryOpened {
        connections: all
            .iter()
            .filter(|connection| same(&connection.url))
            .map(|connection| connection.name.to_string())
            .collect(),
        language: found.language,
        text: found.text,
        name: found.name,
        url: found.url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_it_was_written() {
        let link =
            write(QueryLanguage::FetchXml, "https://a.crm4.dynamics.com", "Zoë & co", "<fetch>é</fetch>");
        assert!(!link.contains('<'), "{link}");
        let found = read(&link).unwrap();
        assert_eq!((found.name.as_str(), found.text.as_str()), ("Zoë & co", "<fetch>é</fetch>"));
        assert_eq!(found.url, "https://a.crm4.dynamics.com");
        for bad in [
            "",
            "https://x",
            "syncline://other?v=1",
            "syncline://query?v=2",
            &link.replace("text=", "text=*"),
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
