//! What a chunk says in its parts: its heading, and passages of a few sentences.
//!
//! One vector of a whole section is a mean of all it says; a question mostly asks for one thing of
//! it. So the parts are embedded beside the whole.

use crate::corpus::{BlockKind, Chunk};

/// Letters of a passage: two or three sentences (ablation page).
const PASSAGE_CHARS: usize = 280;

/// What stands between the headings of a breadcrumb, and in the titles of some pages.
const BETWEEN_CRUMBS: [&str; 2] = [" › ", " > "];

/// The texts that are embedded beside the chunk's own: the nearest heading, where the breadcrumb has
/// more than one, and the passages under the breadcrumb. None where that is only one text.
pub fn details(chunk: &Chunk) -> Vec<String> {
    let crumbs = &chunk.breadcrumb;
    let above = BETWEEN_CRUMBS
        .iter()
        .filter_map(|between| crumbs.rfind(between).map(|at| at + between.len()))
        .max();
    let heading = above.map(|at| crumbs[at..].trim().to_owned());
    let mut texts: Vec<String> = heading.into_iter().filter(|h| !h.is_empty()).collect();
    let passages = passages(chunk).into_iter();
    texts.extend(passages.map(|passage| format!("{crumbs}\n{passage}")));
    if texts.len() < 2 {
        texts.clear();
    }
    texts
}

/// The chunk's text cut between sentences and lines.
fn passages(chunk: &Chunk) -> Vec<String> {
    let mut passages: Vec<String> = Vec::new();
    let mut length = 0;
    let blocks = chunk.blocks.iter();
    let texts = blocks.filter(|block| block.kind != BlockKind::Heading);
    for sentence in texts.flat_map(|block| sentences(&block.text)) {
        let chars = sentence.chars().count();
        match passages.last_mut() {
            Some(last) if length + chars <= PASSAGE_CHARS => {
                last.push(' ');
                last.push_str(sentence);
                length += 1 + chars;
            }
            _ => {
                passages.push(sentence.to_owned());
                length = chars;
            }
        }
    }
    passages
}

/// Lines, and in them what ends with a full stop or a question or exclamation mark.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| matches!(c, '.' | '!' | '?' | '۔' | '؟');
    text.lines()
        .flat_map(move |line| {
            let mut ended = false;
            line.split_inclusive(move |c: char| {
                let is_end = ended && c.is_whitespace();
                ended = ends(c);
                is_end
            })
        })
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{ChunkBudget, chunk_under, read_markdown};

    fn details_of(title: &str, text: &str) -> Vec<String> {
        let document = read_markdown(title, text);
        let budget = ChunkBudget {
            max_tokens: 384,
            overlap_tokens: 48,
            count: &|text: &str| text.len() / 4,
        };
        let chunks = chunk_under("", &document, &budget);
        details(chunks.last().expect("a chunk"))
    }

    #[test]
    fn a_long_section_has_its_heading_and_its_passages() {
        let one =
            "The robot walks on two legs and keeps its balance by moving its arms. ".repeat(3);
        let other = "Version 2.0 of the controller reads the gyroscope at 1 kHz. ".repeat(3);
        let found = details_of("Guide", &format!("## Walking\n\n{one}\n\n{other}"));
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "Walking");
        assert!(found[1].starts_with("Guide › Walking\nThe robot"));
        assert!(found[2].contains("Version 2.0 of"));
        assert!(found[2].ends_with("1 kHz."));
    }

    #[test]
    fn a_short_page_without_headings_has_nothing_beside_the_whole() {
        assert!(details_of("Guide", "It walks. It runs.").is_empty());
        let found = details_of("Guide > Walking", "یہ چلتا ہے۔");
        assert_eq!(found, ["Walking", "Guide > Walking\nیہ چلتا ہے۔"]);
    }
}
