//! What a reader never sees, blanked out of a page without moving a byte.
//!
//! CommonMark's parser knows nothing of MDX. So front matter, import and export lines, JSX tags,
//! `{expressions}`, comments and `:::` fences are replaced by place holders of the same length,
//! and the parser's offsets stay true for the source. It does not know headings or sections.

use super::directive;
use super::script::{self, Effort};
use super::tag::{self, Tag};
use crate::corpus::place_holder::{BOX, EXPRESSION, LINE_BREAK, TAG};
use std::collections::HashMap;
use std::ops::Range;

/// Text a reader sees although it stands in a tag or behind a `:::`.
#[derive(Debug)]
pub(super) struct Extra {
    pub range: Range<usize>,
    pub text: String,
}

/// `<h2 id="x">…</h2>` in MDX.
#[derive(Debug)]
pub(super) struct TagHeading {
    pub range: Range<usize>,
    pub level: u8,
    pub id: Option<String>,
}

/// `<Partial />`, imported from another Markdown file.
#[derive(Debug)]
pub(super) struct Inclusion {
    pub range: Range<usize>,
    pub specifier: String,
}

#[derive(Debug, Default)]
pub(super) struct Masked {
    /// As long as the source, byte for byte.
    pub text: String,
    pub extras: Vec<Extra>,
    pub tag_headings: Vec<TagHeading>,
    pub inclusions: Vec<Inclusion>,
}

/// Elements whose content is never on the page.
const HIDDEN: [&str; 9] = [
    "head", "Head", "script", "style", "template", "svg", "noscript", "title", "Seo",
];

/// Elements with a box of their own.
const BOXES: [&str; 28] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "td",
    "th",
    "tr",
    "table",
    "thead",
    "tbody",
    "section",
    "article",
    "header",
    "footer",
    "summary",
    "details",
    "figure",
    "figcaption",
    "blockquote",
    "h2",
    "h3",
    "h4",
    "TabItem",
    "option",
];

pub(super) fn mask(source: &str, text_start: usize, mdx: bool) -> Masked {
    let mut masker = Masker {
        source,
        bytes: source.as_bytes(),
        out: source.as_bytes().to_vec(),
        effort: Effort::for_page(source.len()),
        mdx,
        found: Masked::default(),
        imports: HashMap::new(),
        open_headings: Vec::new(),
        open_directives: 0,
        code_searches: CodeSearches::default(),
    };
    masker.blank(0..text_start);
    masker.run(text_start);
    let Masker { out, mut found, .. } = masker;
    found.tag_headings.sort_by_key(|tag| tag.range.start);
    found.text = String::from_utf8(out).unwrap_or_else(|e| {
        // Only whole characters are replaced; should that ever fail, losing letters beats losing
        // the page.
        String::from_utf8_lossy(e.as_bytes()).into_owned()
    });
    if found.text.len() != source.len() {
        found.text.clear();
    }
    found
}

struct Fence {
    marker: u8,
    length: usize,
    quoted: bool,
}

struct Masker<'s> {
    source: &'s str,
    bytes: &'s [u8],
    out: Vec<u8>,
    effort: Effort,
    mdx: bool,
    found: Masked,
    /// Name → specifier of imported Markdown files.
    imports: HashMap<String, String>,
    open_headings: Vec<(u8, usize, Option<String>)>,
    open_directives: usize,
    code_searches: CodeSearches,
}

impl<'s> Masker<'s> {
    fn run(&mut self, start: usize) {
        let mut at = start;
        let mut fence: Option<Fence> = None;
        let mut in_paragraph = false;
        while at < self.bytes.len() {
            let line_end = script::line_end(self.bytes, at);
            let (content, quoted, listed) = container(&self.bytes[at..line_end]);
            let content = at + content;
            let line = &self.bytes[content..line_end];
            if let Some(open) = &fence {
                if (open.quoted && !quoted) || closes_fence(line, open) {
                    fence = None;
                }
                at = line_end + 1;
                in_paragraph = false;
                continue;
            }
            if let Some(mut opened) = opens_fence(line) {
                opened.quoted = quoted;
                fence = Some(opened);
                at = line_end + 1;
                in_paragraph = false;
                continue;
            }
            if self.mdx
                && !in_paragraph
                && content == at
                && (line.starts_with(b"import") || line.starts_with(b"export"))
                && let Some(end) = script::module_block_end(self.bytes, at)
            {
                self.imports
                    .extend(script::markdown_imports(&self.source[at..end]));
                self.blank(at..end);
                at = end;
                continue;
            }
            if line.starts_with(b":::") && self.directive(content, line_end) {
                at = line_end + 1;
                in_paragraph = false;
                continue;
            }
            if self.mdx {
                let (next, text) = self.inline(at, content, listed);
                in_paragraph = text && !line.starts_with(b"#") && !is_blank(line);
                at = next;
            } else {
                in_paragraph = !is_blank(line) && !line.starts_with(b"#");
                at = line_end + 1;
            }
        }
    }

    /// A `:::` line: opens or closes an admonition. Its title is visible.
    fn directive(&mut self, start: usize, line_end: usize) -> bool {
        match directive::read(&self.source[start..line_end]) {
            Some(directive::Line::Open { title }) => {
                self.open_directives += 1;
                if let Some(title) = title {
                    let range = start + title.start..start + title.end;
                    let text = self.source[range.clone()].to_owned();
                    self.found.extras.push(Extra { range, text });
                }
            }
            Some(directive::Line::Close) if self.open_directives > 0 => self.open_directives -= 1,
            _ => return false,
        }
        self.blank(start..line_end);
        true
    }

    /// Masks tags, expressions and comments from `content` to the end of the line they end on.
    /// Returns the start of the next line, and whether there was text besides.
    fn inline(&mut self, line_start: usize, content: usize, listed: bool) -> (usize, bool) {
        let mut i = content;
        let mut text = false;
        let mut masked: Vec<(Range<usize>, u8, u8)> = Vec::new();
        while i < self.bytes.len() {
            match self.bytes[i] {
                b'\n' => break,
                b'\\' => {
                    text = true;
                    i += 1;
                    // The escaped character is text; a line end stays a line end.
                    if i < self.bytes.len() && self.bytes[i].is_ascii_punctuation() {
                        i += 1;
                    }
                }
                b'`' => {
                    text = true;
                    i = self.code_searches.skip(self.bytes, i);
                }
                b'<' if self.bytes[i..].starts_with(b"<!--") => {
                    match script::find_within(
                        self.bytes,
                        i + 4,
                        self.bytes.len(),
                        b"-->",
                        &self.effort,
                    ) {
                        Some(close) => {
                            masked.push((i..close + 3, TAG, TAG));
                            i = close + 3;
                        }
                        // Never closed: HTML hides the rest of the page, and so do we.
                        None => {
                            masked.push((i..self.bytes.len(), TAG, TAG));
                            i = self.bytes.len();
                        }
                    }
                }
                b'<' => match tag::read(self.bytes, i, &self.effort) {
                    Some(tag) => {
                        let end = self.tag(&tag);
                        let name = &self.source[tag.name.clone()];
                        let first = match name {
                            "br" => LINE_BREAK,
                            _ if BOXES.contains(&name) => BOX,
                            _ => TAG,
                        };
                        masked.push((i..end, first, TAG));
                        i = end;
                    }
                    None => {
                        text = true;
                        i += 1;
                    }
                },
                b'{' if self.bytes.get(i + 1) != Some(&b'#') => {
                    let end = if self.bytes[i + 1..].starts_with(b"/*") {
                        script::find_within(
                            self.bytes,
                            i + 3,
                            self.bytes.len(),
                            b"*/",
                            &self.effort,
                        )
                        .and_then(|n| {
                            script::find_within(
                                self.bytes,
                                n + 2,
                                self.bytes.len(),
                                b"}",
                                &self.effort,
                            )
                        })
                        .map(|n| n + 1)
                    } else {
                        script::balanced(self.bytes, i, &self.effort)
                    };
                    match end {
                        Some(end) => {
                            match literal(&self.source[i..end]) {
                                Some(inner) => {
                                    text = true;
                                    masked.push((i..i + inner.start, EXPRESSION, EXPRESSION));
                                    masked.push((i + inner.end..end, EXPRESSION, EXPRESSION));
                                }
                                None => masked.push((i..end, EXPRESSION, EXPRESSION)),
                            }
                            i = end;
                        }
                        None => {
                            text = true;
                            i += 1;
                        }
                    }
                }
                b => {
                    text |= !b.is_ascii_whitespace();
                    i += 1;
                }
            }
        }
        let alone = !text && !listed;
        for (range, first, rest) in masked {
            if alone {
                self.blank(range);
            } else {
                self.fill(range, first, rest);
            }
        }
        debug_assert!(line_start <= i);
        ((i + 1).min(self.bytes.len().max(i)), text)
    }

    /// Notes what a tag means for the page. Returns where its invisible part ends.
    fn tag(&mut self, tag: &Tag) -> usize {
        let source = self.source;
        let name = &source[tag.name.clone()];
        if tag.closing {
            if let Some(level) = heading_level(name)
                && self
                    .open_headings
                    .last()
                    .is_some_and(|(open, ..)| *open == level)
                && let Some((level, start, id)) = self.open_headings.pop()
            {
                self.found.tag_headings.push(TagHeading {
                    range: start..tag.range.end,
                    level,
                    id,
                });
            }
            return tag.range.end;
        }
        if HIDDEN.contains(&name) && !tag.self_closing {
            return self.hidden_end(tag, name);
        }
        if let Some(level) = heading_level(name) {
            let id = tag.string(source, "id").map(|(id, _)| id.to_owned());
            self.open_headings.push((level, tag.range.start, id));
        }
        let shown = match name {
            "TabItem" => tag.string(source, "label"),
            "Admonition" => tag.string(source, "title"),
            _ => None,
        };
        if let Some((text, range)) = shown {
            self.found.extras.push(Extra {
                range,
                text: text.to_owned(),
            });
        }
        if let Some(specifier) = self.imports.get(name) {
            let specifier = specifier.clone();
            self.found.inclusions.push(Inclusion {
                range: tag.range.clone(),
                specifier,
            });
        }
        tag.range.end
    }

    fn hidden_end(&self, tag: &Tag, name: &str) -> usize {
        let close = format!("</{name}");
        let end = self.bytes.len();
        match script::find_within(
            self.bytes,
            tag.range.end,
            end,
            close.as_bytes(),
            &self.effort,
        ) {
            Some(at) => {
                script::find_within(self.bytes, at, end, b">", &self.effort).map_or(end, |n| n + 1)
            }
            // A browser shows nothing behind a script that never ends.
            None if matches!(name, "script" | "style" | "template" | "head" | "Head") => end,
            None => tag.range.end,
        }
    }

    fn blank(&mut self, range: Range<usize>) {
        self.fill(range, b' ', b' ');
    }

    fn fill(&mut self, range: Range<usize>, first: u8, rest: u8) {
        let mut next = first;
        for b in &mut self.out[range] {
            if !matches!(*b, b'\n' | b'\r') {
                *b = next;
                next = rest;
            }
        }
    }
}

/// Remembers which lengths of backtick runs have no partner in the rest of a paragraph, so that a
/// million of them are searched for once.
#[derive(Default)]
struct CodeSearches {
    /// Length, and where the paragraph ends.
    without_partner: Vec<(usize, usize)>,
}

impl CodeSearches {
    /// From a run of backticks to behind the code span, or behind the run when it begins none.
    fn skip(&mut self, bytes: &[u8], start: usize) -> usize {
        let length = run(bytes, start, b'`');
        let after = start + length;
        self.without_partner.retain(|(_, until)| start < *until);
        if self.without_partner.iter().any(|(n, _)| *n == length) {
            return after;
        }
        let mut i = after;
        let mut line_is_blank = false;
        while i < bytes.len() {
            match bytes[i] {
                b'`' => {
                    let n = run(bytes, i, b'`');
                    if n == length {
                        return i + n;
                    }
                    i += n;
                    line_is_blank = false;
                    continue;
                }
                b'\n' if line_is_blank => break,
                b'\n' => line_is_blank = true,
                b => line_is_blank &= b.is_ascii_whitespace(),
            }
            i += 1;
        }
        self.without_partner.push((length, i));
        after
    }
}

fn run(bytes: &[u8], start: usize, byte: u8) -> usize {
    bytes[start..].iter().take_while(|b| **b == byte).count()
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', n @ b'1'..=b'6'] => Some(n - b'0'),
        _ => None,
    }
}

/// `{'text'}`: what is between the quotes is on the page, when it holds nothing Markdown would read.
fn literal(expression: &str) -> Option<Range<usize>> {
    let inner = &expression[1..expression.len() - 1];
    let trimmed = inner.trim();
    let quote = trimmed.chars().next()?;
    if !matches!(quote, '"' | '\'' | '`') || trimmed.len() < 3 || !trimmed.ends_with(quote) {
        return None;
    }
    let text = &trimmed[1..trimmed.len() - 1];
    let plain = |c: char| {
        c.is_alphanumeric()
            || matches!(c, ' ' | '.' | ',' | '-' | ':' | ';' | '(' | ')' | '/' | '?')
    };
    if !text.chars().all(plain) || !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let start = expression.find(quote)? + 1;
    Some(start..start + text.len())
}

/// Length of indentation, quote and list markers before a line's content; whether there were quote
/// markers; whether there was a list marker.
fn container(line: &[u8]) -> (usize, bool, bool) {
    let (mut i, mut quoted, mut listed) = (0, false, false);
    loop {
        while i < line.len() && matches!(line[i], b' ' | b'\t') {
            i += 1;
        }
        match line.get(i) {
            Some(b'>') => {
                quoted = true;
                i += 1;
            }
            Some(b'-' | b'*' | b'+') if line.get(i + 1) == Some(&b' ') => {
                listed = true;
                i += 2;
            }
            Some(b'0'..=b'9') => {
                let digits = line[i..].iter().take_while(|b| b.is_ascii_digit()).count();
                let marker = matches!(line.get(i + digits), Some(b'.' | b')'));
                if digits <= 9 && marker && line.get(i + digits + 1) == Some(&b' ') {
                    listed = true;
                    i += digits + 2;
                } else {
                    return (i, quoted, listed);
                }
            }
            _ => return (i, quoted, listed),
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn opens_fence(line: &[u8]) -> Option<Fence> {
    let marker = *line.first().filter(|b| matches!(b, b'`' | b'~'))?;
    let length = run(line, 0, marker);
    let info_ok = marker == b'~' || !line[length..].contains(&b'`');
    (length >= 3 && info_ok).then_some(Fence {
        marker,
        length,
        quoted: false,
    })
}

fn closes_fence(line: &[u8], open: &Fence) -> bool {
    let length = run(line, 0, open.marker);
    length >= open.length && is_blank(&line[length..])
}
