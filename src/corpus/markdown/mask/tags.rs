//! What a tag means for its page: hidden content, a heading, a title, an imported file.

use super::{Extra, Inclusion, Masker, TagHeading};
use crate::corpus::markdown::tag::Tag;

/// Elements whose content is never on the page.
const HIDDEN: [&str; 9] = [
    "head", "Head", "script", "style", "template", "svg", "noscript", "title", "Seo",
];

/// Elements with a box of their own.
pub(super) const BOXES: [&str; 28] = [
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

impl Masker<'_> {
    /// Notes what a tag means for the page. Returns where its invisible part ends.
    pub(super) fn tag(&mut self, tag: &Tag) -> usize {
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
        if tag.hides && !name.is_empty() {
            return match tag.self_closing {
                true => tag.range.end,
                false => self.element_end(tag, name),
            };
        }
        if name == "img" {
            self.picture(tag);
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

    /// A picture that stands alone on its line; within a line its place could not be kept.
    fn picture(&mut self, tag: &Tag) {
        let line = self.source[..tag.range.start]
            .rfind('\n')
            .map_or(0, |n| n + 1);
        let Some((address, _)) = tag.string(self.source, "src") else {
            return;
        };
        if !self.source[line..tag.range.start].trim().is_empty() || address.contains(['<', '>']) {
            return;
        }
        let about = tag.string(self.source, "alt").map_or("", |(alt, _)| alt);
        let about = about.replace(['[', ']', '\\'], " ");
        self.found.pictures.push(Extra {
            range: tag.range.clone(),
            text: format!("![{about}](<{address}>)"),
        });
    }

    /// Where an element ends that may hold others of its name.
    fn element_end(&self, tag: &Tag, name: &str) -> usize {
        let (open, close) = (format!("<{name}"), format!("</{name}"));
        let end = self.bytes.len();
        let mut depth = 1;
        let mut at = tag.range.end;
        while let Some(closing) = self.find(at, close.as_bytes()) {
            while let Some(opening) = self.find(at, open.as_bytes()).filter(|n| *n < closing) {
                depth += 1;
                at = opening + open.len();
            }
            depth -= 1;
            at = self.find(closing, b">").map_or(end, |n| n + 1);
            if depth == 0 {
                return at;
            }
        }
        tag.range.end
    }

    fn hidden_end(&self, tag: &Tag, name: &str) -> usize {
        let close = format!("</{name}");
        let end = self.bytes.len();
        match self.find(tag.range.end, close.as_bytes()) {
            Some(at) => self.find(at, b">").map_or(end, |n| n + 1),
            // A browser shows nothing behind a script that never ends.
            None if matches!(name, "script" | "style" | "template" | "head" | "Head") => end,
            None => tag.range.end,
        }
    }
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', n @ b'1'..=b'6'] => Some(n - b'0'),
        _ => None,
    }
}
