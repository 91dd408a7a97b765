//! The widget's own files: `/_rag/*` and the full page `/chat`.
//!
//! Other sites load them too, as modules, which browsers fetch with CORS: they are public.

use super::asset::Asset;
use super::problem::{Code, Problem};
use super::site::html;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

#[derive(rust_embed::RustEmbed)]
#[folder = "assets/widget"]
struct WidgetFiles;

/// The look of the pages made from the index.
const PAGE_CSS: &str = include_str!("../../assets/site/page.css");
const CHAT_PAGE: &str = include_str!("../../assets/chat.html");

/// `GET /_rag/{*path}`.
pub async fn file(
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let bytes = match WidgetFiles::get(&path) {
        Some(file) => file.data.into_owned(),
        None if path == "page.css" => PAGE_CSS.into(),
        None => return Err(Problem::new(Code::NotFound, "The widget has no such file.")),
    };
    let kind = mime_guess::from_path(&path).first_or_octet_stream();
    let asset = Asset::new(bytes, &format!("{}; charset=utf-8", kind.essence_str()));
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
