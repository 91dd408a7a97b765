//! Literals: objects, lists, numbers and template strings.

use super::Js;
use super::cursor::{Cursor, is_name};

impl Cursor<'_> {
    pub(super) fn object(&mut self, depth: usize) -> Js {
        let mut entries = Vec::new();
        self.at += 1;
        while self.finds_item(b'}') {
            let before = self.at;
            if let Some(spread) = self.spread(depth) {
                if let Js::Object(more) = spread {
                    entries.extend(more);
                }
                continue;
            }
            let key = self.key();
            self.space();
            let value = match self.peek() {
                Some(b':') => {
                    self.at += 1;
                    self.expression(depth + 1)
                }
                // Shorthand: the name of a constant.
                Some(b',' | b'}') => key
                    .as_ref()
                    .and_then(|name| self.constants.get(name))
                    .cloned()
                    .unwrap_or(Js::Unknown),
                _ => {
                    self.skip();
                    Js::Unknown
                }
            };
            if let Some(key) = key {
                entries.push((key, value));
            }
            self.move_on_from(before);
        }
        Js::Object(entries)
    }

    /// A key of an object; `None` when it is computed.
    fn key(&mut self) -> Option<String> {
        match self.peek() {
            Some(b'"' | b'\'') => Some(self.string()),
            Some(b'[') => {
                self.skip_bracket();
                None
            }
            _ => Some(self.name().to_owned()),
        }
    }

    pub(super) fn array(&mut self, depth: usize) -> Js {
        let mut items = Vec::new();
        self.at += 1;
        while self.finds_item(b']') {
            let before = self.at;
            match self.spread(depth) {
                Some(Js::List(more)) => items.extend(more),
                Some(_) => {}
                None => items.push(self.expression(depth + 1)),
            }
            self.move_on_from(before);
        }
        Js::List(items)
    }

    /// Goes to the next item of an object or list; false, and behind the closing bracket, when
    /// there is none.
    fn finds_item(&mut self, close: u8) -> bool {
        loop {
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b) if b == close => {
                    self.at += 1;
                    return false;
                }
                found => return found.is_some(),
            }
        }
    }

    /// What `...value` adds; `None` where no such thing stands.
    fn spread(&mut self, depth: usize) -> Option<Js> {
        self.rest().starts_with("...").then(|| {
            self.at += "...".len();
            self.expression(depth + 1)
        })
    }

    /// Never stands still, even where it is no object or list after all.
    fn move_on_from(&mut self, before: usize) {
        if self.at == before {
            self.step();
        }
    }

    pub(super) fn number(&mut self) -> Js {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|b| is_name(b) || matches!(b, b'.' | b'-'))
        {
            self.at += 1;
        }
        self.source[start..self.at]
            .parse()
            .map_or(Js::Unknown, Js::Number)
    }

    pub(super) fn template(&mut self) -> Js {
        let text = self.string();
        if text.contains("${") {
            Js::Unknown
        } else {
            Js::Text(text)
        }
    }
}
