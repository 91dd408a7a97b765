//! A place in a source, and how to get past what is not read.
//!
//! Comments, strings and brackets are respected; what they mean is for `expression` and `literal`.

use super::Constants;

pub(super) struct Cursor<'s> {
    pub source: &'s str,
    pub at: usize,
    pub constants: &'s Constants,
}

impl<'s> Cursor<'s> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or("")
    }

    /// One character on, whatever it is.
    pub(super) fn step(&mut self) {
        self.at += self.rest().chars().next().map_or(1, char::len_utf8);
    }

    /// White space and comments.
    pub(super) fn space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if let Some(comment) = trimmed.strip_prefix("//") {
                self.at += 2 + comment.find('\n').unwrap_or(comment.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                self.at += 2 + comment.find("*/").map_or(comment.len(), |n| n + 2);
            } else {
                return;
            }
        }
    }

    fn is_at_comment(&self) -> bool {
        self.rest().starts_with("//") || self.rest().starts_with("/*")
    }

    /// The name that begins here; empty where none does.
    pub(super) fn name(&mut self) -> &'s str {
        let start = self.at;
        while self.peek().is_some_and(is_name) {
            self.at += 1;
        }
        &self.source[start..self.at]
    }

    /// To the next `,`, `;` or closing bracket outside of brackets and strings.
    pub(super) fn skip(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                b',' | b';' | b'}' | b']' | b')' => return,
                b'{' | b'[' | b'(' => self.skip_bracket(),
                b'"' | b'\'' | b'`' => {
                    self.string();
                }
                b'/' if self.is_at_comment() => self.space(),
                _ => self.step(),
            }
        }
    }

    /// Behind the bracket that closes the one here. A loop, so that depth costs nothing.
    pub(super) fn skip_bracket(&mut self) {
        let mut depth = 0usize;
        while let Some(b) = self.peek() {
            match b {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                b'"' | b'\'' | b'`' => {
                    self.string();
                    continue;
                }
                b'/' if self.is_at_comment() => {
                    self.space();
                    continue;
                }
                _ => {}
            }
            self.step();
        }
    }

    /// Behind calls and members, up to an operator.
    pub(super) fn skip_postfix(&mut self) {
        loop {
            match self.peek() {
                Some(b'.') => {
                    self.at += 1;
                    self.name();
                }
                Some(b'(' | b'[') => self.skip_bracket(),
                Some(b'`') => {
                    self.string();
                }
                _ => return,
            }
        }
    }

    /// What stands between the quote here and the next one like it.
    pub(super) fn string(&mut self) -> String {
        let mut text = String::new();
        let Some(quote) = self.peek() else {
            return text;
        };
        self.at += 1;
        let mut chars = self.rest().char_indices();
        let mut end = self.rest().len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                _ if c == char::from(quote) => {
                    end = at + 1;
                    break;
                }
                _ => text.push(c),
            }
        }
        self.at += end;
        text
    }
}

pub(super) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}
