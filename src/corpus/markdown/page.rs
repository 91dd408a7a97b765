//! How a page is to be read, and what was read of it.
//!
//! Plain data, shared by the steps that make one of the other.

use crate::corpus::block_builder::RawBlock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::corpus) enum Flavor {
    CommonMark,
    Mdx,
}

/// Finds the text of an imported partial; `None` when it can't be read.
pub(in crate::corpus) type Partials<'a> = dyn Fn(&str) -> Option<String> + 'a;

pub(in crate::corpus) struct Reader<'a> {
    pub flavor: Flavor,
    pub keep_case: bool,
    /// Blog posts: the content title is shown by the theme and takes no part in counting ids.
    pub drop_title: bool,
    /// Whether headings of level 1 have ids too (they have none in Docusaurus).
    pub title_ids: bool,
    /// Whether `<!-- #id -->` gives a heading its id.
    pub comment_ids: bool,
    pub partials: &'a Partials<'a>,
}

#[derive(Debug, Default)]
pub(in crate::corpus) struct Page {
    pub blocks: Vec<RawBlock>,
    /// Text of the heading that is the page's title.
    pub content_title: Option<String>,
    /// Footnotes are gathered under a heading of their own at the end of the page.
    pub has_footnotes: bool,
}
