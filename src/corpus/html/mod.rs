//! HTML: the text a reader sees, headings and their ids, and nothing else.
//!
//! Works on whole pages and on the fragments inside Markdown. It tokenises as browsers do, but
//! builds no tree: nesting is followed only as far as hidden elements need it.

mod depth;
mod elements;
mod shown;

use super::BlockKind;
use super::block_builder::{Draft, RawBlock};
use super::markdown::slug;
use elements::{AROUND, HIDDEN, is_box, is_void};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use std::collections::HashSet;
use std::ops::Range;

pub(super) use depth::bounded;
pub(super) use shown::shown;

/// What the page says about itself.
#[derive(Debug, Default)]
pub(super) struct Meta {
    pub title: Option<String>,
    pub description: Option<String>,
    pub keywords: Vec<String>,
    pub lang: Option<String>,
}

/// Reads HTML piece by piece; elements may stay open from one piece to the next.
#[derive(Debug, Default)]
pub(super) struct HtmlReader {
    /// Hidden elements that are open: the outermost's name and how often it is open.
    hidden: Option<(String, usize)>,
    in_title: bool,
    pub meta: Meta,
    draft: Draft,
    kind: Option<BlockKind>,
    heading: Option<(u8, Option<String>)>,
    /// Id of an element opened just before: Sphinx and its like put it on the section.
    id_before: Option<String>,
    preformatted: usize,
    /// A whole page leaves out navigation; a fragment in Markdown has none.
    page: bool,
}

impl HtmlReader {
    pub(super) fn for_page() -> Self {
        Self {
            page: true,
            ..Self::default()
        }
    }

    /// True while text belongs to an element that is not shown.
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    /// Reads `html`; `locate` maps its offsets to the source.
    pub(super) fn read(
        &mut self,
        html: &str,
        locate: &dyn Fn(usize) -> usize,
        out: &mut Vec<RawBlock>,
    ) {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => {
                    let name = String::from_utf8_lossy(&tag.name).into_owned();
                    let attribute = |key: &str| {
                        tag.attributes
                            .get(key.as_bytes())
                            .map(|value| String::from_utf8_lossy(&value.value).into_owned())
                    };
                    self.opened(&name, tag.self_closing, &attribute, out);
                }
                Token::EndTag(tag) => self.closed(&String::from_utf8_lossy(&tag.name), out),
                Token::String(text) => {
                    let range = locate(text.span.start)..locate(text.span.end);
                    self.text(&String::from_utf8_lossy(&text.value), range);
                }
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
    }

    /// Ends the last block.
    pub(super) fn flush(&mut self, out: &mut Vec<RawBlock>) {
        let draft = std::mem::take(&mut self.draft);
        let heading = self.heading.take();
        let kind = match (&heading, self.kind) {
            (Some(_), _) => BlockKind::Heading,
            (None, Some(kind)) => kind,
            (None, None) if self.preformatted > 0 => BlockKind::Code,
            (None, None) => BlockKind::Paragraph,
        };
        if let Some(block) = draft.finish(kind, kind == BlockKind::Code) {
            let (level, id) = heading.unwrap_or((0, None));
            out.push(RawBlock { block, level, id });
        }
    }

    fn opened(
        &mut self,
        name: &str,
        self_closing: bool,
        attribute: &dyn Fn(&str) -> Option<String>,
        out: &mut Vec<RawBlock>,
    ) {
        if name == "html" && self.meta.lang.is_none() {
            self.meta.lang = attribute("lang");
        }
        if name == "meta" {
            self.note_meta(attribute);
        }
        self.in_title = name == "title" && self.meta.title.is_none();
        if let Some((outer, depth)) = &mut self.hidden {
            if outer == name && !self_closing {
                *depth += 1;
            }
            return;
        }
        if hides(name, self.page, attribute) && !self_closing && !is_void(name) {
            self.hidden = Some((name.to_owned(), 1));
            return;
        }
        if matches!(name, "section" | "div" | "article" | "a" | "span")
            && let Some(id) = attribute("id").or_else(|| attribute("name").filter(|_| name == "a"))
        {
            match &mut self.heading {
                Some((_, anchor @ None)) => *anchor = Some(id),
                Some(_) => {}
                None => self.id_before = Some(id),
            }
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.flush(out);
                let before = self.id_before.take();
                let id = attribute("id").filter(|id| !id.is_empty()).or(before);
                self.heading = Some((name.as_bytes()[1] - b'0', id));
            }
            "pre" => {
                self.flush(out);
                self.preformatted += 1;
            }
            "table" => {
                self.flush(out);
                self.kind = Some(BlockKind::Table);
            }
            "tr" if self.kind == Some(BlockKind::Table) => self.draft.separate("\n"),
            "td" | "th" if self.kind == Some(BlockKind::Table) => self.draft.separate(" | "),
            "br" => self.draft.separate("\n"),
            "li" => {
                self.flush(out);
                self.kind = Some(BlockKind::ListItem);
            }
            "blockquote" => {
                self.flush(out);
                self.kind = Some(BlockKind::Quote);
            }
            _ if is_box(name) => {
                if self.kind == Some(BlockKind::Table) {
                    self.draft.separate(" ");
                } else {
                    self.flush(out);
                }
            }
            _ => {}
        }
    }

    fn closed(&mut self, name: &str, out: &mut Vec<RawBlock>) {
        self.in_title = false;
        if let Some((outer, depth)) = &mut self.hidden {
            if outer == name {
                *depth -= 1;
                if *depth == 0 {
                    self.hidden = None;
                }
            }
            return;
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.flush(out),
            "pre" => {
                self.flush(out);
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            "table" | "li" | "blockquote" => {
                self.flush(out);
                self.kind = None;
            }
            _ if is_box(name) && self.kind != Some(BlockKind::Table) => self.flush(out),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, source: Range<usize>) {
        if self.in_title {
            let title = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !title.is_empty() {
                self.meta.title = Some(title);
            }
        }
        if self.is_hidden() {
            return;
        }
        if self.heading.is_none() && !text.trim().is_empty() {
            self.id_before = None;
        }
        if self.preformatted > 0 {
            self.draft.push(text, source);
            return;
        }
        // Browsers fold white space; words keep their exact places.
        let exact = text.len() == source.len();
        if text.starts_with(char::is_whitespace) {
            self.draft.separate(" ");
        }
        let mut first = true;
        for word in text.split_whitespace() {
            if !first {
                self.draft.separate(" ");
            }
            first = false;
            let at = word.as_ptr() as usize - text.as_ptr() as usize;
            let place = if exact {
                source.start + at..source.start + at + word.len()
            } else {
                source.clone()
            };
            self.draft.push(word, place);
        }
        if !first && text.ends_with(char::is_whitespace) {
            self.draft.separate(" ");
        }
    }

    fn note_meta(&mut self, attribute: &dyn Fn(&str) -> Option<String>) {
        let Some(content) = attribute("content") else {
            return;
        };
        match attribute("name").map(|name| name.to_lowercase()).as_deref() {
            Some("description") => self.meta.description = Some(content),
            Some("keywords") => {
                self.meta.keywords = content.split(',').map(|k| k.trim().to_owned()).collect();
            }
            _ => {}
        }
    }
}

/// Whether a reader sees nothing of this element.
fn hides(name: &str, page: bool, attribute: &dyn Fn(&str) -> Option<String>) -> bool {
    HIDDEN.contains(&name)
        || (page && AROUND.contains(&name))
        || attribute("hidden").is_some()
        || attribute("aria-hidden").is_some_and(|v| v == "true")
        || attribute("style").is_some_and(|style| hides_by_style(&style))
}

/// `display: none` and `visibility: hidden` in a style attribute.
fn hides_by_style(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    style.split(';').any(|declaration| {
        let (property, value) = declaration.split_once(':').unwrap_or_default();
        let value = value.trim().trim_end_matches("!important").trim_end();
        matches!(
            (property.trim(), value),
            ("display", "none") | ("visibility", "hidden")
        )
    })
}

/// Gives headings that have no id the one that Markdown's would have; the page's own title needs
/// none.
pub(super) fn give_ids(blocks: &mut [RawBlock]) {
    let mut taken: HashSet<String> = blocks.iter().filter_map(|raw| raw.id.clone()).collect();
    let title = blocks.iter().position(|raw| raw.level > 0);
    for (n, raw) in blocks.iter_mut().enumerate() {
        let is_title = raw.level == 1 && Some(n) == title;
        if raw.level == 0 || raw.id.is_some() || is_title {
            continue;
        }
        let plain = slug(&raw.block.text, false);
        if plain.is_empty() {
            continue;
        }
        let id = (0..)
            .map(|count| match count {
                0 => plain.clone(),
                _ => format!("{plain}-{count}"),
            })
            .find(|id| !taken.contains(id))
            .expect("numbers do not end");
        taken.insert(id.clone());
        raw.id = Some(id);
    }
}

/// A whole page.
pub(super) fn page(html: &str) -> (Vec<RawBlock>, Meta) {
    let mut reader = HtmlReader::for_page();
    let mut blocks = Vec::new();
    reader.read(html, &|offset| offset, &mut blocks);
    reader.flush(&mut blocks);
    (blocks, reader.meta)
}
