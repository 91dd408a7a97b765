//! Paths of URLs: joined, resolved, encoded, with the slashes they should have.
//!
//! The rules are those of Docusaurus' `urlUtils` and of `resolve-pathname`, which plain folders
//! follow too. It does not know files or pages.

use percent_encoding::percent_decode_str;

/// Joins parts of a route with single slashes (`normalizeUrl`), resolves what dots are left, and
/// encodes what can't stand in a URL. A slash at the end stays.
pub(super) fn join(parts: &[&str]) -> String {
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

/// Percent-encodes what is not allowed in a path; what is encoded already stays, but for dots, which
/// browsers take for the folder itself or the one above, however they are written.
fn encode(segment: &str, out: &mut String) {
    let bytes = segment.as_bytes();
    let is_dots = matches!(
        percent_decode_str(segment).decode_utf8_lossy().as_ref(),
        "." | ".."
    );
    for (i, b) in bytes.iter().enumerate() {
        let encoded_already = *b == b'%'
            && !is_dots
            && bytes.get(i + 1).is_some_and(u8::is_ascii_hexdigit)
            && bytes.get(i + 2).is_some_and(u8::is_ascii_hexdigit);
        if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(b) || encoded_already {
            out.push(char::from(*b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
}

/// `resolve-pathname`: a relative slug against its folder.
pub(super) fn resolve(to: &str, from: &str) -> String {
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
pub(super) fn is_valid(path: &str) -> bool {
    if !path.starts_with('/') || path.starts_with("//") || path.contains(['\\', '?', '#']) {
        return false;
    }
    !path.chars().any(char::is_control) && !path.split('/').any(|s| s == ".." || s == ".")
}

/// `trailingSlash` of the configuration; the site's and the locales' roots keep theirs.
pub(super) fn with_trailing_slash(route: String, setting: Option<bool>, is_root: bool) -> String {
    match setting {
        _ if is_root => route,
        Some(true) if !route.ends_with('/') => format!("{route}/"),
        Some(false) if route.len() > 1 => route.trim_end_matches('/').to_owned(),
        _ => route,
    }
}

/// A base path with a slash at both ends: `docs` → `/docs/`.
pub(super) fn slashed(base: &str) -> String {
    let inner = base.trim_matches('/');
    if inner.is_empty() {
        "/".into()
    } else {
        format!("/{inner}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_named_like_encoded_dots_is_a_folder_in_a_browser_too() {
        assert_eq!(join(&["/docs", "%2e%2e", "page"]), "/docs/%252e%252e/page");
        assert_eq!(join(&["/docs", ".%2E", "page"]), "/docs/.%252E/page");
        assert_eq!(join(&["/docs", "..", "page"]), "/page");
        assert_eq!(
            join(&["/docs", "%D8%A7 ا", "100%"]),
            "/docs/%D8%A7%20%D8%A7/100%25"
        );
    }
}
