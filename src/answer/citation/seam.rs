//! What stands beside what where something was taken out.
//!
//! Two harmless pieces can become one that is not: `[`, a tag and `9]` would leave `[9]`, `htt`, a
//! citation and `ps://…` an address, two single backticks a double one that ends no code. So what is
//! left on both sides of a gap is kept apart wherever it could be read together.

use super::lexeme::Place;

/// Letters behind which a gap closes without a trace: they end a sentence, a phrase or a cell, and
/// with what stands before them make nothing of Markdown's.
const CLOSING: &[char] = &[
    '.', ',', ';', '!', '?', ')', '>', '‹', 'ˋ', '*', '_', '"', '\'', '’', '”', '»', '|', '۔', '،',
    '؛', '؟', '。', '，', '…',
];

/// Letters before which it does: they open a phrase.
const OPENING: &[char] = &['(', '‹', 'ˋ', '*', '_', '"', '\'', '‘', '“', '«', '…'];

/// The end of what has been shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seam {
    /// The last letter and the one before it; `\n` where there is none.
    before: char,
    earlier: char,
    /// Something after it has been taken out or written anew.
    open: bool,
}

impl Seam {
    pub const START: Self = Self {
        before: '\n',
        earlier: '\n',
        open: false,
    };

    /// Where reading stands: behind a gap a word begins anew.
    pub fn place(self, mut place: Place) -> Place {
        if self.open && place.before != '\n' {
            place.before = ' ';
        }
        place
    }

    /// What must be shown before `next` so that it isn't read together with what stands before it.
    ///
    /// `line` is the prose of the current line with `next` in it; `changed` says that `next` is
    /// not what the model wrote.
    pub fn filler(self, line: &str, next: &str, changed: bool) -> Option<&'static str> {
        let first = next.chars().next()?;
        if self.joins_to_link(line, first) {
            return Some(" ");
        }
        if !(self.open || changed) || self.before == '\n' || first == '\n' {
            return None;
        }
        let earlier = line.strip_suffix(next).unwrap_or(line);
        if is_open_bracket(earlier) {
            // A space would leave a citation a citation.
            return Some(" …");
        }
        let apart = self.before.is_whitespace()
            || first.is_whitespace()
            || (!ends_with_address(earlier)
                && ((first == '(' && changed)
                    || (self.before == ']' && first == '[')
                    || (CLOSING.contains(&first) && self.before != '<')
                    || (OPENING.contains(&self.before) && self.earlier != ']')));
        (!apart).then_some(" ")
    }

    /// Moves past what is shown.
    pub fn advance(&mut self, shown: &str, changed: bool) {
        for letter in shown.chars() {
            self.earlier = self.before;
            self.before = letter;
        }
        self.open = changed || (self.open && shown.is_empty());
    }

    /// Links and definitions of links that were not read as one whole: their text goes over several
    /// lines, or they stand in a list or a quotation (`> [1]: //elsewhere`).
    fn joins_to_link(self, line: &str, first: char) -> bool {
        let opens_block = || {
            let inner = line.trim_start_matches(|c: char| {
                c.is_ascii_digit() || matches!(c, ' ' | '\t' | '>' | '-' | '*' | '+' | '.' | ')')
            });
            inner.starts_with([':', '['])
        };
        let began_earlier = || line.find(']').is_some_and(|end| !line[..end].contains('['));
        match first {
            '(' => self.before == ']',
            ':' => self.before == ']' && (opens_block() || began_earlier()),
            _ => false,
        }
    }
}

/// Whether a bracket has been opened on this line and not closed.
fn is_open_bracket(line: &str) -> bool {
    line.rfind('[') > line.rfind(']') || line.rfind('【') > line.rfind('】')
}

/// Whether the last word is an address or the beginning of one, which go on over most letters.
fn ends_with_address(line: &str) -> bool {
    let word = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    word.contains("://") || word.to_ascii_lowercase().contains("www")
}
