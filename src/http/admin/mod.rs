//! `/admin`: the operators' page and what it shows, for those who hold an admin key.
//!
//! The page itself is public and empty: it asks for a key, keeps it for as long as its tab is open,
//! and sends it with every request.

mod charts;
mod conversations;
mod overview;
mod usage;

use super::Server;
use super::asset::Asset;
use super::problem::{Code, Problem};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use std::collections::HashMap;
use std::sync::LazyLock;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(rust_embed::RustEmbed)]
#[folder = "assets/admin"]
struct AdminFiles;

const PAGE: &str = "admin.html";

/// What is served, by its path below `/_rag/admin/`.
static FILES: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let file = |path: std::borrow::Cow<'static, str>| {
        let kind = mime_guess::from_path(path.as_ref()).first_or_octet_stream();
        let content_type = format!("{}; charset=utf-8", kind.essence_str());
        let bytes = AdminFiles::get(&path)?.data.into_owned();
        let asset = Asset::new(bytes, &content_type).policy(policy());
        Some((path.into_owned(), asset))
    };
    AdminFiles::iter().filter_map(file).collect()
});

/// Nothing but our own files, and no script that is made of a text.
pub fn policy() -> HeaderValue {
    HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    )
}

/// What the page asks for.
pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(overview::read))
        .routes(routes!(charts::read))
        .routes(routes!(usage::read))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::read))
}

/// `GET /admin`.
pub async fn page(method: Method, headers: HeaderMap) -> Result<Response, Problem> {
    serve(PAGE, &method, &headers).await
}

/// `GET /_rag/admin/{*path}`.
pub async fn file(
    path: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // What is no UTF-8 names no file either.
    let path = path.map(|Path(path)| path).unwrap_or_default();
    serve(&path, &method, &headers).await
}

async fn serve(path: &str, method: &Method, headers: &HeaderMap) -> Result<Response, Problem> {
    let file = FILES.get(path);
    let file = file.ok_or_else(|| Problem::new(Code::NotFound, "There is no such file."))?;
    Ok(file.respond(StatusCode::OK, method, headers).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::history::{DASHBOARDS, RULES};

    #[test]
    fn what_the_server_says_is_said_in_urdu_too() {
        let file = AdminFiles::get("urdu.js").expect("it is part of the page");
        let urdu = std::str::from_utf8(&file.data).expect("UTF-8");
        let charts = DASHBOARDS.iter().flat_map(|one| one.charts);
        let titles = charts.clone().map(|chart| format!("{}|chart", chart.title));
        let lines = charts.flat_map(|chart| chart.lines);
        let lines = lines.map(|line| format!("{}|line", line.name));
        let alerts = RULES.iter().map(|rule| format!("{}|alert", rule.summary));
        let missing: Vec<String> = titles
            .chain(lines)
            .chain(alerts)
            .filter(|text| !urdu.contains(&format!("\n  \"{text}\": \"")))
            .collect();
        assert_eq!(missing, Vec::<String>::new());
    }
}
