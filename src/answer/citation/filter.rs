//! The filter itself: what of an answer is shown, and what is taken out.
//!
//! It does not know how Markdown is read ([`lexeme`]) nor what may stand beside what ([`Seam`]).

use super::super::prompt::is_hidden;
use super::super::sentences::sentences;
use super::lexeme::{self, Fence, Lexeme, Place};
use super::seam::Seam;
use std::sync::{Arc, Mutex, PoisonError};

/// Decides whether the passage with this number supports this sentence.
pub(crate) type Judge = Box<dyn Fn(&str, usize) -> bool + Send + Sync>;

/// What is allowed in one answer.
#[derive(Clone)]
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
    fence: Option<Fence>,
    place: Place,
    seam: Seam,
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
            seam: Seam::START,
            line: String::new(),
            removed: 0,
        }
    }

    /// Takes the next piece; returns what can be shown already.
    pub fn push(&mut self, piece: &str) -> String {
        // Taken out before anything is read: `[\u{200B}9]` would otherwise become a citation after
        // it was found to be none.
        self.pending
            .extend(piece.chars().filter(|letter| !is_hidden(*letter)));
        self.drain(false)
    }

    /// The text has ended; returns the rest.
    pub fn finish(&mut self) -> String {
        let mut rest = self.drain(true);
        if let Some(fence) = self.fence.take() {
            // Whatever is said after a broken-off answer must not become part of its code.
            rest.push('\n');
            rest.push_str(&fence.closing());
        }
        rest
    }

    /// The sentences whose citations the next piece will have judged, in their order.
    pub fn due(&self, piece: &str) -> Vec<String> {
        self.ahead(|filter| filter.push(piece), piece)
    }

    /// The same for [`Self::finish`].
    pub fn due_at_end(&self) -> Vec<String> {
        self.ahead(Self::finish, "")
    }

    /// What a copy of this filter would have judged.
    fn ahead(&self, go_on: impl Fn(&mut Self) -> String, piece: &str) -> Vec<String> {
        let closes = |text: &str| text.contains([']', '】']);
        if !closes(piece) && !closes(&self.pending) {
            return Vec::new();
        }
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let noting = Arc::clone(&seen);
        let mut copy = Self {
            allowed: self.allowed.clone(),
            judge: Box::new(move |sentence, _| {
                let mut seen = noting.lock().unwrap_or_else(PoisonError::into_inner);
                if !seen.iter().any(|known| known == sentence) {
                    seen.push(sentence.to_owned());
                }
                true
            }),
            pending: self.pending.clone(),
            line: self.line.clone(),
            ..*self
        };
        go_on(&mut copy);
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
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
            let place = self.seam.place(self.place);
            let read = match self.fence {
                Some(fence) => lexeme::in_fence(rest, fence, place, ended),
                None => lexeme::in_prose(rest, place, ended),
            };
            let Some((length, lexeme)) = read else { break };
            let raw = &rest[..length];
            let shown = out.len();
            let fenced = matches!(
                lexeme,
                Lexeme::FenceOpens(_) | Lexeme::InFence | Lexeme::FenceCloses | Lexeme::FenceBreaks
            );
            self.write(raw, lexeme, &mut out);
            if out.len() == shown && raw.contains('\n') {
                // Markdown and the reading above both go by lines.
                self.note('\n');
                out.push('\n');
            }
            let changed = !fenced && out[shown..] != *raw;
            if !fenced && let Some(filler) = self.seam.filler(&self.line, &out[shown..], changed) {
                out.insert_str(shown, filler);
            }
            self.seam.advance(&out[shown..], changed);
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
                let is_tildes = raw.starts_with("~~~");
                for letter in raw.chars() {
                    // They begin no code here: in Markdown they might begin some that goes over
                    // several lines, and everything behind it would be read the other way round.
                    let letter = match letter {
                        '`' => 'ˋ',
                        '~' if is_tildes => '∼',
                        other => other,
                    };
                    out.push(letter);
                    self.note(letter);
                }
            }
            Lexeme::Code => {
                out.push_str(raw);
                self.line.push_str(raw);
            }
            Lexeme::FenceOpens(fence) => {
                self.fence = Some(fence);
                self.line.clear();
                out.push_str(raw);
            }
            Lexeme::InFence => out.push_str(raw),
            // Said the way that Markdown understands it, whatever the fence stands in.
            Lexeme::FenceCloses | Lexeme::FenceBreaks => {
                let closing = self.fence.take().map(Fence::closing);
                out.push_str(&closing.unwrap_or_default());
                if raw.is_empty() || raw.ends_with('\n') {
                    out.push('\n');
                }
            }
            Lexeme::Citation { spaces, numbers } => self.cite(spaces, &numbers, out),
            Lexeme::Link { text, target } => self.link(text, target, out),
            Lexeme::Image { alt } => self.unlinked(alt, out),
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

    /// What is left of a link or a picture: nothing of Markdown's begins in it.
    fn plain(&mut self, text: &str, out: &mut String) {
        let has_code = text.matches('`').count().is_multiple_of(2) && !text.contains("``");
        for letter in text.chars() {
            let letter = match letter {
                '`' if !has_code => 'ˋ',
                '[' | '【' => '［',
                ']' | '】' => '］',
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

    fn link(&mut self, text: &str, target: &str, out: &mut String) {
        if self.is_allowed(target) {
            // Written anew: a picture, a tag or an odd backtick in its text would be read by the
            // reader's Markdown, and titles say nothing that is checked.
            out.push('[');
            self.plain(text, out);
            out.push_str(&format!("]({target})"));
        } else {
            self.unlinked(text, out);
        }
    }

    /// What was said beside an address that is left out.
    fn unlinked(&mut self, text: &str, out: &mut String) {
        if lexeme::looks_like_url(text) {
            self.plain(self.allowed.link_removed, out);
        } else {
            self.plain(text, out);
        }
    }

    fn is_allowed(&self, url: &str) -> bool {
        self.allowed.urls.iter().any(|known| known == url)
    }
}
