//! The widget's own files: `/_rag/*` and the full page `/chat`.
//!
//! Other sites load them too, as modules, which browsers fetch with CORS: they are public. Our own
//! pages name them below `/_rag/<version>/`, where they may be kept for ever; other sites can't know
//! the version, and ask again each time.

use super::asset::{Asset, Caching};
use super::bundle::bundle;
use super::problem::{Code, Problem};
use super::site::html;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

#[derive(rust_embed::RustEmbed)]
#[folder = "assets/widget"]
struct WidgetFiles;

/// The look of the pages made from the index.
const PAGE_CSS: &str = include_str!("../../assets/site/page.css");
const CHAT_PAGE: &str = include_str!("../../assets/chat.html");
/// The file that pages elsewhere load; it fetches the rest.
const ENTRY: &str = "widget.js";
/// The file that our own pages load; it fetches the entry once they are painted.
const START: &str = "start.js";
/// Letters of a hash that never in practice are the same for two builds.
const VERSION_LETTERS: usize = 16;

/// What is served, and its version; made once.
static WIDGET: LazyLock<Widget> = LazyLock::new(Widget::load);

struct Widget {
    version: String,
    fresh: HashMap<String, Asset>,
    kept: HashMap<String, Asset>,
}

impl Widget {
    fn load() -> Self {
        let modules: BTreeMap<String, String> = WidgetFiles::iter()
            .filter_map(|path| {
                let file = WidgetFiles::get(&path)?;
                let source = String::from_utf8(file.data.into_owned()).ok()?;
                Some((path.into_owned(), source))
            })
            .collect();
        let mut files = bundle(ENTRY, &modules);
        files.insert("page.css".to_owned(), PAGE_CSS.to_owned());
        let mut hasher = blake3::Hasher::new();
        for (path, content) in &files {
            hasher.update(path.as_bytes()).update(content.as_bytes());
        }
        let assets = |caching| {
            let asset = |(path, content): (&String, &String)| {
                let kind = mime_guess::from_path(path).first_or_octet_stream();
                let content_type = format!("{}; charset=utf-8", kind.essence_str());
                let asset = Asset::new(content.clone(), &content_type).caching(caching);
                (path.clone(), asset)
            };
            files.iter().map(asset).collect()
        };
        Self {
            version: hasher.finalize().to_hex()[..VERSION_LETTERS].to_owned(),
            fresh: assets(Caching::Revalidate),
            kept: assets(Caching::Immutable),
        }
    }

    fn file(&self, path: &str) -> Option<&Asset> {
        match path.split_once('/') {
            Some((version, path)) if version == self.version => self.kept.get(path),
            _ => self.fresh.get(path),
        }
    }
}

/// The path of the starting file below `/_rag/`, with its version.
pub(super) fn start() -> String {
    format!("{}/{START}", WIDGET.version)
}

/// `GET /_rag/{*path}`.
pub async fn file(
    path: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // What is no UTF-8 names no file either.
    let asset = path
        .ok()
        .and_then(|Path(path)| WIDGET.file(&path))
        .ok_or_else(|| Problem::new(Code::NotFound, "The widget has no such file."))?;
    let mut response = asset.respond(StatusCode::OK, &method, &headers).await;
    let out = response.headers_mut();
    out.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    out.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    Ok(response)
}

/// `GET /chat`.
pub async fn chat_page(method: Method, headers: HeaderMap) -> Response {
    let policy = html::policy(CHAT_PAGE.as_bytes());
    let asset = Asset::new(CHAT_PAGE, "text/html; charset=utf-8").policy(policy);
    asset.respond(StatusCode::OK, &method, &headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_widget_is_served_in_few_files_of_at_most_30_kb_of_gzip() {
        let gzip = (header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let headers = HeaderMap::from_iter([gzip]);
        let mut sizes = Vec::new();
        for (path, asset) in &WIDGET.fresh {
            if path.ends_with(".js") {
                let response = asset.respond(StatusCode::OK, &Method::GET, &headers).await;
                let length = response.headers()[header::CONTENT_LENGTH].to_str();
                let length: u64 = length.expect("ASCII").parse().expect("a number");
                sizes.push(length);
            }
        }
        let bytes: u64 = sizes.iter().sum();
        assert!(sizes.len() <= 6, "{} files", sizes.len());
        assert!((10_000..=30_000).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn the_files_are_found_with_their_version_and_without() {
        assert!(WIDGET.file(&start()).is_some());
        assert!(WIDGET.kept.contains_key(ENTRY), "beside the starting file");
        assert!(WIDGET.file(ENTRY).is_some());
        assert!(WIDGET.file("0123456789abcdef/widget.js").is_none());
        assert!(
            WIDGET.file("panel.js").is_some(),
            "fetched when the widget is opened"
        );
        assert!(
            WIDGET.file("strings/ur.js").is_some(),
            "fetched by its language"
        );
    }
}
