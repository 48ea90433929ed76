//! The document as an Excel workbook: summary with charts, causes, every row with a problem, samples, the definition.

use rust_xlsxwriter::{Chart, ChartType, Format, FormatAlign, Workbook, Worksheet, XlsxError};
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
    let head = Format::new().set_bold();
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for content in ways {
        summary(book.add_worksheet(), content, &head, &wrap).map_err(fault)?;
        causes(book.add_worksheet(), content, &head, &wrap).map_err(fault)?;
        problem_rows(&mut book, store, content, &head, &fault)?;
        samples(book.add_worksheet(), content, &head, &wrap).map_err(fault)?;
    }
    if let Some(content) = ways.first() {
        definition(book.add_worksheet(), content).map_err(fault)?;
    }
    book.save(path).map_err(fault)
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn summary(sheet: &mut Worksheet, content: &Content, head: &Format, wrap: &Format) -> Result<(), XlsxError> {
    let name = content.named("Summary");
    sheet.set_name(&name)?;
    sheet.set_column_width(0, 26)?;
    sheet.set_column_width(1, 70)?;
    let mut row = 0;
    let way = content.way().map(|(_, facts)| facts).unwrap_or_default();
    for (term, text) in content.facts().into_iter().chain(way) {
        sheet.write_with_format(row, 0, term, head)?;
        sheet.write_with_format(row, 1, cut(&text), wrap)?;
        row += 1;
    }
    row += 1;
    sheet.write_with_format(row, 0, "Action", head)?;
    sheet.write_with_format(row, 1, "Records", head)?;
    let first = row + 1;
    for (action, count) in counts(&content.summary) {
        row += 1;
        sheet.write(row, 0, action.as_str())?;
        sheet.write(row, 1, count as f64)?;
    }
    let mut chart = Chart::new(ChartType::Column);
    chart.add_series().set_name("Records").set_categories((name.as_str(), first, 0, row, 0)).set_values((
        name.as_str(),
        first,
        1,
        row,
        1,
    ));
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
        sheet.write(row, 1, count as f64)?;
    }
    Ok(())
}

fn causes(sheet: &mut Worksheet, content: &Content, head: &Format, wrap: &Format) -> Result<(), XlsxError> {
    let name = content.named("Causes");
    sheet.set_name(&name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, (name, width)) in
        [("Cause", 26.0), ("Rows", 10.0), ("Field", 24.0), ("Rule", 60.0), ("Example", 60.0)]
            .into_iter()
            .enumerate()
    {
        sheet.set_column_width(at as u16, width)?;
        sheet.write_with_format(0, at as u16, name, head)?;
    }
    let mut row = 0;
    for group in &content.groups {
        row += 1;
        sheet.write(row, 0, cut(&group.issue.code))?;
        sheet.write(row, 1, group.issue.rows as f64)?;
        sheet.write(row, 2, cut(&group.issue.field))?;
        sheet.write_with_format(row, 3, cut(&group.issue.rule), wrap)?;
        sheet.write_with_format(row, 4, cut(&group.issue.example), wrap)?;
    }
    if row > 0 {
        let mut chart = Chart::new(ChartType::Bar);
        chart.add_series().set_name("Rows").set_categories((name.as_str(), 1, 0, row, 0)).set_values((
            name.as_str(),
            1,
            1,
            row,
            1,
        ));
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
    head: &Format,
    fault: &dyn Fn(XlsxError) -> SynclineError,
) -> Result<(), SynclineError> {
    const HEADS: [(&str, f64); 8] = [
        ("Row", 8.0),
        ("Record", 30.0),
        ("Source id", 38.0),
        ("Action", 11.0),
        ("Cause", 24.0),
        ("Field", 22.0),
        ("What", 60.0),
        ("Rule", 60.0),
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
        sheet.set_freeze_panes(1, 0)?;
        for (at, (_, width)) in HEADS.iter().enumerate() {
            sheet.set_column_width(at as u16, *width)?;
        }
        for (at, (name, _)) in HEADS.iter().enumerate() {
            sheet.write_with_format(0, at as u16, *name, head)?;
        }
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
                sheet.write(at, 0, f64::from(row.ordinal))?;
                sheet.write(at, 1, cut(&row.title))?;
                sheet.write(at, 2, cut(&row.source_id))?;
                sheet.write(at, 3, row.action.as_str())?;
                sheet.write(at, 4, cut(&issue.code))?;
                sheet.write(at, 5, cut(&issue.field))?;
                sheet.write(at, 6, cut(&issue.message))?;
                sheet.write(at, 7, cut(&content.rule(&issue.code, &issue.field)))?;
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
    for event in &row.mapped.events {
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

fn samples(sheet: &mut Worksheet, content: &Content, head: &Format, wrap: &Format) -> Result<(), XlsxError> {
    sheet.set_name(content.named("Samples"))?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, (name, width)) in [
        ("Action", 11.0),
        ("Record", 30.0),
        ("Source id", 38.0),
        ("Why", 36.0),
        ("Field", 22.0),
        ("Now there", 40.0),
        ("Would be", 40.0),
    ]
    .into_iter()
    .enumerate()
    {
        sheet.set_column_width(at as u16, width)?;
        sheet.write_with_format(0, at as u16, name, head)?;
    }
    let mut at = 0;
    for row in content.samples.iter().flat_map(|(_, rows)| rows) {
        for (field, from, to) in lines(row) {
            at += 1;
            sheet.write(at, 0, row.action.as_str())?;
            sheet.write(at, 1, cut(&row.title))?;
            sheet.write(at, 2, cut(&row.source_id))?;
            sheet.write_with_format(at, 3, cut(&row.reason), wrap)?;
            sheet.write(at, 4, cut(&field))?;
            sheet.write_with_format(at, 5, cut(&from), wrap)?;
            sheet.write_with_format(at, 6, cut(&to), wrap)?;
        }
    }
    Ok(())
}

fn definition(sheet: &mut Worksheet, content: &Content) -> Result<(), XlsxError> {
    sheet.set_name("Definition")?;
    sheet.set_column_width(0, 120)?;
    for (at, line) in content.definition.to_json().lines().enumerate() {
        sheet.write(at as u32, 0, cut(line))?;
    }
    Ok(())
}
