//! The site around the conversation: a static build as it is, or readable pages without one.
//!
//! What a build holds always wins. What it does not hold comes from the index: each document as a
//! page, with the pictures that lie beside it, its Markdown at `<page>.md`, and `llms.txt` over all
//! of them.

mod files;
pub mod html;
mod machines;
mod media;
mod pages;
mod sections;
mod shelf;
mod texts;

use super::Server;
use super::asset::Asset;
use super::base_path::AsSent;
use super::problem::{Code, Problem};
use super::public_address::SiteAddress;
use crate::corpus;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use files::{Files, Prepared, plain_path};
use media::Media;
pub use pages::Pages;
use shelf::Shelf;
use std::path::PathBuf;
use std::sync::Arc;

/// What site is served.
#[derive(Debug, Clone)]
pub struct Options {
    /// URL path of the site, with a slash at both ends.
    pub base: String,
    pub build: Build,
    pub title: String,
    pub default_locale: String,
    /// Where the documents lie.
    pub corpus: corpus::Options,
    /// Where files lie that made pages show, besides `corpus.data`.
    pub media: PathBuf,
}

/// Where the static build is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Build {
    Folder(PathBuf),
    /// There is none: documents are shown as readable pages.
    None,
}

/// The site's files and what is known of the site as a whole.
pub struct Site {
    pub base: String,
    pub title: String,
    pub default_locale: String,
    served: Served,
    shelf: Shelf,
}

/// What is served from files.
enum Served {
    Build(Files),
    /// Pages are made; their pictures are files.
    Media(Media),
}

enum Found {
    File(Arc<Prepared>),
    /// To the same path with or without its last slash.
    Redirect(String),
}

impl Site {
    pub fn open(options: Options) -> std::io::Result<Self> {
        let served = match options.build {
            Build::Folder(folder) => {
                Served::Build(Files::new(folder.canonicalize()?, &options.base))
            }
            Build::None => {
                let folders = [options.corpus.data.clone(), options.media];
                Served::Media(Media::new(&folders, &options.base))
            }
        };
        Ok(Self {
            shelf: Shelf::new(options.corpus),
            served,
            base: options.base,
            title: options.title,
            default_locale: options.default_locale,
        })
    }

    /// What the build holds at this path, slashes treated as the build itself means them.
    fn find(&self, request_path: &str) -> Option<Found> {
        let path = plain_path(request_path)?;
        let files = match &self.served {
            Served::Build(files) => files,
            Served::Media(media) => return media.get(&path).map(Found::File),
        };
        let folder = path.trim_end_matches('/');
        let index = match folder {
            "" => "index.html".to_owned(),
            folder => format!("{folder}/index.html"),
        };
        if path.is_empty() || path.ends_with('/') {
            if let Some(page) = files.get(&index) {
                return Some(Found::File(page));
            }
            return files
                .get(&format!("{folder}.html"))
                .map(|_| Found::Redirect(request_path.trim_end_matches('/').to_owned()));
        }
        if let Some(file) = files
            .get(&path)
            .or_else(|| files.get(&format!("{path}.html")))
        {
            return Some(Found::File(file));
        }
        let page = files.get(&index)?;
        // A build with `trailingSlash: true` says so in each page's canonical address.
        Some(if page.canonical_slash {
            Found::Redirect(format!("{request_path}/"))
        } else {
            Found::File(page)
        })
    }

    /// The nearest `404.html`: Docusaurus writes one per locale.
    fn missing_page(&self, request_path: &str) -> Option<Arc<Prepared>> {
        let Served::Build(files) = &self.served else {
            return None;
        };
        let locale = plain_path(request_path)
            .and_then(|path| path.split_once('/').map(|(first, _)| first.to_owned()));
        locale
            .and_then(|locale| files.get(&format!("{locale}/404.html")))
            .or_else(|| files.get("404.html"))
    }
}

/// Everything that is not an endpoint.
pub async fn serve(
    State(server): State<Server>,
    address: SiteAddress,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let (method, headers) = (parts.method.clone(), parts.headers.clone());
    let path = parts.uri.path().to_owned();
    let as_sent = parts.extensions.get::<AsSent>().map(|sent| sent.0.clone());
    if method != Method::GET && method != Method::HEAD {
        return no_such_method();
    }
    let mut paths = vec![path];
    paths.extend(as_sent);
    let response = match machines::negotiated(&server, &paths, &method, &headers).await {
        Some(response) => response,
        None => page(&server, &address, &paths, &parts).await,
    };
    if response.status() == StatusCode::OK {
        return machines::announced(&server, &paths, response).await;
    }
    response
}

/// The file or page at the first of these paths that names one.
async fn page(server: &Server, address: &SiteAddress, paths: &[String], parts: &Parts) -> Response {
    let (method, headers) = (&parts.method, &parts.headers);
    let wants_page = accepts_html(headers);
    for path in paths {
        if let Some(response) = from_build(server, path, parts.uri.query(), method, headers).await {
            return response;
        }
    }
    if let Some(description) = machines::opensearch(server, &paths[0], &address.root) {
        return description.respond(StatusCode::OK, method, headers).await;
    }
    if let Some(index) = server.index() {
        let pages = Pages::open(&server.site, index).await;
        for path in paths {
            if let Some(asset) = from_index(&pages, path).await {
                return asset.respond(StatusCode::OK, method, headers).await;
            }
        }
    } else if paths[0] == "/" && wants_page {
        return page_asset(Pages::none(&server.site).contents())
            .respond(StatusCode::OK, method, headers)
            .await;
    }
    if wants_page {
        return missing(server, paths[0].clone(), method, headers).await;
    }
    Problem::new(Code::NotFound, "There is nothing at this address.").into_response()
}

async fn from_build(
    server: &Server,
    path: &str,
    query: Option<&str>,
    method: &Method,
    headers: &HeaderMap,
) -> Option<Response> {
    let site = Arc::clone(&server.site);
    let found = blocking(headers, {
        let path = path.to_owned();
        move || site.find(&path)
    })
    .await?;
    match found {
        Found::File(file) => Some(file.asset.respond(StatusCode::OK, method, headers).await),
        Found::Redirect(to) => {
            let query = query.map_or_else(String::new, |query| format!("?{query}"));
            let to = format!("{}{}{query}", server.site.base, to.trim_start_matches('/'));
            let to = HeaderValue::from_str(&to).ok()?;
            let headers = [(header::LOCATION, to)];
            Some((StatusCode::MOVED_PERMANENTLY, headers).into_response())
        }
    }
}

/// Looks a file up away from the async threads, its compressed variant included.
async fn blocking(
    headers: &HeaderMap,
    find: impl FnOnce() -> Option<Found> + Send + 'static,
) -> Option<Found> {
    let headers = headers.clone();
    let looked_up = tokio::task::spawn_blocking(move || {
        let found = find();
        if let Some(Found::File(file)) = &found {
            file.asset.compress_for(&headers);
        }
        found
    });
    looked_up.await.expect("looking a file up does not panic")
}

async fn from_index(pages: &Pages<'_>, path: &str) -> Option<Asset> {
    if let Some(text) = texts::llms(pages, path).await {
        return Some(Asset::new(text, "text/plain; charset=utf-8"));
    }
    if let Some(text) = texts::markdown(pages, path).await {
        return Some(Asset::new(text, "text/markdown; charset=utf-8"));
    }
    Some(page_asset(pages.page(path).await?))
}

fn page_asset(page: String) -> Asset {
    let policy = html::policy(page.as_bytes());
    Asset::new(page, "text/html; charset=utf-8").policy(policy)
}

async fn missing(server: &Server, path: String, method: &Method, headers: &HeaderMap) -> Response {
    let site = Arc::clone(&server.site);
    let page = blocking(headers, move || site.missing_page(&path).map(Found::File)).await;
    if let Some(Found::File(page)) = page {
        return page
            .asset
            .respond(StatusCode::NOT_FOUND, method, headers)
            .await;
    }
    let pages = match server.index() {
        Some(index) => Pages::open(&server.site, index).await,
        None => Pages::none(&server.site),
    };
    let asset = page_asset(pages.missing());
    asset.respond(StatusCode::NOT_FOUND, method, headers).await
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

fn no_such_method() -> Response {
    let problem = Problem::new(Code::MethodNotAllowed, "Pages can only be read.");
    let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
    (allow, problem).into_response()
}
