//! Names of HTML elements, by what they do to the text in them.

/// Elements whose content is never shown.
pub(super) const HIDDEN: [&str; 11] = [
    "head", "script", "style", "template", "noscript", "svg", "title", "iframe", "object",
    "textarea", "select",
];
/// Elements of a page that are not its content.
pub(super) const AROUND: [&str; 2] = ["nav", "dialog"];

/// Elements with a box of their own: words on both sides of their tags are not one word.
pub(super) fn is_box(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "ul"
            | "ol"
            | "dl"
            | "dt"
            | "dd"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "aside"
            | "summary"
            | "details"
            | "figure"
            | "figcaption"
            | "hr"
            | "form"
            | "fieldset"
            | "address"
            | "caption"
            | "body"
            | "tbody"
            | "thead"
    )
}

/// Elements that have no content, and no tag that closes them.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "hr"
            | "img"
            | "input"
            | "meta"
            | "link"
            | "area"
            | "base"
            | "col"
            | "embed"
            | "source"
            | "track"
            | "wbr"
    )
}
