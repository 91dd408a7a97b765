//! Where HTML comments stand in CommonMark, so that they can be left out of what programs read.
//!
//! In a code fence `<!--` is text that a reader sees; only the parser knows the difference.

use pulldown_cmark::{Event, Options, Parser, Tag};
use std::ops::Range;

/// The byte ranges of the comments, in order.
pub(super) fn comments(source: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (event, range) in Parser::new_ext(source, Options::all()).into_offset_iter() {
        if matches!(event, Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_)) {
            within(source, range, &mut found);
        }
    }
    found
}

fn within(source: &str, html: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut at = html.start;
    while let Some(open) = source[at..html.end].find("<!--") {
        let start = at + open;
        // An unclosed comment hides everything to the end of its block.
        let end = source[start..html.end]
            .find("-->")
            .map_or(html.end, |close| start + close + "-->".len());
        found.push(start..end);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_in_blocks_and_lines_but_not_in_code() {
        let source = "a <!-- one --> b\n\n<!-- two\n\nlines --> rest\n\n`<!-- code -->`\n\n```\n<!-- fence -->\n```\n";
        let found: Vec<&str> = comments(source).into_iter().map(|r| &source[r]).collect();
        assert_eq!(found, ["<!-- one -->", "<!-- two\n\nlines -->"]);
    }
}
