//! Files of every format behind one face: columns once, then rows, then the end.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use syncline_model::ErrorCode;
use syncline_store::{PlainCell, PlainTable};

use super::cells::{Cell, Head, Kind};
use super::file_fault;
use super::sheet::SheetWriter;
use crate::wire::{ApiError, ExportFormat};

/// How a text file looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextStyle {
    /// Between two cells.
    pub(super) delimiter: char,
    /// For spreadsheets: a byte order mark at the beginning, so that they read UTF-8, and no text that they would take for a formula.
    pub(super) mark: bool,
}

impl TextStyle {
    pub(super) fn new(delimiter: Option<&str>, mark: Option<bool>) -> Result<Self, ApiError> {
        let delimiter = match delimiter.unwrap_or(",") {
            "tab" | "\t" => '\t',
            text => match text.chars().collect::<Vec<_>>().as_slice() {
                [one] if one.is_ascii() && !one.is_ascii_alphanumeric() && !"\"\r\n ".contains(*one) => *one,
                _ => {
                    return Err(ApiError::new(ErrorCode::Usage, format!("not a delimiter: {text:?}"))
                        .hint("use one character such as , or ; or the word tab"));
                }
            },
        };
        Ok(Self { delimiter, mark: mark.unwrap_or(true) })
    }
}

/// A file that is being written.
pub(super) struct Writer {
    path: PathBuf,
    inside: Inside,
}

enum Inside {
    Csv { file: BufWriter<File>, style: TextStyle },
    Json { file: BufWriter<File>, names: Vec<String>, lines: bool, any: bool },
    Sheet(Box<SheetWriter>),
    Database(PlainTable),
}

impl Writer {
    /// Makes the file with its columns. `name`: of the table or sheet.
    pub(super) fn create(
        path: &Path,
        format: ExportFormat,
        style: TextStyle,
        name: &str,
        heads: &[Head],
    ) -> Result<Self, ApiError> {
        let fault = |error: std::io::Error| file_fault(path, &error);
        let text = || Ok::<_, ApiError>(BufWriter::new(File::create(path).map_err(fault)?));
        let inside = match format {
            ExportFormat::Csv => {
                let mut file = text()?;
                if style.mark {
                    file.write_all("\u{feff}".as_bytes()).map_err(fault)?;
                }
                let names: Vec<Cell> = heads.iter().map(|head| Cell::Text(head.name.clone())).collect();
                file.write_all(csv_line(&names, style).as_bytes()).map_err(fault)?;
                Inside::Csv { file, style }
            }
            ExportFormat::Json | ExportFormat::Jsonl => {
                let lines = format == ExportFormat::Jsonl;
                let mut file = text()?;
                if !lines {
                    file.write_all(b"[").map_err(fault)?;
                }
                let names = heads.iter().map(|head| head.name.clone()).collect();
                Inside::Json { file, names, lines, any: false }
            }
            ExportFormat::Xlsx => Inside::Sheet(Box::new(
                SheetWriter::new(name, heads).map_err(|error| sheet_fault(path, &error))?,
            )),
            ExportFormat::Sqlite => {
                // What is left of an export that broke off would be in the way.
                if path.exists() {
                    std::fs::remove_file(path).map_err(fault)?;
                }
                let columns: Vec<(String, &str)> =
                    unique(heads).into_iter().zip(heads.iter().map(|head| head.kind.sql())).collect();
                Inside::Database(PlainTable::create(path, name, &columns)?)
            }
        };
        Ok(Self { path: path.to_owned(), inside })
    }

    /// True where records go in as they are, without being taken apart into cells.
    pub(super) fn takes_json(&self) -> bool {
        matches!(self.inside, Inside::Json { .. })
    }

    /// A record's own JSON.
    pub(super) fn json(&mut self, raw: &str) -> Result<(), ApiError> {
        let path = self.path.clone();
        let Inside::Json { file, lines, any, .. } = &mut self.inside else {
            return Err(ApiError::new(ErrorCode::Internal, "this format takes cells"));
        };
        let between = match (*lines, *any) {
            (true, false) => "",
            (true, true) | (false, false) => "\n",
            (false, true) => ",\n",
        };
        *any = true;
        let mut write =
            |text: &str| file.write_all(text.as_bytes()).map_err(|error| file_fault(&path, &error));
        write(between)?;
        write(raw)
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<(), ApiError> {
        let path = self.path.clone();
        match &mut self.inside {
            Inside::Csv { file, style } => {
                file.write_all(csv_line(cells, *style).as_bytes()).map_err(|error| file_fault(&path, &error))
            }
            Inside::Json { names, .. } => {
                let members: Vec<String> = names
                    .iter()
                    .zip(cells)
                    .map(|(name, cell)| format!("{}:{}", quoted(name), json_text(cell)))
                    .collect();
                self.json(&format!("{{{}}}", members.join(",")))
            }
            Inside::Sheet(sheet) => sheet.row(cells).map_err(|error| sheet_fault(&path, &error)),
            Inside::Database(table) => {
                let cells: Vec<PlainCell> = cells.iter().map(plain).collect();
                Ok(table.row(&cells)?)
            }
        }
    }

    /// Ends the file; its size.
    pub(super) fn finish(self) -> Result<u64, ApiError> {
        let path = self.path;
        let fault = |error: std::io::Error| file_fault(&path, &error);
        match self.inside {
            Inside::Csv { mut file, .. } => {
                file.flush().map_err(fault)?;
                file.get_ref().sync_all().map_err(fault)?;
            }
            Inside::Json { mut file, lines, any, .. } => {
                let end: &[u8] = match (lines, any) {
                    (true, false) => b"",
                    (true, true) => b"\n",
                    (false, _) => b"\n]\n",
                };
                file.write_all(end).map_err(fault)?;
                file.flush().map_err(fault)?;
                file.get_ref().sync_all().map_err(fault)?;
            }
            Inside::Sheet(sheet) => sheet.finish(&path).map_err(|error| sheet_fault(&path, &error))?,
            Inside::Database(table) => table.finish()?,
        }
        std::fs::metadata(&path).map(|meta| meta.len()).map_err(fault)
    }
}

fn sheet_fault(path: &Path, error: &rust_xlsxwriter::XlsxError) -> ApiError {
    match error {
        rust_xlsxwriter::XlsxError::IoError(error) => file_fault(path, error),
        other => ApiError::new(ErrorCode::File, format!("{}: {other}", path.display()))
            .hint("export to CSV, or with fewer columns"),
    }
}

/// Names of which no two are the same, as a table needs them.
fn unique(heads: &[Head]) -> Vec<String> {
    let mut taken: std::collections::HashSet<String> = std::collections::HashSet::new();
    heads
        .iter()
        .map(|head| {
            let mut name = head.name.clone();
            let mut n = 2;
            while !taken.insert(name.to_lowercase()) {
                name = format!("{} {n}", head.name);
                n += 1;
            }
            name
        })
        .collect()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn json_text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "null".to_owned(),
        Cell::Number(digits) => digits.clone(),
        Cell::YesNo(on) => on.to_string(),
        Cell::Text(text) | Cell::Link { text, .. } => quoted(text),
    }
}

fn plain(cell: &Cell) -> PlainCell {
    match cell {
        Cell::Empty => PlainCell::Null,
        Cell::YesNo(on) => PlainCell::Integer(i64::from(*on)),
        Cell::Number(digits) => match (digits.parse::<i64>(), digits.parse::<f64>()) {
            (Ok(whole), _) => PlainCell::Integer(whole),
            (_, Ok(number)) => PlainCell::Real(number),
            _ => PlainCell::Text(digits.clone()),
        },
        Cell::Text(text) | Cell::Link { text, .. } => PlainCell::Text(text.clone()),
    }
}

/// A spreadsheet would run such a text (OWASP, CSV injection). Telephone numbers and the like, which only look like a sum, stay as they are.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '@', '\t', '\r'])
        || text.starts_with(['+', '-']) && text.contains(|letter: char| letter.is_alphabetic())
}

fn csv_line(cells: &[Cell], style: TextStyle) -> String {
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(style.delimiter);
        }
        let text = cell.text();
        let kept_apart = style.mark && matches!(cell, Cell::Text(_)) && is_formula(&text);
        let is_quoted =
            text.contains([style.delimiter, '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ');
        let quote = if is_quoted { "\"" } else { "" };
        line.push_str(quote);
        if kept_apart {
            line.push('\'');
        }
        line.push_str(&if is_quoted { text.replace('"', "\"\"") } else { text });
        line.push_str(quote);
    }
    line.push_str("\r\n");
    line
}

/// The kind of a column of which only its values are known.
pub(super) fn kind_of(name: &str, known: &[(String, Kind)]) -> Kind {
    known.iter().find(|(known, _)| known == name).map_or(Kind::Text, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_runs_nothing() {
        let style = |mark| TextStyle::new(Some(";"), Some(mark)).unwrap();
        let cells: Vec<Cell> = ["=1+1", "@SUM(A1)", "-cmd|x", "+49 (30) 12-3", "\tx;y", "a=b", "-"]
            .map(|text| Cell::Text(text.to_owned()))
            .into();
        assert_eq!(
            csv_line(&cells, style(true)),
            "'=1+1;'@SUM(A1);'-cmd|x;+49 (30) 12-3;\"'\tx;y\";a=b;-\r\n"
        );
        assert_eq!(csv_line(&cells[..3], style(false)), "=1+1;@SUM(A1);-cmd|x\r\n");
        assert_eq!(csv_line(&[Cell::Number("-1e5".to_owned())], style(true)), "-1e5\r\n");
    }
}
