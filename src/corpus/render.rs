//! A document as a page of HTML or Markdown, for sites without a build and for programs that read.
//!
//! Heading ids are those of the document's sections. The HTML is sanitised: documentation is not
//! trusted with scripts.

use super::link::Links;
use super::partial::partials_of;
use super::route::RouteTable;
use super::site::{Site, SourceFile};
use super::source::{Format, Source};
use super::{Document, html, markdown, read};
use ammonia::{UrlRelative, UrlRelativeEvaluate};
use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html::push_html};
use std::borrow::Cow;
use std::collections::HashMap;

/// The body of a readable page, its links leading to the pages in `routes`; empty when the file
/// can't be read any more.
pub fn document_html(site: &Site, file: &SourceFile, routes: &RouteTable) -> String {
    let Ok(source) = Source::open(site, file) else {
        return String::new();
    };
    let raw = match source.format {
        Format::Html => {
            let Some(document) = read(site, file).document else {
                return String::new();
            };
            html::shown(&source.text, &document.sections)
        }
        Format::Text => {
            let mut out = String::new();
            let blocks = super::plain_text::read(&source.text);
            let events = blocks.into_iter().flat_map(|raw| {
                [
                    Event::Start(Tag::Paragraph),
                    Event::Text(CowStr::from(raw.block.text)),
                    Event::End(TagEnd::Paragraph),
                ]
            });
            push_html(&mut out, events);
            out
        }
        Format::Markdown(_) => {
            let Some(document) = read(site, file).document else {
                return String::new();
            };
            markdown_html(&document_markdown(site, file), &document)
        }
    };
    let links = Links { site, file, routes };
    sanitiser()
        .url_relative(UrlRelative::Custom(Box::new(links)))
        .clean(&html::bounded(&raw))
        .to_string()
}

/// The page as Markdown without front matter, imports, tags of components and comments.
pub fn document_markdown(site: &Site, file: &SourceFile) -> String {
    let Ok(source) = Source::open(site, file) else {
        return String::new();
    };
    match source.format {
        Format::Markdown(_) => {
            let partials = partials_of(site, file);
            let reader = source.reader(site, file, &partials);
            let body = markdown::visible_markdown(&reader, &source.text, source.start);
            match &source.front.title {
                // The theme shows the title where the text has none.
                Some(title) if !body.trim_start().starts_with("# ") => {
                    format!("# {title}\n\n{}", body.trim_start())
                }
                _ => body.trim_start().to_owned(),
            }
        }
        Format::Html | Format::Text => {
            let Some(document) = read(site, file).document else {
                return String::new();
            };
            from_sections(&document)
        }
    }
}

impl<'a> UrlRelativeEvaluate<'a> for Links<'a> {
    fn evaluate<'u>(&self, written: &'u str) -> Option<Cow<'u, str>> {
        Some(Cow::from(self.address(written)))
    }
}

fn from_sections(document: &Document) -> String {
    let mut out = format!("# {}\n\n", document.title);
    for section in &document.sections {
        for block in &section.blocks {
            match block.kind {
                super::BlockKind::Heading if block.text == document.title => continue,
                super::BlockKind::Heading => {
                    out.push_str(&"#".repeat(usize::from(section.level.clamp(2, 6))));
                    out.push(' ');
                    out.push_str(&block.text);
                }
                super::BlockKind::Code => {
                    out.push_str("```\n");
                    out.push_str(&block.text);
                    out.push_str("\n```");
                }
                super::BlockKind::ListItem => {
                    out.push_str("- ");
                    out.push_str(&block.text);
                }
                _ => out.push_str(&block.text),
            }
            out.push_str("\n\n");
        }
    }
    out
}

/// Renders Markdown; headings take the ids of the document's headings with the same text, in order.
fn markdown_html(text: &str, document: &Document) -> String {
    let mut events: Vec<Event> = Parser::new_ext(text, markdown::parser_options()).collect();
    let headings: Vec<(&str, Option<&str>)> = document
        .sections
        .iter()
        .map(|s| (s.heading.as_str(), s.anchor.as_deref()))
        .collect();
    let mut cursor = 0;
    let mut at = 0;
    while at < events.len() {
        if !matches!(events[at], Event::Start(Tag::Heading { .. })) {
            at += 1;
            continue;
        }
        let end = events[at..]
            .iter()
            .position(|e| matches!(e, Event::End(TagEnd::Heading(_))))
            .map_or(events.len(), |n| at + n);
        let name: String = events[at + 1..end]
            .iter()
            .map(|event| match event {
                Event::Text(t) | Event::Code(t) => t.to_string(),
                Event::SoftBreak => " ".into(),
                _ => String::new(),
            })
            .collect();
        let name = name.trim();
        let found = headings[cursor.min(headings.len())..]
            .iter()
            .position(|(heading, anchor)| {
                *heading == name
                    || anchor.is_some_and(|a| {
                        name.strip_suffix('}')
                            .is_some_and(|n| n.ends_with(&format!("{{#{a}")))
                    })
            });
        if let Some(n) = found {
            let (heading, anchor) = headings[cursor + n];
            cursor += n + 1;
            if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
                *id = anchor.map(|a| CowStr::from(a.to_owned()));
            }
            if heading != name {
                // The explicit id is not part of what a reader sees.
                events.splice(at + 1..end, [Event::Text(CowStr::from(heading.to_owned()))]);
            }
        }
        at += 1;
    }
    let mut out = String::with_capacity(text.len() * 2);
    push_html(&mut out, events.into_iter());
    out
}

fn sanitiser<'a>() -> ammonia::Builder<'a> {
    let mut builder = ammonia::Builder::default();
    let with_ids = [
        "h1", "h2", "h3", "h4", "h5", "h6", "sup", "div", "li", "section", "article", "a", "span",
    ];
    let mut attributes: HashMap<&str, std::collections::HashSet<&str>> =
        builder.clone_tag_attributes();
    for tag in with_ids {
        attributes.entry(tag).or_default().insert("id");
    }
    attributes.entry("code").or_default().insert("class");
    attributes
        .entry("input")
        .or_default()
        .extend(["type", "checked", "disabled"]);
    builder.tag_attributes(attributes);
    builder.add_tags(["input"]);
    builder.add_generic_attributes(["dir"]);
    builder
}
