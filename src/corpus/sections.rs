//! Blocks → sections: a heading with an id opens one, everything up to the next belongs to it.

use super::Section;
use super::block_builder::RawBlock;

/// Id and name Docusaurus gives the heading above a page's footnotes.
const FOOTNOTES: (&str, &str) = ("footnote-label", "Footnotes");

/// `title` names the text before the first heading; `end` is the source's length.
pub(super) fn build(
    blocks: Vec<RawBlock>,
    title: &str,
    start: usize,
    end: usize,
    footnotes: bool,
) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    // Headings above the one being read: level, text, and whether it is the page's title.
    let mut above: Vec<(u8, String, bool)> = Vec::new();
    for raw in blocks {
        let is_title = raw.level == 1 && raw.id.is_none() && !sections.iter().any(|s| s.level > 0);
        let opens = raw.level > 0 && (raw.id.is_some() || raw.level == 1);
        if opens {
            above.retain(|(level, ..)| *level < raw.level);
            let heading = match (&raw.id, raw.block.text.is_empty()) {
                (Some(id), true) => id.clone(),
                _ => raw.block.text.clone(),
            };
            above.push((raw.level, heading.clone(), is_title));
            sections.push(Section {
                anchor: raw.id,
                heading,
                level: raw.level,
                heading_path: path(&above),
                range: raw.block.range.start..raw.block.range.end,
                blocks: if raw.block.text.is_empty() {
                    Vec::new()
                } else {
                    vec![raw.block]
                },
            });
            continue;
        }
        if sections.is_empty() {
            sections.push(Section {
                anchor: None,
                heading: title.to_owned(),
                level: 0,
                heading_path: Vec::new(),
                range: start..raw.block.range.end,
                blocks: Vec::new(),
            });
        }
        if let Some(section) = sections.last_mut() {
            section.blocks.push(raw.block);
        }
    }
    if footnotes {
        sections.push(Section {
            anchor: Some(FOOTNOTES.0.to_owned()),
            heading: FOOTNOTES.1.to_owned(),
            level: 2,
            heading_path: vec![FOOTNOTES.1.to_owned()],
            blocks: Vec::new(),
            range: end..end,
        });
    }
    close_ranges(&mut sections, end);
    sections
}

fn path(above: &[(u8, String, bool)]) -> Vec<String> {
    above
        .iter()
        .filter(|(.., is_title)| !is_title)
        .map(|(_, text, _)| text.clone())
        .collect()
}

/// A section goes on to where the next one begins.
fn close_ranges(sections: &mut [Section], end: usize) {
    let mut next = end;
    for section in sections.iter_mut().rev() {
        section.range.end = next.max(section.range.start);
        next = section.range.start;
    }
}
