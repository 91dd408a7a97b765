//! What a model wrote → what a reader may see, while it streams.
//!
//! Citations of passages that don't exist, or that don't support their sentence, go; so do images,
//! links that leave the site, tags that load or send something, and characters nobody can see.
//! Code is left alone. The result is the same however the text was cut into tokens: a decision
//! waits until everything it depends on has come ([`lexeme`]).

mod lexeme;
mod linker;

pub use linker::{Link, Linker, absolute};

use super::prompt::{is_hidden, neutral_brackets};
use super::sentences::sentences;
use lexeme::{Lexeme, Place};

/// Decides whether the passage with this number supports this sentence.
pub(crate) type Judge = Box<dyn Fn(&str, usize) -> bool + Send + Sync>;

/// What is allowed in one answer.
pub(crate) struct Allowed {
    /// Passages are numbered from 1 to this.
    pub passages: usize,
    /// URLs of the cited pages: the only ones that may be linked.
    pub urls: Vec<String>,
    /// Stands where a link was.
    pub link_removed: &'static str,
}

/// A streaming filter for one answer.
pub(crate) struct Filter {
    allowed: Allowed,
    judge: Judge,
    pending: String,
    /// Length of the fence that is open.
    fence: Option<usize>,
    place: Place,
    /// Prose of the current line, without citations.
    line: String,
    removed: usize,
}

impl Filter {
    pub fn new(allowed: Allowed, judge: Judge) -> Self {
        Self {
            allowed,
            judge,
            pending: String::new(),
            fence: None,
            place: Place::START,
            line: String::new(),
            removed: 0,
        }
    }

    /// Takes the next piece; returns what can be shown already.
    pub fn push(&mut self, piece: &str) -> String {
        self.pending.push_str(piece);
        self.drain(false)
    }

    /// The text has ended; returns the rest.
    pub fn finish(&mut self) -> String {
        let mut rest = self.drain(true);
        if let Some(length) = self.fence.take() {
            // Whatever is said after a broken-off answer must not become part of its code.
            rest.push('\n');
            rest.push_str(&"`".repeat(length));
        }
        rest
    }

    /// Citations taken out so far.
    pub fn removed(&self) -> usize {
        self.removed
    }

    fn drain(&mut self, ended: bool) -> String {
        let pending = std::mem::take(&mut self.pending);
        let mut out = String::with_capacity(pending.len());
        let mut at = 0;
        while at < pending.len() {
            let rest = &pending[at..];
            let read = match self.fence {
                Some(length) => lexeme::in_fence(rest, length, self.place, ended),
                None => lexeme::in_prose(rest, self.place, ended),
            };
            let Some((length, lexeme)) = read else { break };
            let shown = out.len();
            self.write(&rest[..length], lexeme, &mut out);
            // The reader's Markdown sees what is shown: what was taken out leaves the place as it
            // was, so that backticks behind it may begin a line.
            self.place.advance(&out[shown..]);
            at += length;
        }
        self.pending = pending[at..].to_owned();
        out
    }

    fn write(&mut self, raw: &str, lexeme: Lexeme<'_>, out: &mut String) {
        match lexeme {
            Lexeme::Text => {
                for letter in raw.chars().filter(|c| !is_hidden(*c)) {
                    out.push(letter);
                    self.note(letter);
                }
            }
            Lexeme::Code => {
                out.push_str(raw);
                self.line.push_str(raw);
            }
            Lexeme::FenceOpens(length) => {
                self.fence = Some(length);
                self.line.clear();
                out.push_str(raw);
            }
            Lexeme::InFence => out.push_str(raw),
            Lexeme::FenceCloses => {
                self.fence = None;
                out.push_str(raw);
            }
            Lexeme::Citation { spaces, numbers } => self.cite(spaces, &numbers, out),
            Lexeme::Link { text, target } => self.link(raw, text, target, out),
            Lexeme::Image { alt } => self.plain(alt, out),
            Lexeme::Url(url) => {
                if self.is_allowed(url) || lexeme::is_loopback(url) {
                    self.plain(url, out);
                } else {
                    self.plain(self.allowed.link_removed, out);
                }
            }
            Lexeme::Tag => {}
            Lexeme::BrokenTag => out.push('‹'),
        }
    }

    fn note(&mut self, letter: char) {
        match letter {
            '\n' => self.line.clear(),
            _ => self.line.push(letter),
        }
    }

    fn plain(&mut self, text: &str, out: &mut String) {
        for letter in text.chars().filter(|c| !is_hidden(*c)) {
            // What is left of a link must not begin another one.
            let letter = match letter {
                '[' => '［',
                ']' => '］',
                '<' => '‹',
                '\n' => ' ',
                other => other,
            };
            out.push(letter);
            self.note(letter);
        }
    }

    fn cite(&mut self, spaces: &str, numbers: &[usize], out: &mut String) {
        let sentence = sentences(&self.line)
            .last()
            .copied()
            .unwrap_or_default()
            .to_owned();
        let mut shown = Vec::new();
        for &number in numbers {
            let exists = (1..=self.allowed.passages).contains(&number);
            if exists && !shown.contains(&number) && (self.judge)(&sentence, number) {
                shown.push(number);
            } else {
                self.removed += 1;
            }
        }
        if shown.is_empty() {
            return;
        }
        out.push_str(spaces);
        for number in shown {
            out.push_str(&format!("[{number}]"));
        }
    }

    fn link(&mut self, raw: &str, text: &str, target: &str, out: &mut String) {
        if self.is_allowed(target) {
            for letter in raw.chars().filter(|c| !is_hidden(*c)) {
                out.push(letter);
                self.note(letter);
            }
        } else if lexeme::looks_like_url(text) {
            self.plain(self.allowed.link_removed, out);
        } else {
            self.plain(text, out);
        }
    }

    fn is_allowed(&self, url: &str) -> bool {
        self.allowed.urls.iter().any(|known| known == url)
    }
}

/// Quoted prose as text that Markdown reads nothing into: no forged citation, link, fence or tag,
/// nothing that cannot be seen. To a reader it looks the same.
pub(crate) fn as_text(prose: &str) -> String {
    let visible: String = prose.chars().filter(|c| !is_hidden(*c)).collect();
    let mut text = neutral_brackets(&visible)
        .replace("](", "］(")
        .replace("```", "ˋˋˋ");
    let mut from = 0;
    while let Some(found) = text[from..].find('<') {
        let at = from + found;
        if lexeme::opens_dropped_tag(&text[at..]) {
            text.replace_range(at..=at, "‹");
        }
        from = text.ceil_char_boundary(at + 1);
    }
    text
}

/// The passages a finished text cites, in the order they are first cited. Code is skipped.
pub(crate) fn cited(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut fence = None;
    let (mut at, mut place) = (0, Place::START);
    while at < text.len() {
        let rest = &text[at..];
        let read = match fence {
            Some(length) => lexeme::in_fence(rest, length, place, true),
            None => lexeme::in_prose(rest, place, true),
        };
        let Some((length, lexeme)) = read else { break };
        match lexeme {
            Lexeme::FenceOpens(length) => fence = Some(length),
            Lexeme::FenceCloses => fence = None,
            Lexeme::Citation { numbers, .. } => {
                for number in numbers {
                    if !found.contains(&number) {
                        found.push(number);
                    }
                }
            }
            _ => {}
        }
        place.advance(&rest[..length]);
        at += length;
    }
    found
}

#[cfg(test)]
mod tests;
