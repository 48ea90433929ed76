//! Excel workbooks, written row by row so that memory does not grow.

use rust_xlsxwriter::{Format, Formula, Url, Workbook, Worksheet, XlsxError};
use std::path::Path;

use super::cells::{Cell, Head, Kind};

/// Rows of a sheet, its head included (Excel's limit); more go onto further sheets.
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell (Excel's limit).
const MOST_CHARACTERS: usize = 32_767;
/// Characters of a text inside a formula (Excel's limit).
const MOST_IN_FORMULA: usize = 255;
/// Characters of an address (Excel's limit, about).
const MOST_IN_ADDRESS: usize = 2_079;
/// Links beside the cells of a sheet (Excel's limit).
const MOST_LINKS: usize = 65_530;
/// Digits that Excel keeps of a number.
const DIGITS: usize = 15;

/// Writes a workbook.
pub(super) struct SheetWriter {
    book: Workbook,
    name: String,
    heads: Vec<Head>,
    row: u32,
    sheets: usize,
    /// Links beside the cells of the present sheet.
    links: usize,
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
            links: 0,
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
        (self.row, self.links) = (1, 0);
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
                Cell::Link { text, url }
                    if units(text) <= MOST_IN_FORMULA && units(url) <= MOST_IN_FORMULA =>
                {
                    let formula = format!(
                        "HYPERLINK(\"{}\",\"{}\")",
                        url.replace('"', "%22"),
                        text.replace('"', "\"\"")
                    );
                    sheet.write_formula_with_format(row, at, Formula::new(formula).set_result(text), link)?;
                }
                // A link beside the cells holds longer ones, but a sheet only so many of them, and memory grows with each.
                Cell::Link { text, url } if self.links < MOST_LINKS && units(url) <= MOST_IN_ADDRESS => {
                    self.links += 1;
                    let url = Url::new(url.as_str()).set_text(cut(text, MOST_CHARACTERS));
                    sheet.write_url_with_format(row, at, url, link)?;
                }
                Cell::Link { text, .. } => {
                    sheet.write(row, at, cut(text, MOST_CHARACTERS))?;
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

/// Length as Excel counts it.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
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

    /// Cells of the first sheet as another hand reads them, and the addresses that stand beside them.
    fn written(cells: &[Cell]) -> (calamine::Range<calamine::Data>, Vec<String>, String) {
        use calamine::Reader;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("links.xlsx");
        let mut writer =
            SheetWriter::new("links", &[Head { name: "Name".into(), kind: Kind::Text }]).unwrap();
        for cell in cells {
            writer.row(std::slice::from_ref(cell)).unwrap();
        }
        writer.finish(&path).unwrap();
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(&path).unwrap();
        let (range, formulas) =
            (book.worksheet_range("links").unwrap(), book.worksheet_formula("links").unwrap());
        let mut zip = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let rels = match zip.by_name("xl/worksheets/_rels/sheet1.xml.rels") {
            Ok(part) => std::io::read_to_string(part).unwrap(),
            Err(_) => String::new(),
        };
        let addresses = rels
            .split("Target=\"")
            .skip(1)
            .map(|rest| rest[..rest.find('"').unwrap()].replace("&amp;", "&"))
            .collect();
        (range, addresses, formulas.get_value((1, 0)).cloned().unwrap_or_default())
    }

    #[test]
    fn long_addresses_and_long_names_are_links_whole() {
        let short = "https://contoso.crm4.dynamics.com/main.aspx?etn=contact&id=1&pagetype=entityrecord";
        let long = format!("https://contoso.crm4.dynamics.com/main.aspx?etn={}&id=1", "a".repeat(300));
        let endless = format!("https://contoso.crm4.dynamics.com/main.aspx?etn={}", "a".repeat(3_000));
        let name = "Zoë \"🙂\" ".repeat(40);
        let link = |text: &str, url: &str| Cell::Link { text: text.into(), url: url.into() };
        let cells = [
            link("Ann \"A\" Ito", short),
            link("Ann Ito", &long),
            link(&name, short),
            link("No address can be so long", &endless),
        ];
        let (range, addresses, formula) = written(&cells);
        let texts: Vec<String> = (1..=4).map(|row| range.get_value((row, 0)).unwrap().to_string()).collect();
        let wanted = ["Ann \"A\" Ito", "Ann Ito", name.as_str(), "No address can be so long"];
        assert_eq!(texts, wanted);
        assert!(formula.contains(short), "{formula}");
        assert_eq!(addresses, [long.as_str(), short]);
    }

    #[test]
    fn times_are_days_since_1899() {
        assert_eq!(serial("2026-03-04"), Some(46085.0));
        assert_eq!(serial("2026-03-04T12:00:00Z"), Some(46085.5));
        assert_eq!(serial("1850-01-01"), None);
        assert_eq!(serial("someday"), None);
    }
}
