//! The page a person sees in the browser at the end. Self-contained: no script, nothing loaded.

/// Sent with each page.
pub(crate) const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// A page with a heading and paragraphs.
pub(crate) fn page(good: bool, heading: &str, lines: &[&str]) -> String {
    let body: String =
        lines.iter().filter(|line| !line.is_empty()).map(|line| format!("<p>{}</p>", escape(line))).collect();
    let heading = escape(heading);
    let colour = if good { "#107c10" } else { "#c50f1f" };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{heading} - Syncline</title><style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;\
         max-width:36rem;margin:15vh auto 0;padding:0 1.5rem}}h1{{font-size:1.5rem;border-left:.4rem solid {colour};\
         padding-left:.8rem}}</style></head><body><main><h1>{heading}</h1>{body}</main></body></html>"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_of_the_text_becomes_markup() {
        let page = super::page(false, "<b>", &["\"><script>alert(1)</script>"]);
        assert!(!page.contains("<script") && !page.contains("<b>"));
    }
}
