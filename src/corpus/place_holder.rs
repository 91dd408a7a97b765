//! Bytes that stand in a page's text for what its reader never sees.
//!
//! The Markdown mask writes them and the builder of blocks drops them. They are here because both
//! must know them and neither needs to know the other.

/// In place of a tag or comment inside a line: text for the parser, nothing for the reader.
pub(super) const TAG: u8 = 0x01;
/// In place of an expression: as a tag, but Docusaurus counts its source into heading ids.
pub(super) const EXPRESSION: u8 = 0x02;
/// First byte of `<br/>`.
pub(super) const LINE_BREAK: u8 = 0x03;
/// First byte of a tag that begins or ends a box of its own: words around it are not one word.
pub(super) const BOX: u8 = 0x04;

pub(super) fn is_place_holder(b: u8) -> bool {
    (TAG..=BOX).contains(&b)
}
