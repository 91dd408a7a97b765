//! One section of a page's Markdown, with what is below it, cut out by its heading's id.
//!
//! The Markdown is the page's own, links and tables included; which heading has which id is known
//! from the document's sections.

use super::Section;
use super::markdown;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

struct Heading {
    name: String,
    level: usize,
    start: usize,
}

/// The part of `text` from the heading with this id to the next one that is not below it.
pub fn markdown_section<'a>(text: &'a str, sections: &[Section], anchor: &str) -> Option<&'a str> {
    let headings = headings(text);
    let mut left = headings.iter().enumerate();
    // Headings and sections are in the same order; text that only looks like a heading is passed by.
    let at = sections
        .iter()
        .filter(|section| section.level > 0)
        .find_map(|section| {
            let mut ahead = left.clone();
            let found = ahead.find(|(_, heading)| is_of(heading, section))?;
            left = ahead;
            (section.anchor.as_deref() == Some(anchor)).then_some(found.0)
        })?;
    let wanted = &headings[at];
    let end = headings[at + 1..]
        .iter()
        .find(|heading| heading.level <= wanted.level)
        .map_or(text.len(), |next| next.start);
    Some(&text[wanted.start..end])
}

fn headings(text: &str) -> Vec<Heading> {
    let mut found: Vec<Heading> = Vec::new();
    let mut inside = false;
    for (event, range) in Parser::new_ext(text, markdown::parser_options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                inside = true;
                found.push(Heading {
                    name: String::new(),
                    level: level as usize,
                    start: range.start,
                });
            }
            Event::End(TagEnd::Heading(_)) => inside = false,
            Event::Text(piece) | Event::Code(piece) if inside => {
                if let Some(heading) = found.last_mut() {
                    heading.name.push_str(&piece);
                }
            }
            Event::SoftBreak if inside => {
                if let Some(heading) = found.last_mut() {
                    heading.name.push(' ');
                }
            }
            _ => {}
        }
    }
    found
}

/// An id written into the heading (`## Name {#id}`) is not part of what a reader sees.
fn is_of(heading: &Heading, section: &Section) -> bool {
    let name = heading.name.trim();
    let shown = match name.rsplit_once("{#") {
        Some((before, id)) if id.ends_with('}') => before.trim_end(),
        _ => name,
    };
    shown == section.heading || name == section.heading
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(heading: &str, level: u8, anchor: Option<&str>) -> Section {
        Section {
            anchor: anchor.map(str::to_owned),
            heading: heading.to_owned(),
            level,
            heading_path: Vec::new(),
            blocks: Vec::new(),
            range: 0..0,
        }
    }

    #[test]
    fn a_section_ends_where_the_next_of_its_level_begins() {
        let text = "# Page\n\nIntro.\n\n## Set up {#set-up}\n\nOne.\n\n### `Deep`\n\nTwo.\n\n```\n## no\n```\n\n\
                    ## Set up\n\nThree.\n";
        let sections = [
            section("Page", 1, None),
            section("Set up", 2, Some("set-up")),
            section("Deep", 3, Some("deep")),
            section("Set up", 2, Some("set-up-1")),
        ];
        let cut = |anchor| markdown_section(text, &sections, anchor);
        let first = cut("set-up").expect("found");
        assert!(
            first.starts_with("## Set up {#") && first.ends_with("```\n\n"),
            "{first}"
        );
        assert!(
            cut("deep")
                .expect("found")
                .starts_with("### `Deep`\n\nTwo.")
        );
        assert_eq!(cut("set-up-1"), Some("## Set up\n\nThree.\n"));
        assert_eq!(cut("nowhere"), None);
    }
}
