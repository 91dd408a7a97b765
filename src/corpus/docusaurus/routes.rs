//! File names and front matter → routes, by the rules of Docusaurus 3.10.
//!
//! Ported from `plugin-content-docs` (`docs`, `slug`, `numberPrefix`), `plugin-content-blog`
//! (`blogUtils`), `plugin-content-pages` (`content`) and `utils` (`urlUtils`). Routes come out
//! percent-encoded, below the base URL, beginning with one slash.

use super::super::front_matter::FrontMatter;
use super::super::site::ContentRoot;

/// The route of a docs page, and why its slug could not be used.
pub(in super::super) fn doc(
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
pub(in super::super) fn doc_base_id(
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

/// The route of a blog post.
pub(in super::super) fn post(
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
pub(in super::super) fn post_slug(relative: &str) -> (String, String) {
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

/// The route of a Markdown file in `src/pages`.
pub(in super::super) fn page(
    root: &ContentRoot,
    relative: &str,
    front: &FrontMatter,
) -> (String, Option<String>) {
    let slug = front
        .slug
        .clone()
        .filter(|s| !s.is_empty())
        .unwrap_or_else(|| {
            let (dir, file) = relative
                .rsplit_once('/')
                .map_or(("", relative), |(d, f)| (d, f));
            let name = stem(file);
            match (dir.is_empty(), name.eq_ignore_ascii_case("index")) {
                (true, true) => "/".into(),
                (false, true) => format!("/{dir}/"),
                (true, false) => format!("/{name}"),
                (false, false) => format!("/{dir}/{name}"),
            }
        });
    (join(&[&root.route, &slug]), None)
}

/// The route of a file in a plain folder: its path without the extension; `index` and `README`
/// stand for their folder.
pub(in super::super) fn plain(relative: &str) -> String {
    let (dir, file) = relative.rsplit_once('/').unwrap_or(("", relative));
    let name = stem(file);
    let index = name.eq_ignore_ascii_case("index") || name.eq_ignore_ascii_case("readme");
    if index {
        join(&[dir, "/"])
    } else {
        join(&[dir, name])
    }
}

/// `trailingSlash` of the configuration; the site's and the locales' roots keep theirs.
pub(in super::super) fn with_trailing_slash(
    route: String,
    setting: Option<bool>,
    is_root: bool,
) -> String {
    match setting {
        _ if is_root => route,
        Some(true) if !route.ends_with('/') => format!("{route}/"),
        Some(false) if route.len() > 1 => route.trim_end_matches('/').to_owned(),
        _ => route,
    }
}

/// Joins parts of a route with single slashes (`normalizeUrl`), resolves what dots are left, and
/// encodes what can't stand in a URL. A slash at the end stays.
pub(in super::super) fn join(parts: &[&str]) -> String {
    let joined = parts.join("/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in joined.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let ends_open = parts.last().is_some_and(|last| last.ends_with('/'));
    let mut route = String::with_capacity(joined.len() + 1);
    for segment in &segments {
        route.push('/');
        encode(segment, &mut route);
    }
    if route.is_empty() || (ends_open && !segments.is_empty()) {
        route.push('/');
    }
    route
}

/// Percent-encodes what is not allowed in a path; what is encoded already stays.
fn encode(segment: &str, out: &mut String) {
    let bytes = segment.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        let encoded_already = *b == b'%'
            && bytes.get(i + 1).is_some_and(u8::is_ascii_hexdigit)
            && bytes.get(i + 2).is_some_and(u8::is_ascii_hexdigit);
        if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(b) || encoded_already {
            out.push(char::from(*b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
}

/// `path.basename` without the extension.
fn stem(file: &str) -> &str {
    match file.rfind('.') {
        Some(at) if at > 0 => &file[..at],
        _ => file,
    }
}

/// `DefaultNumberPrefixParser`: `01-intro` → `intro`, but dates and versions are left alone.
pub(super) fn without_number_prefix(name: &str) -> &str {
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

/// `resolve-pathname`: a relative slug against its folder.
fn resolve(to: &str, from: &str) -> String {
    let mut segments: Vec<&str> = from.split('/').collect();
    if to.is_empty() {
        return from.to_owned();
    }
    segments.pop();
    segments.extend(to.split('/'));
    let ends_open = matches!(segments.last(), Some(&("" | "." | "..")));
    let mut resolved: Vec<&str> = Vec::new();
    for segment in segments {
        match segment {
            "." | "" => {}
            ".." => {
                resolved.pop();
            }
            _ => resolved.push(segment),
        }
    }
    let mut path = format!("/{}", resolved.join("/"));
    if ends_open && !path.ends_with('/') {
        path.push('/');
    }
    path
}

/// `isValidPathname`: a path that stays itself when a URL parser has seen it.
fn is_valid(path: &str) -> bool {
    if !path.starts_with('/') || path.starts_with("//") || path.contains(['\\', '?', '#']) {
        return false;
    }
    !path.chars().any(char::is_control) && !path.split('/').any(|s| s == ".." || s == ".")
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
