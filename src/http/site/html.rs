//! A built page on its way out: the widget's tag added, and the policy it can live under.
//!
//! The policy names what the page itself brings: hashes of its inline scripts and the hosts of its
//! external ones. A script that anyone smuggles in later is in neither.

use super::super::widget;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The tag that brings the widget to a page.
pub fn widget_tag(base: &str) -> String {
    let start = widget::start();
    format!(r#"<script type="module" async src="{base}_rag/{start}" data-api="{base}"></script>"#)
}

/// The page with the tag before its last `</body>`, or at its end where there is none.
pub fn with_widget(html: &[u8], base: &str) -> Vec<u8> {
    let tag = widget_tag(base);
    let at = rfind_ignoring_case(html, b"</body").unwrap_or(html.len());
    [&html[..at], tag.as_bytes(), &html[at..]].concat()
}

/// The content security policy for this page.
pub fn policy(html: &[u8]) -> HeaderValue {
    let mut sources = BTreeSet::new();
    for script in scripts(html) {
        match script {
            Script::Inline(text) => {
                let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
                let hash = BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
                sources.insert(format!("'sha256-{hash}'"));
            }
            Script::External(host) => {
                sources.insert(host);
            }
        }
    }
    let scripts: String = sources.iter().map(|s| format!(" {s}")).collect();
    // Docusaurus sets style attributes, and owners embed images, fonts, videos and searches from
    // other hosts; none of these can run code.
    let policy = format!(
        "default-src 'self'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline' https:; \
         img-src 'self' data: blob: https:; font-src 'self' data: https:; media-src 'self' https:; \
         connect-src 'self' https:; frame-src 'self' https:; worker-src 'self' blob:; \
         object-src 'none'; base-uri 'self'; form-action 'self' https:; frame-ancestors 'self'"
    );
    // Hashes and origins are ASCII.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

/// The address the page calls its own, by `<link rel="canonical">`.
pub fn canonical(html: &[u8]) -> Option<String> {
    let mut rest = html;
    while let Some(at) = find_ignoring_case(rest, b"<link") {
        let tag = &rest[at + b"<link".len()..];
        let end = tag_end(tag)?;
        if attribute(&tag[..end], "rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")) {
            return attribute(&tag[..end], "href");
        }
        rest = &tag[end..];
    }
    None
}

enum Script<'a> {
    Inline(&'a [u8]),
    /// `https://host` it is loaded from.
    External(String),
}

fn scripts(html: &[u8]) -> Vec<Script<'_>> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = find_ignoring_case(rest, b"<script") {
        let tag = &rest[at + b"<script".len()..];
        let Some(end) = tag_end(tag) else { break };
        let content = &tag[end + 1..];
        let close = find_ignoring_case(content, b"</script").unwrap_or(content.len());
        match attribute(&tag[..end], "src") {
            Some(src) => found.extend(external_host(&src).map(Script::External)),
            None => found.push(Script::Inline(&content[..close])),
        }
        rest = &content[close..];
    }
    found
}

fn external_host(src: &str) -> Option<String> {
    let absolute = match src.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => src.to_owned(),
    };
    let url = url::Url::parse(&absolute).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// Where the tag's `>` stands; quoted ones do not count.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    tag.iter().position(|&byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            (None, b'>') => return true,
            _ => {}
        }
        false
    })
}

/// The value of an attribute: quoted, bare (HTML minifiers leave quotes out) or empty.
fn attribute(tag: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(tag);
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name_end = rest
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let found = rest[..name_end].eq_ignore_ascii_case(name);
        rest = rest[name_end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (inner, end) = match quote {
                Some(quote) => {
                    let inner = &after[1..];
                    let end = inner.find(quote).unwrap_or(inner.len());
                    (&inner[..end], (end + 2).min(after.len()))
                }
                None => {
                    let end = after.find(char::is_whitespace).unwrap_or(after.len());
                    (&after[..end], end)
                }
            };
            value = inner;
            rest = &after[end..];
        }
        if found {
            return Some(value.to_owned());
        }
        // A lone `=` or `/` has no name: step over it, or the loop would stand still.
        rest = if name_end == 0 && value.is_empty() {
            let mut chars = rest.chars();
            chars.next();
            chars.as_str()
        } else {
            rest
        }
        .trim_start();
    }
    None
}

fn find_ignoring_case(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len())
        .position(|window| window.eq_ignore_ascii_case(needle))
}

fn rfind_ignoring_case(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len())
        .rposition(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn the_widget_comes_last_in_the_body_or_last_of_all() {
        let page = with_widget(b"<html><BODY>a</BODY></html>", "/docs/");
        let tag = format!(
            r#"<script type="module" async src="/docs/_rag/{}" data-api="/docs/"></script>"#,
            widget::start()
        );
        assert_eq!(text(&page), format!("<html><BODY>a{tag}</BODY></html>"));
        assert!(text(&with_widget(b"<p>no body", "/")).starts_with("<p>no body<script"));
    }

    #[test]
    fn a_policy_allows_the_pages_own_scripts_and_no_others() {
        let page = b"<script>alert(1)</script><script src=/assets/main.js defer></script>\
            <SCRIPT async src=\"https://www.googletagmanager.com/gtag/js?id=G\"></SCRIPT>";
        let policy = policy(page);
        let policy = policy.to_str().expect("ASCII");
        // sha256 of `alert(1)`, from any other tool.
        assert!(
            policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"),
            "{policy}"
        );
        assert!(
            policy.contains(" https://www.googletagmanager.com;"),
            "{policy}"
        );
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"));
    }

    #[test]
    fn the_canonical_address_is_found_in_minified_html() {
        let page = b"<link rel=icon href=/x><link data-rh=true rel=canonical href=https://a.example/docs/intro/>";
        assert_eq!(
            canonical(page).as_deref(),
            Some("https://a.example/docs/intro/")
        );
        assert_eq!(
            canonical(b"<link rel='canonical' href='/a'><p>").as_deref(),
            Some("/a")
        );
        assert_eq!(canonical(b"<link = / ><p>"), None);
        assert_eq!(canonical(b"<link rel=canonical"), None);
    }
}
