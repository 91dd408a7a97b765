//! A static build is served as it is, with the widget added.

use crate::test_app::{TestApp, Wanted, carries_widget};
use std::io::Read;

const PAGE: &[u8] = b"<!doctype html><html lang=en><head><title>Intro</title>\
<link rel=canonical href=https://docs.example.com/docs/intro>\
<script>document.documentElement.dataset.theme='light'</script></head>\
<body><h1>Intro</h1><script src=/assets/js/main.1a2b3c4d.js></script></body></html>";
const SLASHED: &[u8] = b"<html><head><link rel=canonical href=https://docs.example.com/guide/></head><body>Guide</body></html>";
const MISSING: &[u8] = b"<html><body>Page Not Found</body></html>";

async fn site() -> TestApp {
    let script = "export const answer = 42;\n".repeat(400);
    TestApp::open(Wanted {
        build: &[
            ("index.html", b"<html><body>Home</body></html>"),
            ("404.html", MISSING),
            (
                "ur/404.html",
                "<html><body>صفحہ نہیں ملا</body></html>".as_bytes(),
            ),
            ("docs/intro/index.html", PAGE),
            ("docs/flat.html", b"<html><body>Flat</body></html>"),
            ("guide/index.html", SLASHED),
            ("assets/js/main.1a2b3c4d.js", script.as_bytes()),
            ("img/logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("files/data.bin", &[7; 5000]),
            ("a page#1.html", b"<html><body>Odd name</body></html>"),
            (".git/config", b"secret"),
        ],
        ..Wanted::default()
    })
    .await
}

#[tokio::test]
async fn pages_carry_the_widget_and_a_policy_they_can_live_under() {
    let app = site().await;
    let response = app.get("/docs/intro").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert!(policy.contains("script-src 'self' 'sha256-"), "{policy}");
    let page = response.text().await.expect("text");
    assert!(carries_widget(&page, "/"), "{page}");
    assert!(page.ends_with("</script></body></html>"), "{page}");
}

#[tokio::test]
async fn slashes_are_treated_as_the_build_means_them() {
    let app = site().await;
    for (path, status, location) in [
        ("/docs/intro", 200, None),
        ("/docs/intro/", 200, None),
        ("/docs/intro/index.html", 200, None),
        ("/docs/flat", 200, None),
        ("/docs/flat/?a=b", 301, Some("/docs/flat?a=b")),
        ("/guide/", 200, None),
        ("/guide?a=b", 301, Some("/guide/?a=b")),
        ("/", 200, None),
        ("/a%20page%231", 200, None),
        ("//evil.example/guide", 404, None),
    ] {
        let response = app.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        let to = response
            .headers()
            .get("location")
            .map(|v| v.to_str().expect("ASCII").to_owned());
        assert_eq!(to.as_deref(), location, "{path}");
    }
}

#[tokio::test]
async fn a_missing_page_is_the_builds_own_in_the_readers_locale() {
    let app = site().await;
    for (path, text) in [
        ("/nowhere", "Page Not Found"),
        ("/ur/docs/nowhere", "صفحہ نہیں ملا"),
    ] {
        let request = app
            .client
            .get(format!("{}{path}", app.url))
            .header("accept", "text/html,*/*");
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), 404);
        let page = response.text().await.expect("text");
        assert!(page.contains(text) && carries_widget(&page, "/"), "{page}");
    }
}

#[tokio::test]
async fn a_copy_that_is_still_good_is_not_sent_again() {
    let app = site().await;
    for path in ["/docs/intro", "/img/logo.svg", "/_rag/widget.js"] {
        let first = app.get(path).await;
        let tag = first.headers()["etag"].to_str().expect("ASCII").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");
        let again = app
            .client
            .get(format!("{}{path}", app.url))
            .header("if-none-match", format!("\"other\", {tag}"));
        let again = again.send().await.expect("a response");
        assert_eq!(again.status(), 304, "{path}");
        assert_eq!(again.headers()["etag"], tag);
        assert!(again.bytes().await.expect("a body").is_empty());
    }
    let hashed = app.get("/assets/js/main.1a2b3c4d.js").await;
    assert_eq!(
        hashed.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
}

#[tokio::test]
async fn bodies_are_compressed_for_who_can_read_it_each_under_its_own_tag() {
    let app = site().await;
    let path = format!("{}/assets/js/main.1a2b3c4d.js", app.url);
    let plain = app.client.get(&path).send().await.expect("a response");
    let plain_tag = plain.headers()["etag"].clone();
    assert_eq!(plain.headers()["vary"], "accept-encoding");
    let plain = plain.bytes().await.expect("a body");
    for (accepted, encoding) in [("gzip", "gzip"), ("gzip, deflate, br", "br")] {
        let response = app
            .client
            .get(&path)
            .header("accept-encoding", accepted)
            .send()
            .await
            .expect("a response");
        assert_eq!(response.headers()["content-encoding"], encoding);
        assert_ne!(response.headers()["etag"], plain_tag);
        let packed = response.bytes().await.expect("a body");
        assert!(packed.len() * 10 < plain.len());
        let mut unpacked = Vec::new();
        match encoding {
            "br" => brotli::Decompressor::new(&packed[..], 4096).read_to_end(&mut unpacked),
            _ => flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked),
        }
        .expect("well-formed");
        assert_eq!(unpacked, plain);
    }
    let refused = app
        .client
        .get(&path)
        .header("accept-encoding", "br;q=0")
        .send()
        .await
        .expect("a response");
    assert!(!refused.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn parts_of_a_file_and_its_head_can_be_asked_for() {
    let app = site().await;
    let path = format!("{}/files/data.bin", app.url);
    let part = |range: &'static str| app.client.get(&path).header("range", range).send();
    for (range, content_range, length) in [
        ("bytes=0-99", "bytes 0-99/5000", 100),
        ("bytes=4990-", "bytes 4990-4999/5000", 10),
        ("bytes=-10", "bytes 4990-4999/5000", 10),
        ("bytes=4000-9999", "bytes 4000-4999/5000", 1000),
    ] {
        let response = part(range).await.expect("a response");
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(response.headers()["content-range"], content_range);
        assert_eq!(
            response.bytes().await.expect("a body").len(),
            length,
            "{range}"
        );
    }
    let beyond = part("bytes=5000-").await.expect("a response");
    assert_eq!(beyond.status(), 416);
    assert_eq!(beyond.headers()["content-range"], "bytes */5000");
    assert_eq!(part("lines=1-2").await.expect("a response").status(), 200);
    let stale = app
        .client
        .get(&path)
        .header("range", "bytes=0-9")
        .header("if-range", "\"old\"");
    assert_eq!(stale.send().await.expect("a response").status(), 200);
    let head = app.client.head(&path).send().await.expect("a response");
    assert_eq!(head.headers()["content-length"], "5000");
    // Of a HEAD no part can be asked for.
    let part = app.client.head(&path).header("range", "bytes=0-9");
    let part = part.send().await.expect("a response");
    assert_eq!(part.status(), 200);
    assert_eq!(part.headers()["content-length"], "5000");
    assert!(head.bytes().await.expect("no body").is_empty());
}

#[tokio::test]
async fn no_spelling_of_a_path_leaves_the_build() {
    let app = site().await;
    for path in [
        "/../docs/intro.md",
        "/..%2fdocs%2fintro.md",
        "/%2e%2e/docs/intro.md",
        "/%2e%2e%2fdocs%2fintro.md",
        "/%252e%252e/docs/intro.md",
        "/docs/../../docs/intro.md",
        "/..\\docs\\intro.md",
        "/..%5cdocs%5cintro.md",
        "/%c0%ae%c0%ae/docs/intro.md",
        "/.git/config",
        "/%2egit/config",
        "/docs/%00",
        "/etc/passwd",
        "//etc/passwd",
        "/docs/intro/..;/..;/",
        "/%ff%fe",
        "/_rag/%c0%ae%c0%ae/widget.js",
        "/_rag/%2e%2e/widget.js",
    ] {
        let response = app
            .raw(&format!(
                "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
            ))
            .await;
        assert!(response.starts_with("HTTP/1.1 404 "), "{path}: {response}");
        assert!(!response.contains("secret"), "{path}");
    }
}
