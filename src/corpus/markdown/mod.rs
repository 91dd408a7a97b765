//! Markdown and MDX pages → blocks with heading ids.
//!
//! Masks what a reader never sees, lets a CommonMark parser read the rest, and gives headings the
//! ids Docusaurus gives them. It does not know files, routes or sections.

mod blocks;
mod comments;
mod directive;
mod heading_id;
mod including;
mod mask;
mod page;
mod script;
mod slug_table;
mod tag;
mod visible;

pub(super) use blocks::parser_options;
pub(super) use heading_id::slug;
pub(super) use page::{Flavor, Page, Reader};
pub(super) use visible::visible_markdown;
