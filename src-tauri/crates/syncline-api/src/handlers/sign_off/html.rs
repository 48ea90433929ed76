//! The document as one page: no script, nothing from elsewhere, light and dark, fit for paper.

use std::fmt::Write as _;
use std::path::Path;
use syncline_model::{MappedEvent, SynclineError, Value};

use super::content::{Content, counts};
use super::masked::Shown;
use crate::handlers::export::file_fault;

const STYLE: &str = include_str!("page.css");
/// Causes in the chart.
const BARS: usize = 12;
/// Characters of a value that are shown.
const LONGEST: usize = 300;

pub(super) fn write(ways: &[Content], path: &Path) -> Result<(), SynclineError> {
    std::fs::write(path, page(ways)).map_err(|error| file_fault(path, &error))
}

/// A text as HTML shows it.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What has no place in a page.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn lines(facts: &[(&'static str, String)], out: &mut String) {
    out.push_str("<dl>\n");
    for (term, text) in facts {
        // Writing to a string does not fail.
        let _ = writeln!(out, "<dt>{term}</dt><dd dir=\"auto\">{}</dd>", escape(text));
    }
    out.push_str("</dl>\n");
}

fn page(ways: &[Content]) -> String {
    let Some(content) = ways.first() else { return String::new() };
    let name = escape(&content.summary.definition);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Preview of {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{name}</h1>\n\
         <p class=\"soft\">Preview of what would be written, signed off by {} on {}</p>\n</header>\n<main>\n",
        escape(&content.signed.by),
        escape(&content.signed.at)
    );
    lines(&content.facts(), &mut out);
    for way in ways {
        if let Some((title, facts)) = way.way() {
            let _ = writeln!(out, "<h2 class=\"way\">{}</h2>", escape(&title));
            lines(&facts, &mut out);
        }
        figures(way, &mut out);
        problems(way, &mut out);
        samples(way, &mut out);
    }
    let json = content.definition.to_json();
    let _ = write!(
        out,
        "<h2>The definition</h2>\n<pre>{}</pre>\n</main>\n</body>\n</html>\n",
        escape(json.trim_end())
    );
    out
}

fn figures(content: &Content, out: &mut String) {
    let summary = &content.summary;
    let all = counts(summary);
    // A step of a row, or a record that the source does not hold any more, is a row that was not read.
    let total: u64 = all.iter().map(|(_, count)| count).sum();
    let _ = writeln!(out, "<h2>{} records read</h2>", summary.summary.read);
    if summary.summary.vanished > 0 {
        let vanished = summary.summary.vanished;
        let _ =
            writeln!(out, "<p>{vanished} more are at the destination and not in the source any more.</p>");
    }
    if total > 0 {
        let said: Vec<String> =
            all.iter().map(|(action, count)| format!("{} {count}", action.as_str())).collect();
        let _ = write!(out, "<svg viewBox=\"0 0 1000 28\" role=\"img\" aria-label=\"{}\">", said.join(", "));
        let mut from = 0.0;
        for (action, count) in all {
            let width = count as f64 / total as f64 * 1000.0;
            if count > 0 {
                let _ = write!(
                    out,
                    "<rect class=\"{}\" x=\"{from:.2}\" y=\"0\" width=\"{width:.2}\" height=\"28\"/>",
                    action.as_str()
                );
            }
            from += width;
        }
        out.push_str("</svg>\n");
    }
    out.push_str("<ul class=\"key\">\n");
    for (action, count) in all {
        let part = if total > 0 { count as f64 / total as f64 * 100.0 } else { 0.0 };
        let _ = writeln!(
            out,
            "<li><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"{0}\" width=\"12\" height=\"12\"/></svg>{count} {0} ({part:.1} %)</li>",
            action.as_str()
        );
    }
    out.push_str("</ul>\n");
    let _ = writeln!(
        out,
        "<p>{}, {}, {}; {} held back by hand.</p>",
        counted(summary.requests, "write request"),
        counted(summary.bytes, "byte"),
        counted(summary.summary.events, "event"),
        counted(summary.summary.excluded, "row")
    );
}

fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

fn problems(content: &Content, out: &mut String) {
    let _ = writeln!(out, "<h2>Problems by cause ({})</h2>", content.groups.len());
    if content.groups.is_empty() {
        out.push_str("<p>None.</p>\n");
        return;
    }
    let most = content.groups.iter().map(|group| group.issue.rows).max().unwrap_or(1).max(1);
    let bars = &content.groups[..content.groups.len().min(BARS)];
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 1000 {}\" role=\"img\" aria-label=\"Rows by cause\">",
        bars.len() * 24
    );
    for (at, group) in bars.iter().enumerate() {
        let width = (group.issue.rows as f64 / most as f64 * 560.0).max(1.0);
        let y = at * 24;
        let name = cut(&format!("{} {}", group.issue.code.replace('_', " "), group.issue.field), 48);
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{}\">{}</text><rect class=\"invalid\" x=\"340\" y=\"{}\" width=\"{width:.1}\" height=\"16\"/><text x=\"{:.1}\" y=\"{}\">{}</text>",
            y + 16,
            escape(&name),
            y + 3,
            346.0 + width,
            y + 16,
            group.issue.rows
        );
    }
    out.push_str("</svg>\n");
    for group in &content.groups {
        let issue = &group.issue;
        let field = if issue.field.is_empty() { String::new() } else { format!(" · {}", issue.field) };
        let _ = writeln!(out, "<h3>{}{} — {} rows</h3>", escape(&issue.code), escape(&field), issue.rows);
        if !issue.rule.is_empty() {
            let _ = writeln!(out, "<p>Rule: {}</p>", escape(&issue.rule));
        }
        out.push_str("<table><thead><tr><th scope=\"col\">Record</th><th scope=\"col\">Source id</th><th scope=\"col\">What</th></tr></thead><tbody>\n");
        for (title, id, message) in &group.rows {
            let _ = writeln!(
                out,
                "<tr><td dir=\"auto\">{}</td><td><code>{}</code></td><td dir=\"auto\">{}</td></tr>",
                escape(&cut(title, LONGEST)),
                escape(id),
                escape(&cut(message, LONGEST))
            );
        }
        out.push_str("</tbody></table>\n");
        let shown = group.rows.len() as u64;
        if issue.rows > shown {
            let _ = writeln!(out, "<p class=\"soft\">and {} more rows</p>", issue.rows - shown);
        }
    }
}

fn samples(content: &Content, out: &mut String) {
    out.push_str("<h2>Samples of each action</h2>\n");
    for (action, rows) in &content.samples {
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "<h3>{}</h3>", action.as_str());
        for row in rows {
            sample(row, out);
        }
    }
}

fn sample(row: &Shown, out: &mut String) {
    let held = if row.held_back { " · held back by hand" } else { "" };
    let _ = writeln!(
        out,
        "<section class=\"row\"><p><b><bdi>{}</bdi></b><code>{}</code></p><p class=\"soft\">{}{held}</p>",
        escape(&cut(&row.title, LONGEST)),
        escape(&row.source_id),
        escape(&cut(&row.reason, LONGEST))
    );
    if !row.changes.is_empty() {
        out.push_str("<table><thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Now there</th><th scope=\"col\">Would be</th></tr></thead><tbody>\n");
        for change in &row.changes {
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td dir=\"auto\"><del>{}</del></td><td dir=\"auto\"><ins>{}</ins></td></tr>",
                escape(&change.field),
                escape(&text(&change.from)),
                escape(&text(&change.to))
            );
        }
        out.push_str("</tbody></table>\n");
    }
    for sent in row.events() {
        event(sent, out);
    }
    if let Some(request) = &row.request {
        let _ = writeln!(
            out,
            "<details><summary>The exact request</summary><pre>{}</pre></details>",
            escape(request)
        );
    }
    out.push_str("</section>\n");
}

/// An event that would be sent, with its parameters.
fn event(event: &MappedEvent, out: &mut String) {
    let when = if event.timestamp.is_empty() { "when it is sent" } else { &event.timestamp };
    let _ = writeln!(
        out,
        "<table><thead><tr><th scope=\"col\">Event</th><th scope=\"col\">{}</th></tr></thead><tbody>\n<tr><td>timestamp</td><td>{}</td></tr>",
        escape(&event.name),
        escape(when)
    );
    for (name, value) in event.parameters.iter() {
        let _ =
            writeln!(out, "<tr><td>{}</td><td dir=\"auto\">{}</td></tr>", escape(name), escape(&text(value)));
    }
    out.push_str("</tbody></table>\n");
}

fn text(value: &Value) -> String {
    let shown = value.display_text();
    if shown.is_empty() { "–".to_owned() } else { cut(&shown, LONGEST) }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(
            escape("<script>\"'&\u{0}</script>"),
            "&lt;script&gt;&quot;&#39;&amp;\u{fffd}&lt;/script&gt;"
        );
    }
}
