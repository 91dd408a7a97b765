//! Heading ids, made as Docusaurus 3 makes them.
//!
//! Follows `@docusaurus/mdx-loader` 3.10 (`remark/headings`) and github-slugger 2.0: the
//! explicit id in a comment, then `{#id}`, then a slug of the heading's text with `-1`, `-2` … for
//! those seen before. Explicit ids are not remembered, which is what the original does too.

use super::slug_table::KEPT;
use std::collections::HashMap;

/// One child of a heading, as remark sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// Inline code: counts as text, but never holds an id.
    Code(String),
    /// An MDX expression, without its braces.
    Expression(String),
    /// A raw HTML node (`format: md` only).
    Html(String),
}

/// Ids given out on one page.
#[derive(Debug, Default)]
pub(super) struct Slugger {
    occurrences: HashMap<String, usize>,
    keep_case: bool,
}

impl Slugger {
    pub(super) fn new(keep_case: bool) -> Self {
        Self {
            keep_case,
            ..Self::default()
        }
    }

    /// The id of a heading; an explicit one is also taken out of its pieces.
    pub(super) fn id(&mut self, pieces: &mut Vec<Piece>) -> String {
        if let Some(id) = comment_id(pieces) {
            pieces.pop();
            trim_last_text(pieces);
            return id;
        }
        let text = heading_text(pieces);
        if let Some((start, id)) = classic_id(&text) {
            let id = id.trim().to_owned();
            cut_tail(pieces, text.len() - start);
            return id;
        }
        self.slug(&text)
    }

    fn slug(&mut self, text: &str) -> String {
        let base = slug(text, self.keep_case);
        let mut id = base.clone();
        while self.occurrences.contains_key(&id) {
            let seen = self.occurrences.entry(base.clone()).or_insert(0);
            *seen += 1;
            id = format!("{base}-{seen}");
        }
        self.occurrences.insert(id.clone(), 0);
        id
    }
}

pub(in crate::corpus) fn slug(text: &str, keep_case: bool) -> String {
    let text = if keep_case {
        text.to_owned()
    } else {
        text.to_lowercase()
    };
    text.chars()
        .filter(|c| is_kept(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn is_kept(c: char) -> bool {
    let code = u32::from(c);
    KEPT.binary_search_by(|(first, last)| {
        if *last < code {
            std::cmp::Ordering::Less
        } else if *first > code {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    })
    .is_ok()
}

/// All children but HTML; HTML too when there is nothing else.
fn heading_text(pieces: &[Piece]) -> String {
    let visible: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(t) | Piece::Code(t) | Piece::Expression(t) => t.as_str(),
            Piece::Html(_) => "",
        })
        .collect();
    let only_html = !pieces.is_empty() && pieces.iter().all(|p| matches!(p, Piece::Html(_)));
    if only_html {
        return pieces
            .iter()
            .map(|piece| {
                if let Piece::Html(html) = piece {
                    html.as_str()
                } else {
                    ""
                }
            })
            .collect();
    }
    visible
}

fn comment_id(pieces: &[Piece]) -> Option<String> {
    let comment = match pieces.last()? {
        Piece::Expression(value) => value.trim().strip_prefix("/*")?.strip_suffix("*/")?,
        Piece::Html(value) => value.strip_prefix("<!--")?.strip_suffix("-->")?,
        _ => return None,
    };
    if comment.contains("*/") {
        return None;
    }
    let id = comment.trim().split(' ').next()?.strip_prefix('#')?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// `… {#id}` at the very end: where the white space before it begins, and the id.
fn classic_id(text: &str) -> Option<(usize, &str)> {
    let inner_end = text.strip_suffix('}')?.len();
    let open = text[..inner_end].rfind("{#")?;
    let id = &text[open + 2..inner_end];
    if id.is_empty() || id.contains(['}', '\n']) {
        return None;
    }
    let start = text[..open].trim_end().len();
    Some((start, id))
}

/// Removes `bytes` from the end of the visible text.
fn cut_tail(pieces: &mut Vec<Piece>, mut bytes: usize) {
    while bytes > 0 {
        match pieces.last_mut() {
            Some(Piece::Text(text) | Piece::Code(text) | Piece::Expression(text)) => {
                if text.len() > bytes {
                    text.truncate(text.len() - bytes);
                    return;
                }
                bytes -= text.len();
                pieces.pop();
            }
            Some(Piece::Html(_)) => {
                pieces.pop();
            }
            None => return,
        }
    }
}

fn trim_last_text(pieces: &mut [Piece]) {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        text.truncate(text.trim_end().len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(slugger: &mut Slugger, text: &str) -> String {
        slugger.id(&mut vec![Piece::Text(text.to_owned())])
    }

    #[test]
    fn repeated_headings_are_counted_as_github_slugger_counts_them() {
        let mut slugger = Slugger::default();
        assert_eq!(id(&mut slugger, "Foo"), "foo");
        assert_eq!(id(&mut slugger, "Foo"), "foo-1");
        assert_eq!(id(&mut slugger, "Foo 1"), "foo-1-1");
        assert_eq!(id(&mut slugger, "Foo"), "foo-2");
    }

    #[test]
    fn urdu_letters_and_marks_stay_in_the_id() {
        assert_eq!(id(&mut Slugger::default(), "روبوٹ کیا ہے؟"), "روبوٹ-کیا-ہے");
    }

    #[test]
    fn an_explicit_id_leaves_the_heading() {
        let mut pieces = vec![Piece::Text("Some heading {#my-id}".into())];
        assert_eq!(Slugger::default().id(&mut pieces), "my-id");
        assert_eq!(pieces, [Piece::Text("Some heading".into())]);
        let mut pieces = vec![
            Piece::Text("Other ".into()),
            Piece::Expression("/* #other */".into()),
        ];
        assert_eq!(Slugger::default().id(&mut pieces), "other");
        assert_eq!(pieces, [Piece::Text("Other".into())]);
    }

    #[test]
    fn an_expression_counts_into_the_id_as_it_is_written() {
        let mut pieces = vec![
            Piece::Text("Title ".into()),
            Piece::Expression("/* note */".into()),
        ];
        assert_eq!(Slugger::default().id(&mut pieces), "title--note-");
    }
}
