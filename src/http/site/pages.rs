//! Readable pages made from the index, for documentation that has no build of its own.
//!
//! Every heading keeps the id that citations point to. Text is escaped by whoever makes the
//! document's HTML and here, so nothing a document says can run.

use super::shelf::Row;
use super::{Site, html, sections};
use crate::corpus::Section;
use crate::index::{Index, PassageDocument};
use crate::language::Script;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// The pages of one generation of the index.
pub struct Pages<'a> {
    pub site: &'a Site,
    index: Option<(Arc<dyn Index>, Arc<Row>)>,
}

impl<'a> Pages<'a> {
    pub async fn open(site: &'a Arc<Site>, index: Arc<dyn Index>) -> Self {
        let row = tokio::task::spawn_blocking({
            let (site, index) = (Arc::clone(site), Arc::clone(&index));
            move || site.shelf.row(index.as_ref())
        })
        .await
        .expect("looking at the folder does not panic");
        Self {
            site,
            index: Some((index, row)),
        }
    }

    /// Before there is an index.
    pub fn none(site: &'a Site) -> Self {
        Self { site, index: None }
    }

    pub fn documents(&self) -> &[Arc<PassageDocument>] {
        self.index
            .as_ref()
            .map_or(&[], |(index, _)| index.documents())
    }

    pub fn at(&self, route: &str) -> Option<&Arc<PassageDocument>> {
        self.index.as_ref()?.1.at(route)
    }

    /// The document at this path as a whole page; for the site's root and for folders that have
    /// no page of their own, the list of what is in them.
    pub async fn page(&self, path: &str) -> Option<String> {
        let Some(document) = self.at(path) else {
            return match path {
                "/" => Some(self.contents()),
                _ => self.folder(path),
            };
        };
        let made = self.made(document, Row::html).await;
        let body = match made {
            Some(html) => html,
            None => sections::html(&document.title, &self.sections(document).await?),
        };
        Some(self.frame(Some(document), &document.title, &body))
    }

    /// The document as Markdown.
    pub async fn markdown(&self, document: &Arc<PassageDocument>) -> Option<String> {
        match self.made(document, Row::markdown).await {
            Some(text) => Some(text),
            None => Some(sections::markdown(
                &document.title,
                &self.sections(document).await?,
            )),
        }
    }

    /// Every page of the default locale.
    pub fn contents(&self) -> String {
        let list = if self.index.is_none() {
            "<p>The documentation is still being read. Load this page again in a moment.</p>".into()
        } else if self.documents().is_empty() {
            "<p>There is no page yet: the folder of documentation holds no Markdown, MDX, HTML or \
             text files.</p>"
                .into()
        } else {
            self.list(&self.listed(&self.site.default_locale, None), None)
        };
        let body = format!("<h1>{}</h1>{list}", escaped(&self.site.title));
        self.frame(None, &self.site.title, &body)
    }

    /// The pages below a path that is no page itself.
    fn folder(&self, path: &str) -> Option<String> {
        let path = percent_decode_str(path.trim_matches('/'))
            .decode_utf8()
            .ok()?;
        let path = path.as_ref();
        let below = |document: &&Arc<PassageDocument>| {
            let route = percent_decode_str(document.route.trim_start_matches('/'));
            let route = route.decode_utf8_lossy();
            let rest = route.strip_prefix(path);
            rest.is_some_and(|rest| rest.starts_with('/')) && !document.unlisted
        };
        let pages: Vec<_> = self.documents().iter().filter(below).collect();
        pages.first()?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let body = format!("<h1>{}</h1>{}", escaped(name), self.list(&pages, None));
        Some(self.frame(None, name, &body))
    }

    /// What a reader sees at an address that holds nothing.
    pub fn missing(&self) -> String {
        let body = "<h1>There is nothing at this address</h1>\
            <p>The page may have moved. Look for it in the list of pages, or ask.</p>";
        self.frame(None, "Nothing here", body)
    }

    /// Makes something of the document's file, away from the async threads.
    async fn made(
        &self,
        document: &Arc<PassageDocument>,
        make: fn(&Row, &PassageDocument) -> Option<String>,
    ) -> Option<String> {
        let row = Arc::clone(&self.index.as_ref()?.1);
        let document = Arc::clone(document);
        tokio::task::spawn_blocking(move || make(&row, &document))
            .await
            .expect("reading a document does not panic")
    }

    /// The document's sections; `None` also when they cannot be read, which is logged.
    pub async fn sections(&self, document: &PassageDocument) -> Option<Vec<Section>> {
        match self.index.as_ref()?.0.sections(&document.id).await {
            Ok(found) => found.map(|found| found.sections),
            Err(error) => {
                tracing::error!(%error, document = document.id, "a document could not be read");
                None
            }
        }
    }

    fn frame(&self, document: Option<&Arc<PassageDocument>>, title: &str, body: &str) -> String {
        let site = self.site;
        let locale = document.map_or(site.default_locale.as_str(), |d| d.locale.as_str());
        let version = document.and_then(|d| d.version.as_deref());
        let base = &site.base;
        let metas = format!(
            r#"<meta name="docusaurus_locale" content="{}">{}"#,
            escaped(locale),
            version.map_or_else(String::new, |version| format!(
                r#"<meta name="docusaurus_version" content="{}">"#,
                escaped(version)
            )),
        );
        let sidebar = self.list(&self.listed(locale, version), document);
        // A folder without locales may hold pages in any language.
        let language = match document.map(|d| d.language) {
            Some(written) if written.script == Script::Arabic && direction(locale) == "ltr" => {
                written.code.as_str()
            }
            _ => locale,
        };
        format!(
            r##"<!doctype html>
<html lang="{lang}" dir="{dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} | {site_title}</title>
{metas}
<link rel="stylesheet" href="{base}_rag/page.css">
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header><a href="{base}">{site_title}</a></header>
<div class="columns">
<nav aria-label="Pages"><details open><summary>Pages</summary>{sidebar}</details></nav>
<main id="content"><article>{body}</article></main>
</div>
{widget}
</body>
</html>
"##,
            lang = escaped(language),
            dir = direction(language),
            title = escaped(title),
            site_title = escaped(&site.title),
            widget = html::widget_tag(base),
        )
    }

    /// The pages of one locale and version that readers are shown.
    fn listed(&self, locale: &str, version: Option<&str>) -> Vec<&Arc<PassageDocument>> {
        let shown = |d: &&Arc<PassageDocument>| {
            let same_version = match version {
                Some(version) => d.version.as_deref() == Some(version),
                None => d.latest_version,
            };
            d.locale == locale && same_version && !d.unlisted
        };
        self.documents().iter().filter(shown).collect()
    }

    /// Links to pages, the one being read marked.
    fn list(
        &self,
        pages: &[&Arc<PassageDocument>],
        current: Option<&Arc<PassageDocument>>,
    ) -> String {
        let mut items = String::new();
        for document in pages {
            let mark = if current.is_some_and(|c| c.id == document.id) {
                r#" aria-current="page""#
            } else {
                ""
            };
            let route = encoded(document.route.trim_start_matches('/'));
            items.push_str(&format!(
                r#"<li><a href="{base}{route}"{mark}>{title}</a></li>"#,
                base = self.site.base,
                title = escaped(&document.title),
            ));
        }
        format!("<ul>{items}</ul>")
    }
}

/// Right to left for the languages that are written so.
fn direction(locale: &str) -> &'static str {
    // The scripts of these languages, by ISO 639 code, in CLDR's `rightToLeft` order.
    const RIGHT_TO_LEFT: [&str; 10] = ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"];
    let language = locale.split(['-', '_']).next().unwrap_or(locale);
    if RIGHT_TO_LEFT.contains(&language) {
        "rtl"
    } else {
        "ltr"
    }
}

/// A route as it stands in a link; what is encoded in it already stays as it is.
pub fn encoded(route: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const NOT_IN_PATHS: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'`')
        .add(b'{')
        .add(b'}')
        .add(b'\'');
    utf8_percent_encode(route, NOT_IN_PATHS).to_string()
}

/// Text as it stands in HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_route_is_not_encoded_again() {
        assert_eq!(encoded("ur/%D8%A8 x"), "ur/%D8%A8%20x");
    }
}
