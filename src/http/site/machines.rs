//! The same pages for programs: Markdown where it is asked for, and the headers and the description
//! by which programs find it.
//!
//! What the texts hold is in `texts`; `robots.txt` is left to the site's owner.

use super::pages::{Pages, encoded, escaped};
use crate::http::Server;
use crate::http::asset::Asset;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

/// Where browsers and launchers find out how to search here.
pub const OPENSEARCH: &str = "/opensearch.xml";

const OPENSEARCH_TYPE: &str = "application/opensearchdescription+xml";

/// The page at one of these paths as Markdown, for clients that would rather have it than HTML.
pub async fn negotiated(
    server: &Server,
    paths: &[String],
    method: &Method,
    headers: &HeaderMap,
) -> Option<Response> {
    if !prefers_markdown(headers) {
        return None;
    }
    let pages = Pages::open(&server.site, server.index()?).await;
    for path in paths {
        let Some(document) = pages.at(&decoded(path)) else {
            continue;
        };
        let text = pages.markdown(document).await?;
        let asset = Asset::new(text, "text/markdown; charset=utf-8");
        return Some(asset.respond(StatusCode::OK, method, headers).await);
    }
    None
}

/// Says with a page where its Markdown is, and what else there is for programs.
pub async fn announced(server: &Server, paths: &[String], mut response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is = |kind: Option<&HeaderValue>, wanted: &str| {
        kind.is_some_and(|kind| kind.as_bytes().starts_with(wanted.as_bytes()))
    };
    if !is(kind, "text/html") && !is(kind, "text/markdown") {
        return response;
    }
    let base = &server.site.base;
    let mut links = vec![
        format!(r#"<{base}llms.txt>; rel="llms-txt"; type="text/plain""#),
        format!(r#"<{base}llms-full.txt>; rel="llms-full-txt"; type="text/plain""#),
        format!(
            r#"<{base}{}>; rel="search"; type="{OPENSEARCH_TYPE}""#,
            &OPENSEARCH[1..]
        ),
        format!(r#"<{base}openapi.json>; rel="service-desc"; type="application/json""#),
    ];
    if let Some(index) = server.index() {
        let pages = Pages::open(&server.site, index).await;
        if let Some(document) = paths.iter().find_map(|path| pages.at(&decoded(path))) {
            let page = markdown_path(&document.route);
            let link = format!(r#"<{base}{page}>; rel="alternate"; type="text/markdown""#);
            links.insert(0, link);
        }
    }
    let out = response.headers_mut();
    // Paths were encoded, so this is ASCII.
    if let Ok(links) = HeaderValue::from_str(&links.join(", ")) {
        out.append(header::LINK, links);
    }
    out.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The OpenSearch description, at its path.
pub fn opensearch(server: &Server, path: &str, root: &str) -> Option<Asset> {
    if path != OPENSEARCH {
        return None;
    }
    let title = &server.site.title;
    // "A human-readable title … 16 or fewer characters", says the specification.
    let short: String = title.chars().take(16).collect();
    let (title, short, root) = (escaped(title), escaped(&short), escaped(root));
    let text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
<ShortName>{short}</ShortName>
<Description>Search and ask {title}</Description>
<Url type="text/html" template="{root}/chat?q={{searchTerms}}"/>
<Url type="application/json" template="{root}/search?q={{searchTerms}}"/>
<Url type="{OPENSEARCH_TYPE}" rel="self" template="{root}{OPENSEARCH}"/>
<InputEncoding>UTF-8</InputEncoding>
</OpenSearchDescription>
"#
    );
    Some(Asset::new(
        text,
        &format!("{OPENSEARCH_TYPE}; charset=utf-8"),
    ))
}

/// `docs/intro.md` for `/docs/intro`, encoded; the root's page is `index.md`.
fn markdown_path(route: &str) -> String {
    match route.trim_matches('/') {
        "" => "index.md".to_owned(),
        page => format!("{}.md", ascii(&encoded(page))),
    }
}

/// Headers hold no other letters.
fn ascii(path: &str) -> String {
    percent_encoding::utf8_percent_encode(path, percent_encoding::CONTROLS).to_string()
}

fn decoded(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path);
    decoded.decode_utf8_lossy().into_owned()
}

/// Whether Markdown weighs more than HTML in `Accept`. `*/*` is no wish for either.
fn prefers_markdown(headers: &HeaderMap) -> bool {
    let mut markdown = 0.0_f32;
    let mut html = 0.0_f32;
    let values = headers.get_all(header::ACCEPT).iter();
    let items = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for item in items {
        let mut parts = item.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        match kind {
            "text/markdown" | "text/x-markdown" => markdown = markdown.max(weight),
            "text/html" => html = html.max(weight),
            _ => {}
        }
    }
    // Agents that name both in this order take either; the shorter one serves them better.
    markdown > 0.0 && markdown >= html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_given_to_who_asks_for_it_and_html_to_browsers() {
        let prefers = |accept: &'static str| {
            let accept = HeaderValue::from_static(accept);
            prefers_markdown(&HeaderMap::from_iter([(header::ACCEPT, accept)]))
        };
        assert!(prefers("text/markdown"));
        assert!(prefers("text/markdown, text/html;q=0.9, */*;q=0.1"));
        assert!(prefers("text/markdown,text/html"));
        assert!(!prefers("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(!prefers("text/html, text/markdown;q=0.5"));
        assert!(!prefers("text/markdown;q=0"));
        assert!(!prefers("*/*"));
        assert!(!prefers_markdown(&HeaderMap::new()));
    }

    #[test]
    fn a_pages_markdown_is_named_in_ascii() {
        assert_eq!(markdown_path("/"), "index.md");
        assert_eq!(markdown_path("/docs/intro/"), "docs/intro.md");
        assert_eq!(markdown_path("/ur/ب"), "ur/%D8%A8.md");
    }
}
