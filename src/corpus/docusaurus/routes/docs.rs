//! The route of a docs page, from its place below the docs folder and its front matter.
//!
//! Ported from `plugin-content-docs` (`docs`, `slug`, `numberPrefix`) of Docusaurus 3.10.

use super::stem;
use crate::corpus::front_matter::FrontMatter;
use crate::corpus::site::ContentRoot;
use crate::corpus::url_path::{is_valid, join, resolve};

/// The route of a docs page, and why its slug could not be used.
pub(in crate::corpus) fn doc(
    root: &ContentRoot,
    relative: &str,
    front: &FrontMatter,
) -> (String, Option<String>) {
    let (dir, file) = relative.rsplit_once('/').unwrap_or(("", relative));
    let name = stem(file);
    let strip = root.strip_number_prefixes && front.parse_number_prefixes.unwrap_or(true);
    let stripped = |segment: &str| {
        if strip {
            without_number_prefix(segment).to_owned()
        } else {
            segment.to_owned()
        }
    };
    let base_id = doc_base_id(root, relative, front);
    let dir_slug = if dir.is_empty() {
        "/".to_owned()
    } else {
        let segments: Vec<String> = dir.split('/').map(stripped).collect();
        format!("/{}/", segments.join("/"))
    };
    let is_index = {
        let folder = dir.rsplit('/').next().unwrap_or("").to_lowercase();
        let name = name.to_lowercase();
        name == "index" || name == "readme" || (!dir.is_empty() && name == folder)
    };
    let from_name = || {
        if is_index {
            dir_slug.clone()
        } else {
            resolve(&base_id, &dir_slug)
        }
    };
    let slug = match front.slug.as_deref() {
        Some(slug) if slug.starts_with('/') => slug.to_owned(),
        Some(slug) if !slug.is_empty() => resolve(slug, &dir_slug),
        _ => from_name(),
    };
    let (slug, problem) = if front.slug.is_some() && !is_valid(&slug) {
        (
            from_name(),
            Some("its slug is not a valid path, so its route follows the file's name".to_owned()),
        )
    } else {
        (slug, None)
    };
    (join(&[&root.route, &slug]), problem)
}

/// What a docs page is called when nothing else names it.
pub(in crate::corpus) fn doc_base_id(
    root: &ContentRoot,
    relative: &str,
    front: &FrontMatter,
) -> String {
    if let Some(id) = front
        .id
        .as_deref()
        .filter(|id| !id.is_empty() && !id.contains('/'))
    {
        return id.to_owned();
    }
    let name = stem(relative.rsplit('/').next().unwrap_or(relative));
    let strip = root.strip_number_prefixes && front.parse_number_prefixes.unwrap_or(true);
    if strip {
        without_number_prefix(name).to_owned()
    } else {
        name.to_owned()
    }
}

/// `DefaultNumberPrefixParser`: `01-intro` → `intro`, but dates and versions are left alone.
fn without_number_prefix(name: &str) -> &str {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return name;
    }
    let rest = &name[digits..];
    let looks_like_a_date =
        rest.starts_with(['-', '_', '.']) && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    if looks_like_a_date {
        return name;
    }
    let separators = rest.trim_start();
    let suffix = separators.trim_start_matches(['-', '_', '.']);
    if suffix.len() == separators.len() {
        return name;
    }
    let suffix = suffix.trim_start();
    if suffix.is_empty() || suffix.starts_with(['-', '_', '.']) {
        name
    } else {
        suffix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::site::RootKind;

    fn route_of(relative: &str, slug: Option<&str>) -> String {
        let root = ContentRoot {
            kind: RootKind::Docs,
            route: "/docs".into(),
            strip_number_prefixes: true,
        };
        let front = FrontMatter {
            slug: slug.map(str::to_owned),
            ..FrontMatter::default()
        };
        doc(&root, relative, &front).0
    }

    #[test]
    fn docs_routes_follow_the_rules_of_docusaurus() {
        for (relative, slug, route) in [
            ("intro.md", None, "/docs/intro"),
            ("01-intro.md", None, "/docs/intro"),
            (
                "02 - Guides/003. My Page.md",
                None,
                "/docs/Guides/My%20Page",
            ),
            ("guide/index.md", None, "/docs/guide/"),
            ("guide/README.mdx", None, "/docs/guide/"),
            ("guide/Guide.md", None, "/docs/guide/"),
            ("2024-01-02-release.md", None, "/docs/2024-01-02-release"),
            ("8.0-notes.md", None, "/docs/8.0-notes"),
            ("a/b.md", Some("/"), "/docs/"),
            ("a/b.md", Some("/top"), "/docs/top"),
            ("a/b.md", Some("c"), "/docs/a/c"),
            ("a/b.md", Some("../c/"), "/docs/c/"),
            ("a/b.md", Some("../../../../etc/passwd"), "/docs/etc/passwd"),
            (
                "a/b.md",
                Some("javascript:alert(1)"),
                "/docs/a/javascript:alert(1)",
            ),
            ("a/b.md", Some("//evil.example"), "/docs/a/b"),
            ("تعارف.md", None, "/docs/%D8%AA%D8%B9%D8%A7%D8%B1%D9%81"),
        ] {
            assert_eq!(route_of(relative, slug), route, "{relative} {slug:?}");
        }
    }

    #[test]
    fn number_prefixes_are_stripped_but_dates_and_versions_are_not() {
        for (name, bare) in [
            ("1-a", "a"),
            ("01_a", "a"),
            ("1.a", "a"),
            ("1 - a", "a"),
            ("1--a", "a"),
            ("1-", "1-"),
            ("2021-11-a", "2021-11-a"),
            ("7.0-a", "7.0-a"),
            ("a-1", "a-1"),
            ("42", "42"),
            ("1a", "1a"),
        ] {
            assert_eq!(without_number_prefix(name), bare);
        }
    }
}
