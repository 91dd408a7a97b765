//! Documentation without a build: readable pages, Markdown and `llms.txt` from the index.

use crate::test_app::{HANDBOOK, TestApp, Wanted, carries_widget};
use rag_chatbot::config::Settings;

#[tokio::test]
async fn every_document_is_a_page_with_the_widget_and_the_ids_that_citations_open() {
    let app = TestApp::start().await;
    let response = app.get("/guides/calibration").await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    let page = response.text().await.expect("text");
    assert!(page.contains(r#"id="camera-calibration""#), "{page}");
    assert!(carries_widget(&page, "/"), "{page}");
    assert!(
        page.contains(r#"aria-current="page">Calibration</a>"#),
        "{page}"
    );
    assert_eq!(app.get("/guides/calibration/").await.status(), 200);
    assert_eq!(app.get("/_rag/page.css").await.status(), 200);
}

#[tokio::test]
async fn the_root_lists_the_pages() {
    let app = TestApp::start().await;
    let page = app.get("/").await.text().await.expect("text");
    assert!(
        page.contains(r#"<a href="/guides/safety">Safety</a>"#),
        "{page}"
    );
}

#[tokio::test]
async fn a_documents_own_html_cannot_run() {
    let app = TestApp::start_with(Wanted {
        documents: &[(
            "evil.md",
            "# Evil <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1))\n\nText.\n",
        )],
        ..Wanted::default()
    })
    .await;
    let response = app.get("/evil").await;
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert!(policy.contains("script-src 'self';"), "{policy}");
    let page = response.text().await.expect("text");
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(
        !page.contains("onerror=") || page.contains("&lt;img"),
        "{page}"
    );
    assert!(!page.contains("href=\"javascript:"), "{page}");
}

#[tokio::test]
async fn programs_read_the_same_documentation_as_text() {
    let app = TestApp::start().await;
    let list = app.get("/llms.txt").await;
    assert_eq!(list.headers()["content-type"], "text/plain; charset=utf-8");
    let list = list.text().await.expect("text");
    assert!(
        list.contains("- [Introduction](/intro.md): What the rover is"),
        "{list}"
    );
    let full = app.get("/llms-full.txt").await.text().await.expect("text");
    assert!(
        full.contains("six wheels") && full.contains("red button"),
        "{full}"
    );
    assert!(
        !full.contains("xyzzy"),
        "what no reader sees is not there either"
    );
    let page = app.get("/guides/safety.md").await;
    assert_eq!(
        page.headers()["content-type"],
        "text/markdown; charset=utf-8"
    );
    let page = page.text().await.expect("text");
    assert!(
        page.contains("## Emergency stop") && !page.contains("xyzzy"),
        "{page}"
    );
}

#[tokio::test]
async fn a_missing_page_is_said_in_the_readers_format() {
    let app = TestApp::start().await;
    let page = app
        .client
        .get(format!("{}/nowhere", app.url))
        .header("accept", "text/html")
        .send()
        .await;
    let page = page.expect("a response");
    assert_eq!(page.status(), 404);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let problem = app.get("/nowhere").await;
    assert_eq!(
        problem.headers()["content-type"],
        "application/problem+json"
    );
}

#[tokio::test]
async fn everything_works_under_a_prefix_whether_or_not_the_proxy_takes_it_off() {
    let app = TestApp::start_with(Wanted {
        documents: &HANDBOOK,
        settings: Settings {
            base_path: Some("/manual".into()),
            ..Settings::default()
        },
        ..Wanted::default()
    })
    .await;
    for prefix in ["", "/manual"] {
        let page = app.get(&format!("{prefix}/intro")).await;
        assert_eq!(page.status(), 200, "{prefix}");
        let page = page.text().await.expect("text");
        assert!(carries_widget(&page, "/manual/"), "{page}");
        assert!(page.contains(r#"href="/manual/guides/safety""#), "{page}");
        for path in [
            "/_rag/widget.js",
            "/health",
            "/search?q=wheels",
            "/llms.txt",
            "/chat",
            "/",
        ] {
            assert_eq!(
                app.get(&format!("{prefix}{path}")).await.status(),
                200,
                "{prefix}{path}"
            );
        }
    }
    // The widget joins its base and a source's URL; neither holds the other.
    let answer = app.ask("How long does the battery last?").await;
    assert_eq!(answer["sources"][0]["url"], "/intro#battery-life");
}

#[tokio::test]
async fn a_first_start_answers_by_words_before_the_vectors_are_there() {
    // Enough text that the vectors take longer than the question.
    let filler: String = (0..400)
        .map(|n| format!("## Part {n}\n\nPart number {n} has a torque of {n} newton metres and is made of steel. {}\n\n", "It is checked every month. ".repeat(20)))
        .collect();
    let documents = [("parts.md", filler.as_str()), HANDBOOK[0]];
    let app = TestApp::open(Wanted {
        documents: &documents,
        ..Wanted::default()
    })
    .await;
    let mut progress = app.app.library().progress();
    progress
        .wait_for(|p| p.generation.is_some())
        .await
        .expect("the library lives");
    let answer = app.ask("How long does the battery last?").await;
    assert!(
        answer["answer"]
            .as_str()
            .expect("text")
            .contains("nine hours"),
        "{answer}"
    );
    let notice = answer["notice"].as_str().expect("a notice");
    assert!(notice.contains("still being indexed"), "{notice}");
    let ready: serde_json::Value = app.get("/readyz").await.json().await.expect("JSON");
    assert_eq!(ready["status"], "ready");
}

#[tokio::test]
async fn a_page_is_markdown_for_who_asks_for_markdown_and_says_where_it_is() {
    let app = TestApp::start().await;
    let page = |accept: &'static str| {
        app.client
            .get(format!("{}/guides/safety", app.url))
            .header("accept", accept)
            .send()
    };
    let html = page("text/html,*/*;q=0.8").await.expect("a response");
    assert_eq!(html.headers()["content-type"], "text/html; charset=utf-8");
    let link = html.headers()["link"].to_str().expect("ASCII").to_owned();
    assert!(
        link.starts_with(r#"</guides/safety.md>; rel="alternate"; type="text/markdown""#),
        "{link}"
    );
    for rel in ["llms-txt", "search", "service-desc"] {
        assert!(link.contains(&format!(r#"rel="{rel}""#)), "{link}");
    }
    let varies: Vec<_> = html.headers().get_all("vary").iter().collect();
    assert!(varies.iter().any(|value| *value == "accept"), "{varies:?}");
    let markdown = page("text/markdown").await.expect("a response");
    assert_eq!(
        markdown.headers()["content-type"],
        "text/markdown; charset=utf-8"
    );
    let negotiated = markdown.text().await.expect("text");
    assert!(negotiated.contains("## Emergency stop"), "{negotiated}");
    let named = app.get("/guides/safety.md").await;
    assert_eq!(named.text().await.expect("text"), negotiated);
}

#[tokio::test]
async fn browsers_learn_how_to_search_and_robots_txt_is_left_to_the_owner() {
    let app = TestApp::start().await;
    let description = app.get("/opensearch.xml").await;
    assert_eq!(
        description.headers()["content-type"],
        "application/opensearchdescription+xml; charset=utf-8"
    );
    let text = description.text().await.expect("text");
    let template = format!(r#"template="{}/chat?q={{searchTerms}}""#, app.url);
    assert!(text.contains(&template), "{text}");
    assert_eq!(app.get("/robots.txt").await.status(), 404);
    let own = TestApp::start_with(Wanted {
        build: &[("index.html", b"<p>Home"), ("robots.txt", b"User-agent: *")],
        ..Wanted::default()
    })
    .await;
    let robots = own.get("/robots.txt").await.text().await.expect("text");
    assert_eq!(robots, "User-agent: *");
}

#[tokio::test]
async fn a_folder_without_pages_says_so_instead_of_asking_for_patience() {
    let app = TestApp::start_with(Wanted {
        documents: &[],
        ..Wanted::default()
    })
    .await;
    let page = app.get("/").await.text().await.expect("text");
    assert!(page.contains("There is no page yet"), "{page}");
    let answer = app.ask("How long does the battery last?").await;
    let text = answer["answer"].as_str().expect("text");
    assert!(!text.contains("still being indexed"), "{text}");
    assert_eq!(answer["abstained"], true);
}
