//! Tables as comma separated values (RFC 4180), safe to open in a spreadsheet.
//!
//! A text that a spreadsheet would run as a formula gets an apostrophe in front: readers' questions
//! are among them.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;

const CSV: &str = "text/csv";

/// A text, or a number.
#[derive(Debug, Clone)]
pub enum Cell {
    Text(String),
    Number(u64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// Whether a table is asked for instead of JSON.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_some_and(|accept| accept.contains(CSV))
}

/// The table as a file of this name.
pub fn response(name: &str, rows: &[Vec<Cell>]) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            format!("{CSV}; charset=utf-8; header=present"),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, written(rows)).into_response()
}

fn written(rows: &[Vec<Cell>]) -> String {
    let mut out = String::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            match cell {
                Cell::Number(number) => {
                    write!(out, "{number}").expect("a string takes every write")
                }
                Cell::Text(text) => push_text(&mut out, text),
            }
        }
        out.push_str("\r\n");
    }
    out
}

fn push_text(out: &mut String, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let apostrophe = if formula { "'" } else { "" };
    if formula || text.contains([',', '"', '\n', '\r']) {
        write!(out, "\"{apostrophe}{}\"", text.replace('"', "\"\""))
            .expect("a string takes every write");
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_must_be_and_run_as_no_formula() {
        let rows = [
            vec!["page".into(), "count".into()],
            vec!["a, \"b\"\nc".into(), Cell::Number(2)],
            vec!["=cmd|' /C calc'!A0".into(), Cell::Number(0)],
            vec!["بیٹری؟".into(), "".into()],
        ];
        assert_eq!(
            written(&rows),
            "page,count\r\n\"a, \"\"b\"\"\nc\",2\r\n\"'=cmd|' /C calc'!A0\",0\r\nبیٹری؟,\r\n"
        );
    }
}
