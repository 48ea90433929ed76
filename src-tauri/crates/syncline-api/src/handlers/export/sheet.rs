//! Excel workbooks, written row by row so that memory does not grow.

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet, XlsxError};
use std::path::Path;

use super::cells::{Cell, Head, Kind};

/// Rows of a sheet, its head included (Excel's limit); more go onto further sheets.
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell (Excel's limit).
const MOST_CHARACTERS: usize = 32_767;
/// Characters of a text inside a formula (Excel's limit).
const MOST_IN_FORMULA: usize = 255;
/// Digits that Excel keeps of a number.
const DIGITS: usize = 15;

/// Writes a workbook.
pub(super) struct SheetWriter {
    book: Workbook,
    name: String,
    heads: Vec<Head>,
    row: u32,
    sheets: usize,
    bold: Format,
    day: Format,
    moment: Format,
    link: Format,
}

impl SheetWriter {
    pub(super) fn new(name: &str, heads: &[Head]) -> Result<Self, XlsxError> {
        let mut writer = Self {
            book: Workbook::new(),
            name: sheet_name(name),
            heads: heads.to_vec(),
            row: 0,
            sheets: 0,
            bold: Format::new().set_bold(),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            link: Format::new().set_hyperlink(),
        };
        writer.next_sheet()?;
        Ok(writer)
    }

    fn next_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => self.name.clone(),
            n => format!("{} {n}", self.name),
        };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (at, head) in self.heads.iter().enumerate() {
            let column = column(at)?;
            let width = match head.kind {
                Kind::Text => 24.0,
                Kind::Moment => 20.0,
                Kind::Date | Kind::Whole | Kind::Number | Kind::YesNo => 14.0,
            };
            sheet.set_column_width(column, width)?;
        }
        for (at, head) in self.heads.iter().enumerate() {
            sheet.write_with_format(0, column(at)?, &head.name, &self.bold)?;
        }
        self.row = 1;
        Ok(())
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        if self.row == MOST_ROWS {
            self.next_sheet()?;
        }
        let row = self.row;
        let (heads, day, moment, link) = (&self.heads, &self.day, &self.moment, &self.link);
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        for (at, (cell, head)) in cells.iter().zip(heads).enumerate() {
            let at = column(at)?;
            match cell {
                Cell::Empty => {}
                Cell::YesNo(on) => {
                    sheet.write(row, at, *on)?;
                }
                Cell::Number(digits) => number(sheet, row, at, digits)?,
                Cell::Link { text, url } => {
                    let (text, url) = (cut(text, MOST_IN_FORMULA), cut(url, MOST_IN_FORMULA));
                    let formula = format!(
                        "HYPERLINK(\"{}\",\"{}\")",
                        url.replace('"', "%22"),
                        text.replace('"', "\"\"")
                    );
                    sheet.write_formula_with_format(row, at, Formula::new(formula).set_result(text), link)?;
                }
                Cell::Text(text) => match (head.kind, serial(text)) {
                    (Kind::Date, Some(serial)) => {
                        sheet.write_with_format(row, at, serial, day)?;
                    }
                    (Kind::Moment, Some(serial)) => {
                        sheet.write_with_format(row, at, serial, moment)?;
                    }
                    _ => {
                        sheet.write(row, at, cut(text, MOST_CHARACTERS))?;
                    }
                },
            }
        }
        self.row += 1;
        Ok(())
    }

    pub(super) fn finish(mut self, path: &Path) -> Result<(), XlsxError> {
        self.book.save(path)
    }
}

fn column(at: usize) -> Result<u16, XlsxError> {
    u16::try_from(at).ok().filter(|at| *at < 16_384).ok_or(XlsxError::RowColumnLimitError)
}

/// A number, or its digits as text where Excel would drop some of them.
fn number(sheet: &mut Worksheet, row: u32, at: u16, digits: &str) -> Result<(), XlsxError> {
    let significant = digits.trim_start_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
    match digits.parse::<f64>() {
        Ok(number) if significant <= DIGITS || digits.contains(['e', 'E']) => sheet.write(row, at, number)?,
        _ => sheet.write(row, at, digits)?,
    };
    Ok(())
}

/// Days since the end of 1899, as Excel counts time. It knows no time before 1900.
fn serial(text: &str) -> Option<f64> {
    let moment: jiff::civil::DateTime = match text.len() {
        10 => text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0),
        _ => text.strip_suffix('Z').unwrap_or(text).parse().ok()?,
    };
    let origin = jiff::civil::date(1899, 12, 30).at(0, 0, 0, 0);
    let seconds = moment.duration_since(origin).as_secs();
    // Excel takes 1900 for a leap year, so the days before March 1900 are off by one.
    (seconds >= 61 * 86_400).then_some(seconds as f64 / 86_400.0)
}

fn cut(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A name that Excel takes: at most 31 characters, none of those it forbids.
fn sheet_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if "[]:*?/\\'".contains(c) { ' ' } else { c }).take(26).collect();
    if plain.trim().is_empty() { "Records".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_since_1899() {
        assert_eq!(serial("2026-03-04"), Some(46085.0));
        assert_eq!(serial("2026-03-04T12:00:00Z"), Some(46085.5));
        assert_eq!(serial("1850-01-01"), None);
        assert_eq!(serial("someday"), None);
    }
}
