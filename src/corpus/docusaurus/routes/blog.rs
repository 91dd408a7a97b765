//! The route of a blog post: its slug, or the date and name in its file name.
//!
//! Ported from `plugin-content-blog` (`blogUtils`) of Docusaurus 3.10.

use crate::corpus::front_matter::FrontMatter;
use crate::corpus::site::ContentRoot;
use crate::corpus::url_path::join;

/// The route of a blog post.
pub(in crate::corpus) fn post(
    root: &ContentRoot,
    relative: &str,
    front: &FrontMatter,
) -> (String, Option<String>) {
    let slug = match front.slug.as_deref().filter(|s| !s.is_empty()) {
        Some(slug) => slug.to_owned(),
        None => post_slug(relative).0,
    };
    (join(&[&root.route, &slug]), None)
}

/// Slug and name of a blog post, from `[folder/]2024-01-31-name.md` and its relatives.
pub(in crate::corpus) fn post_slug(relative: &str) -> (String, String) {
    let without_extension = relative
        .strip_suffix(".mdx")
        .or_else(|| relative.strip_suffix(".md"))
        .unwrap_or(relative);
    let text = without_extension
        .strip_suffix("/index")
        .unwrap_or(without_extension);
    let bytes = text.as_bytes();
    // The folder is matched greedily, so the last date counts.
    for start in (0..bytes.len()).rev() {
        if let Some(length) = date_length(&bytes[start..]) {
            let folder = &text[..start];
            let date = text[start..start + length].replace('-', "/");
            let rest = &text[start + length..];
            let rest = rest.strip_prefix(['-', '/']).unwrap_or(rest);
            return (format!("/{date}/{folder}{rest}"), rest.to_owned());
        }
    }
    (format!("/{text}"), text.to_owned())
}

/// Length of `\d{4}[-/]\d{1,2}[-/]\d{1,2}` at the start.
fn date_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize, most: usize| {
        bytes[from.min(bytes.len())..]
            .iter()
            .take(most)
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let separator = |at: usize| matches!(bytes.get(at), Some(b'-' | b'/'));
    if digits(0, 4) < 4 || !separator(4) {
        return None;
    }
    let month = digits(5, 2);
    if month == 0 || !separator(5 + month) {
        return None;
    }
    let day = digits(6 + month, 2);
    (day > 0).then_some(6 + month + day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blog_routes_come_from_the_date_in_the_name() {
        for (relative, slug) in [
            ("2016-12-15-2016-in-jest.md", "/2016/12/15/2016-in-jest"),
            ("2021-01-19-recap/index.mdx", "/2021/01/19/recap"),
            ("2021/01/19/recap.md", "/2021/01/19/recap"),
            ("releases/3.8/index.mdx", "/releases/3.8"),
            ("team/2021-1-2-post.md", "/2021/1/2/team/post"),
            ("hello.md", "/hello"),
        ] {
            assert_eq!(post_slug(relative).0, slug);
        }
    }
}
