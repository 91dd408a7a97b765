//! Expressions: literals, names of constants and their members, and a choice of two with `??`.
//!
//! Anything that would have to be run is `Unknown`, and reading goes on behind it.

use super::cursor::{Cursor, is_name};
use super::{Constants, Js};

/// Deeper nesting than this is `Unknown`; real configurations reach about ten.
const MAX_DEPTH: usize = 40;

/// The value of the expression that begins at `at`.
pub(super) fn expression(source: &str, at: usize, constants: &Constants) -> Js {
    Cursor {
        source,
        at,
        constants,
    }
    .expression(0)
}

impl Cursor<'_> {
    /// One expression; stops before `,`, `;` or a closing bracket.
    pub(super) fn expression(&mut self, depth: usize) -> Js {
        self.space();
        let value = if depth > MAX_DEPTH {
            Js::Unknown
        } else {
            self.operand(depth)
        };
        self.space();
        match self.peek() {
            None | Some(b',' | b'}' | b']' | b')' | b';') => value,
            _ => {
                let rest = self.rest();
                if rest.starts_with("as ") || rest.starts_with("satisfies ") {
                    self.skip();
                    return value;
                }
                if let Some(other) = rest.strip_prefix("||").or_else(|| rest.strip_prefix("??")) {
                    let skipped = rest.len() - other.len();
                    self.at += skipped;
                    let fallback = self.expression(depth + 1);
                    return if value == Js::Unknown {
                        fallback
                    } else {
                        value
                    };
                }
                // The next statement, where semicolons are left out.
                if value != Js::Unknown && starts_statement(rest) {
                    return value;
                }
                self.skip();
                Js::Unknown
            }
        }
    }

    fn operand(&mut self, depth: usize) -> Js {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"' | b'\'') => Js::Text(self.string()),
            Some(b'`') => self.template(),
            Some(b'(') => {
                let start = self.at;
                self.at += 1;
                let value = self.expression(depth + 1);
                self.space();
                if self.peek() == Some(b')') {
                    self.at += 1;
                    self.space();
                    if !self.rest().starts_with("=>") {
                        return value;
                    }
                }
                self.at = start;
                self.skip();
                Js::Unknown
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b) if is_name(b) => self.word(depth),
            _ => {
                self.skip();
                Js::Unknown
            }
        }
    }

    fn word(&mut self, depth: usize) -> Js {
        let mut value = match self.name() {
            "true" => Js::Bool(true),
            "false" => Js::Bool(false),
            "null" | "undefined" => Js::Null,
            "require" if self.rest().starts_with(".resolve(") => {
                self.at += ".resolve(".len();
                let path = self.expression(depth + 1);
                if self.peek() == Some(b')') {
                    self.at += 1;
                }
                path
            }
            name => self.constants.get(name).cloned().unwrap_or(Js::Unknown),
        };
        while self.peek() == Some(b'.') && value != Js::Unknown {
            self.at += 1;
            let member = self.name();
            value = value.get(member).cloned().unwrap_or(Js::Unknown);
        }
        // A member of something unknown, a call, a tag: not the word's own value any more.
        if matches!(self.peek(), Some(b'.' | b'(' | b'[' | b'`')) {
            self.skip_postfix();
            return Js::Unknown;
        }
        value
    }
}

/// Where a statement without a semicolon ends: at a word that begins the next.
fn starts_statement(rest: &str) -> bool {
    [
        "export",
        "module",
        "const ",
        "let ",
        "var ",
        "function",
        "async ",
        "import ",
        "return",
        "//",
        "type ",
        "interface ",
    ]
    .iter()
    .any(|word| rest.starts_with(word))
}
