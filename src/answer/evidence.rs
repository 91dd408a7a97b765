//! The passages an answer may use, numbered: what the reader sees as sources.
//!
//! Parts of one section share a number, because readers open sections. It does not know how an
//! answer is made of them.

use super::Source;
use super::prompt::is_hidden;
use super::sentences::sentences;
use super::terms::{Stems, terms};
use crate::corpus::{Block, BlockKind};
use crate::language::Language;
use crate::retrieval::Passage;

/// Letters of a passage shown beside an answer: the contract's number.
const CONTENT_CHARS: usize = 200;

/// A fused score this far behind the best is worth nothing any more. Questions with a labelled
/// section are answered from it more often the smaller this is, down to .3 (quality page); on
/// SQuAD, where paragraphs of one article lie close together, .4 and more lose nothing.
const STRENGTH_SPAN: f32 = 0.4;

/// A numbered section, or the reader's selection.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// The `n` of `[n]`, from 1.
    pub id: usize,
    pub doc_id: String,
    pub title: String,
    pub section: String,
    pub heading_path: Vec<String>,
    pub url: String,
    pub locale: String,
    pub language: Language,
    /// Retrieval's opinion: 1 for the best section, less the farther its score lies behind.
    pub strength: f32,
    /// Relevance in 0–1, for showing to people.
    pub relevance: f32,
    pub blocks: Vec<Block>,
}

/// Numbers the passages in their order, parts of one section together.
pub(crate) fn number(passages: Vec<Passage>) -> Vec<Evidence> {
    let best = passages.iter().map(|p| p.score).fold(f32::MIN, f32::max);
    let mut numbered: Vec<Evidence> = Vec::with_capacity(passages.len());
    for passage in passages {
        let url = passage.url();
        let known = numbered.iter_mut().find(|e| {
            e.url == url && e.doc_id == passage.document.id && e.section == passage.heading
        });
        if let Some(same) = known {
            same.add_part(passage.blocks);
            continue;
        }
        numbered.push(Evidence {
            id: numbered.len() + 1,
            doc_id: passage.document.id.clone(),
            title: passage.document.title.clone(),
            section: passage.heading,
            heading_path: passage.heading_path,
            url,
            locale: passage.document.locale.clone(),
            language: passage.language,
            strength: 1.0 - (best - passage.score) / STRENGTH_SPAN,
            relevance: passage.relevance,
            blocks: passage.blocks,
        });
    }
    numbered
}

impl Evidence {
    /// A later part of the section, in the page's order; parts may overlap.
    fn add_part(&mut self, blocks: Vec<Block>) {
        for block in blocks {
            if !self
                .blocks
                .iter()
                .any(|b| b.range == block.range && b.text == block.text)
            {
                self.blocks.push(block);
            }
        }
        self.blocks.sort_by_key(|b| b.range.start);
    }

    /// The visible text without headings, blocks separated by blank lines.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self
            .blocks
            .iter()
            .filter(|b| b.kind != BlockKind::Heading)
            .map(|b| b.text.trim())
            .collect();
        texts.join("\n\n")
    }

    /// Where the text stands: title and headings.
    pub fn place(&self) -> String {
        let mut place = self.title.clone();
        for heading in self.heading_path.iter().filter(|h| **h != self.title) {
            place.push_str(" › ");
            place.push_str(heading);
        }
        if !self.heading_path.contains(&self.section) && self.section != self.title {
            place.push_str(" › ");
            place.push_str(&self.section);
        }
        place
    }

    /// As shown to the reader, with `quote` as the sentence that answers.
    pub fn source(&self, quote: String) -> Source {
        Source {
            id: self.id,
            doc_id: self.doc_id.clone(),
            title: self.title.clone(),
            chapter: self.title.clone(),
            section: self.section.clone(),
            heading_path: self.heading_path.clone(),
            url: self.url.clone(),
            content: excerpt(&self.text()),
            quote,
            similarity_score: self.relevance,
        }
    }

    /// The sentence nearest to a text, for a source that nothing has been quoted from yet.
    pub fn nearest_sentence(&self, text: &str) -> String {
        let asked = terms(text);
        let prose = self
            .blocks
            .iter()
            .filter(|b| !matches!(b.kind, BlockKind::Heading | BlockKind::Code));
        let mut best: Option<(f32, &str)> = None;
        for sentence in prose.flat_map(|b| sentences(&b.text)) {
            let stems = Stems::of(sentence);
            let score: f32 = asked.iter().map(|term| stems.holds(term)).sum();
            if best.is_none_or(|(top, _)| score > top) {
                best = Some((score, sentence));
            }
        }
        one_line(best.map(|(_, sentence)| sentence).unwrap_or_default())
    }
}

/// A sentence on one line, without what cannot be seen: source files wrap where they like.
pub(crate) fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| c.is_whitespace() || !is_hidden(*c))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first letters of a text, cut at a word.
pub(crate) fn excerpt(text: &str) -> String {
    let text = one_line(text);
    let Some((end, _)) = text.char_indices().nth(CONTENT_CHARS) else {
        return text;
    };
    // One letter is the ellipsis.
    let cut = text[..end]
        .char_indices()
        .next_back()
        .map_or(0, |(at, _)| at);
    let head = &text[..cut];
    let head = head.rsplit_once(' ').map_or(head, |(words, _)| words);
    format!("{}…", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_at_most_two_hundred_letters_and_ends_at_a_word() {
        let long = "لفظ word ".repeat(100);
        let cut = excerpt(&long);
        assert!(cut.chars().count() <= CONTENT_CHARS);
        assert!(cut.ends_with("word…") || cut.ends_with("لفظ…"));
        assert_eq!(excerpt("short\n text"), "short text");
    }
}
