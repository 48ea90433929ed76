//! The document as an Excel workbook: summary with charts, causes, every row with a problem, samples, the definition.

use rust_xlsxwriter::{
    Chart, ChartDataLabel, ChartType, Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};
use std::path::Path;
use syncline_model::{ErrorCode, FieldChange, SynclineError};
use syncline_store::{PlanRowFilter, Store};

use super::content::{Content, counts};
use super::masked::Shown;
use crate::handlers::export::file_fault;

/// Rows of a sheet, its head included (Excel's limit).
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell (Excel's limit).
const MOST_CHARACTERS: usize = 32_767;

pub(super) fn write(store: &Store, ways: &[Content], path: &Path) -> Result<(), SynclineError> {
    let fault = |error: XlsxError| match error {
        XlsxError::IoError(error) => file_fault(path, &error),
        other => SynclineError::new(ErrorCode::File, format!("{}: {other}", path.display()))
            .hint("write the document as HTML or JSON"),
    };
    let mut book = Workbook::new();
    let looks = Looks::new();
    for content in ways {
        summary(book.add_worksheet(), content, &looks).map_err(fault)?;
        causes(book.add_worksheet(), content, &looks).map_err(fault)?;
        problem_rows(&mut book, store, content, &looks, &fault)?;
        samples(book.add_worksheet(), content, &looks).map_err(fault)?;
    }
    if let Some(content) = ways.first() {
        definition(book.add_worksheet(), content).map_err(fault)?;
    }
    book.save(path).map_err(fault)
}

/// How cells look. All of them stand at the top, since texts that run over several lines stand beside short ones.
struct Looks {
    term: Format,
    head: Format,
    cell: Format,
    wrap: Format,
    /// A number at its place in a column of numbers.
    number: Format,
    /// A number beside its name.
    beside: Format,
}

impl Looks {
    fn new() -> Self {
        let top = || Format::new().set_align(FormatAlign::Top);
        let number = || top().set_num_format("#,##0");
        Self {
            term: top().set_bold(),
            head: top()
                .set_bold()
                .set_background_color(Color::RGB(0xF0_F0_F0))
                .set_border_bottom(FormatBorder::Thin),
            cell: top(),
            wrap: top().set_text_wrap(),
            number: number().set_align(FormatAlign::Right).set_indent(1),
            beside: number().set_align(FormatAlign::Left),
        }
    }
}

/// On paper a sheet is as wide as the page, with its name and the page's number at the foot.
fn printed(sheet: &mut Worksheet) {
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0).set_footer("&L&A&RPage &P of &N");
}

/// The head of a table: it stays in sight, and stands on every printed page.
fn heads(sheet: &mut Worksheet, heads: &[(&str, f64)], looks: &Looks) -> Result<(), XlsxError> {
    printed(sheet);
    sheet.set_repeat_rows(0, 0)?.set_freeze_panes(1, 0)?;
    for (at, (_, width)) in heads.iter().enumerate() {
        sheet.set_column_width(at as u16, *width)?;
    }
    for (at, (name, _)) in heads.iter().enumerate() {
        sheet.write_with_format(0, at as u16, *name, &looks.head)?;
    }
    Ok(())
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn summary(sheet: &mut Worksheet, content: &Content, looks: &Looks) -> Result<(), XlsxError> {
    let name = content.named("Summary");
    sheet.set_name(&name)?;
    printed(sheet);
    sheet.set_column_width(0, 26)?;
    sheet.set_column_width(1, 70)?;
    let mut row = 0;
    let way = content.way().map(|(_, facts)| facts).unwrap_or_default();
    for (term, text) in content.facts().into_iter().chain(way) {
        sheet.write_with_format(row, 0, term, &looks.term)?;
        sheet.write_with_format(row, 1, cut(&text), &looks.wrap)?;
        row += 1;
    }
    row += 1;
    sheet.write_with_format(row, 0, "Action", &looks.head)?;
    sheet.write_with_format(row, 1, "Records", &looks.head)?;
    let first = row + 1;
    for (action, count) in counts(&content.summary) {
        row += 1;
        sheet.write(row, 0, action.as_str())?;
        sheet.write_with_format(row, 1, count as f64, &looks.beside)?;
    }
    let mut chart = Chart::new(ChartType::Column);
    chart
        .add_series()
        .set_name("Records")
        .set_categories((name.as_str(), first, 0, row, 0))
        .set_values((name.as_str(), first, 1, row, 1))
        .set_data_label(ChartDataLabel::new().show_value());
    chart.title().set_name("Records by action");
    chart.legend().set_hidden();
    sheet.insert_chart(0, 3, &chart)?;
    for (term, count) in [
        ("read", content.summary.summary.read),
        ("not in the source any more", content.summary.summary.vanished),
        ("held back by hand", content.summary.summary.excluded),
        ("events", content.summary.summary.events),
        ("write requests", content.summary.requests),
        ("bytes", content.summary.bytes),
    ] {
        row += 1;
        sheet.write(row, 0, term)?;
        sheet.write_with_format(row, 1, count as f64, &looks.beside)?;
    }
    Ok(())
}

fn causes(sheet: &mut Worksheet, content: &Content, looks: &Looks) -> Result<(), XlsxError> {
    let name = content.named("Causes");
    sheet.set_name(&name)?;
    const HEADS: [(&str, f64); 5] =
        [("Cause", 26.0), ("Rows", 10.0), ("Field", 24.0), ("Rule", 76.0), ("Example", 100.0)];
    heads(sheet, &HEADS, looks)?;
    let mut row = 0;
    for group in &content.groups {
        row += 1;
        sheet.write_with_format(row, 0, cut(&group.issue.code), &looks.cell)?;
        sheet.write_with_format(row, 1, group.issue.rows as f64, &looks.number)?;
        sheet.write_with_format(row, 2, cut(&group.issue.field), &looks.wrap)?;
        sheet.write_with_format(row, 3, cut(&group.issue.rule), &looks.wrap)?;
        sheet.write_with_format(row, 4, cut(&group.issue.example), &looks.wrap)?;
    }
    if row > 0 {
        let mut chart = Chart::new(ChartType::Bar);
        chart
            .add_series()
            .set_name("Rows")
            .set_categories((name.as_str(), 1, 0, row, 0))
            .set_values((name.as_str(), 1, 1, row, 1))
            .set_data_label(ChartDataLabel::new().show_value());
        // As in the table: the most frequent one on top. The horizontal axis of bars is the one of values.
        chart.y_axis().set_reverse();
        chart.x_axis().set_hidden(true).set_major_gridlines(false);
        chart.title().set_name("Rows by cause");
        chart.legend().set_hidden();
        sheet.insert_chart(row + 2, 0, &chart)?;
    }
    Ok(())
}

/// Every row with an issue, an issue a line; what does not fit on one sheet goes onto the next.
fn problem_rows(
    book: &mut Workbook,
    store: &Store,
    content: &Content,
    looks: &Looks,
    fault: &dyn Fn(XlsxError) -> SynclineError,
) -> Result<(), SynclineError> {
    const HEADS: [(&str, f64); 8] = [
        ("Row", 8.0),
        ("Record", 36.0),
        ("Source id", 38.0),
        ("Action", 11.0),
        ("Cause", 24.0),
        ("Field", 22.0),
        ("What", 80.0),
        ("Rule", 76.0),
    ];
    let mut sheets = 0;
    let mut at = MOST_ROWS;
    let mut place = 0;
    let filter = PlanRowFilter { any_issue: true, ..PlanRowFilter::default() };
    let begin = |book: &mut Workbook, sheets: &mut u32| -> Result<usize, XlsxError> {
        *sheets += 1;
        let name = content.named("Problem rows");
        let name = if *sheets == 1 { name } else { format!("{name} {sheets}") };
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        heads(sheet, &HEADS, looks)?;
        Ok(book.worksheets().len() - 1)
    };
    content.each(store, &filter, |row| {
        for issue in &row.issues {
            let mut line = || -> Result<(), XlsxError> {
                if at >= MOST_ROWS {
                    place = begin(book, &mut sheets)?;
                    at = 1;
                }
                let sheet = book.worksheet_from_index(place)?;
                sheet.write_with_format(at, 0, f64::from(row.ordinal), &looks.number)?;
                for (column, text) in [
                    row.title.as_str(),
                    &row.source_id,
                    row.action.as_str(),
                    &issue.code,
                    &issue.field,
                    &issue.message,
                    &content.rule(&issue.code, &issue.field),
                ]
                .into_iter()
                .enumerate()
                {
                    sheet.write_with_format(at, column as u16 + 1, cut(text), &looks.wrap)?;
                }
                at += 1;
                Ok(())
            };
            line().map_err(fault)?;
        }
        Ok(())
    })
}

/// What a row would change: fields with what is there and what would be, and its events with their parameters. At least one line.
fn lines(row: &Shown) -> Vec<(String, String, String)> {
    let change =
        |change: &FieldChange| (change.field.clone(), change.from.display_text(), change.to.display_text());
    let mut lines: Vec<_> = row.changes.iter().map(change).collect();
    for event in row.events() {
        let name = format!("event {}", event.name);
        let parameters = event
            .parameters
            .iter()
            .map(|(parameter, value)| (format!("{name}: {parameter}"), String::new(), value.display_text()));
        let parameters: Vec<_> = parameters.collect();
        lines.push((name, String::new(), event.timestamp.clone()));
        lines.extend(parameters);
    }
    if lines.is_empty() {
        lines.push(Default::default());
    }
    lines
}

fn samples(sheet: &mut Worksheet, content: &Content, looks: &Looks) -> Result<(), XlsxError> {
    const HEADS: [(&str, f64); 7] = [
        ("Action", 11.0),
        ("Record", 36.0),
        ("Source id", 38.0),
        ("Why", 36.0),
        ("Field", 22.0),
        ("Now there", 40.0),
        ("Would be", 40.0),
    ];
    sheet.set_name(content.named("Samples"))?;
    heads(sheet, &HEADS, looks)?;
    let mut at = 0;
    for row in content.samples.iter().flat_map(|(_, rows)| rows) {
        for (field, from, to) in lines(row) {
            at += 1;
            let texts = [row.action.as_str(), &row.title, &row.source_id, &row.reason, &field, &from, &to];
            for (column, text) in texts.into_iter().enumerate() {
                sheet.write_with_format(at, column as u16, cut(text), &looks.wrap)?;
            }
        }
    }
    Ok(())
}

fn definition(sheet: &mut Worksheet, content: &Content) -> Result<(), XlsxError> {
    sheet.set_name("Definition")?;
    printed(sheet);
    sheet.set_column_width(0, 120)?;
    for (at, line) in content.definition.to_json().lines().enumerate() {
        sheet.write(at as u32, 0, cut(line))?;
    }
    Ok(())
}
