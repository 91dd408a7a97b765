//! A folder that was never a site: links between its files, its pictures, its HTML, its folders.

use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;

const SVG: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"4\" height=\"4\"/></svg>";

const FOLDER: [(&str, &str); 12] = [
    (
        "README.md",
        "# Boat\n\nSee [the engine](engine/oil.md#change-it), [all](engine/), [sails](./sails), \
         [the web](https://example.com/a.md), [mail](mailto:a@example.com), [top](#boat) and \
         ![plan](img/plan%20one.svg).\n",
    ),
    (
        "engine/oil.md",
        "# Oil\n\n## Change it\n\nChange the oil every 100 hours. ![up](../img/plan%20one.svg) \
         [home](../README.md) [absolute](/sails.html) [out](../../../etc/passwd)\n\n<img src=\"filter.svg\">\n",
    ),
    ("engine/filter.svg", SVG),
    (
        "sails.html",
        "<!doctype html><html><head><title>Sails of the boat</title><style>p{}</style></head><body>\
         <nav>Menu of an old site</nav><h1>Sails</h1><p>Two sails.</p><h2>Reefing</h2>\
         <p>Reef the mainsail at 20 knots. <a href=\"engine/oil.md\">Oil</a></p>\
         <h2 class=\"x\">Reefing</h2><p>Again.</p><h3 id=\"own\">Washing</h3><p>Wash it.</p></body></html>",
    ),
    ("img/plan one.svg", SVG),
    ("img/secret.key", "marker-of-a-secret"),
    (".hidden/plan.svg", SVG),
    (
        "c#d?.mdx",
        "# Sharp\n\n## Note {/* #the-note */}\n\nA page with a sharp sign in its name.\n",
    ),
    (
        "hidden.html",
        "<h1>Lamp</h1><p style=\"color:red; display : none\">A hidden wombat.</p><p>Lit.</p>",
    ),
    (
        "about.md",
        "---\ndescription: All about the bilge pump\nsidebar_label: Pumping\n---\n\n# Water\n\nIt has to go.\n",
    ),
    (
        "a.md",
        "# First\n\nThe first page at this address speaks of anchors.\n",
    ),
    (
        "a.txt",
        "The second file at this address speaks of zeppelins.",
    ),
];

async fn folder(base_path: Option<&str>) -> TestApp {
    TestApp::start_with(Wanted {
        documents: &FOLDER,
        settings: Settings {
            base_path: base_path.map(str::to_owned),
            rate_limit_queries_per_minute: Some(0),
            ..Settings::default()
        },
        ..Wanted::default()
    })
    .await
}

async fn page(app: &TestApp, path: &str) -> String {
    let response = app.get(path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.expect("text")
}

#[tokio::test]
async fn links_between_files_lead_to_pages_and_pictures_are_shown() {
    for base in ["/", "/manual/"] {
        let app = folder((base != "/").then_some(base)).await;
        let home = page(&app, base).await;
        for expected in [
            format!("href=\"{base}engine/oil#change-it\""),
            format!("href=\"{base}sails\""),
            format!("src=\"{base}img/plan%20one.svg\""),
            "href=\"https://example.com/a.md\"".to_owned(),
            "href=\"mailto:a@example.com\"".to_owned(),
            "href=\"#boat\"".to_owned(),
        ] {
            assert!(home.contains(&expected), "{expected}: {home}");
        }
        let oil = page(&app, &format!("{base}engine/oil")).await;
        for expected in [
            format!("src=\"{base}img/plan%20one.svg\""),
            format!("src=\"{base}engine/filter.svg\""),
            format!("href=\"{base}\""),
            format!("href=\"{base}sails\""),
        ] {
            assert!(oil.contains(&expected), "{expected}: {oil}");
        }
        for path in [
            "engine/",
            "engine",
            "img/plan%20one.svg",
            "engine/filter.svg",
        ] {
            assert_eq!(
                app.get(&format!("{base}{path}")).await.status(),
                200,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn only_what_a_page_can_show_is_served_from_the_folder() {
    let app = folder(None).await;
    let picture = app.get("/img/plan%20one.svg").await;
    assert_eq!(picture.headers()["content-type"], "image/svg+xml");
    let policy = picture.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII");
    assert!(policy.contains("sandbox"), "{policy}");
    for path in [
        "/img/secret.key",
        "/.hidden/plan.svg",
        "/img/../img/secret.key",
        "/sails.html.svg",
    ] {
        assert_eq!(app.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_folder_without_a_page_of_its_own_lists_what_is_in_it() {
    let app = folder(None).await;
    let list = page(&app, "/engine/").await;
    assert!(list.contains("<h1>engine</h1>"), "{list}");
    assert!(list.contains("href=\"/engine/oil\">Oil</a>"), "{list}");
    assert_eq!(app.get("/engi/").await.status(), 404);
}

#[tokio::test]
async fn headings_of_html_without_ids_are_sections_that_can_be_opened() {
    let app = folder(None).await;
    let answer = app.ask("At how many knots do I reef the mainsail?").await;
    assert_eq!(answer["sources"][0]["url"], "/sails#reefing", "{answer}");
    let sails = page(&app, "/sails").await;
    for expected in [
        "<h2 id=\"reefing\">Reefing</h2>",
        "id=\"reefing-1\">Reefing</h2>",
        "<h3 id=\"own\">Washing</h3>",
        "<a href=\"/engine/oil\"",
    ] {
        assert!(sails.contains(expected), "{expected}: {sails}");
    }
    let article = &sails[sails.find("<article>").expect("an article")..];
    assert!(!article.contains("Menu of an old site"), "{article}");
    assert!(!article.contains("Sails of the boat"), "{article}");
}

#[tokio::test]
async fn of_two_files_at_one_address_the_second_is_left_out_and_named() {
    let app = folder(None).await;
    let warnings = app.app.library().warnings();
    let warning = warnings
        .iter()
        .find(|w| w.path == "a.txt")
        .expect("a warning");
    assert!(
        warning.reason.contains("/a") && warning.reason.contains("a.md"),
        "{warning:?}"
    );
    let found: serde_json::Value = app
        .get("/search?q=zeppelins")
        .await
        .json()
        .await
        .expect("JSON");
    assert!(!found.to_string().contains("second file"), "{found}");
}

#[tokio::test]
async fn a_page_whose_name_holds_what_ends_urls_can_be_opened() {
    let app = folder(None).await;
    let text = page(&app, "/c%23d%3F").await;
    assert!(text.contains("<h2 id=\"the-note\">Note</h2>"), "{text}");
    assert!(page(&app, "/c%23d%3F.md").await.contains("# Sharp"));
    let found: serde_json::Value = app.get("/search?q=sharp").await.json().await.expect("JSON");
    assert!(found.to_string().contains("/c%23d%3F#the-note"), "{found}");
}

#[tokio::test]
async fn what_a_style_hides_is_neither_found_nor_shown() {
    let app = folder(None).await;
    let text = page(&app, "/hidden").await;
    assert!(text.contains("Lit.") && !text.contains("wombat"), "{text}");
    let found: serde_json::Value = app
        .get("/search?q=wombat")
        .await
        .json()
        .await
        .expect("JSON");
    assert!(!found.to_string().contains("hidden wombat"), "{found}");
}

#[tokio::test]
async fn a_page_is_found_by_its_description_and_by_its_name_in_the_sidebar() {
    let app = folder(None).await;
    for word in ["bilge", "Pumping"] {
        let found: serde_json::Value = app
            .get(&format!("/search?q={word}"))
            .await
            .json()
            .await
            .expect("JSON");
        assert_eq!(found["results"][0]["url"], "/about", "{word}: {found}");
    }
}

#[tokio::test]
async fn a_page_nested_a_hundred_thousand_deep_is_shown_in_bounded_time() {
    let deep = format!("# Deep\n\n{} raven\n", ">".repeat(100_000));
    let tags = format!("{}owl{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    let app = TestApp::start_with(Wanted {
        documents: &[("quotes.md", &deep), ("boxes.html", &tags)],
        ..Wanted::default()
    })
    .await;
    for (path, word) in [("/quotes", "raven"), ("/boxes", "owl")] {
        let shown = tokio::time::timeout(std::time::Duration::from_secs(60), page(&app, path));
        assert!(shown.await.expect("in time").contains(word), "{path}");
    }
}

#[tokio::test]
async fn a_project_that_was_not_built_shows_the_pictures_of_its_static_folder() {
    let app = TestApp::start_with(Wanted {
        documents: &[
            (
                "website/docusaurus.config.js",
                "module.exports={title:'Boats',url:'https://boats.example',baseUrl:'/fx/',\
                 presets:[['classic',{docs:{routeBasePath:'/'}}]]};",
            ),
            (
                "website/docs/intro.md",
                "# Intro\n\n![static](/img/p.svg) ![beside](./q.svg)\n\n<img src=\"/img/p.svg\" alt=\"tag\" />\n\n\
                 <div style={{display: 'none'}}><div>a hidden</div> wombat</div>\n",
            ),
            ("website/docs/q.svg", SVG),
            ("website/static/img/p.svg", SVG),
        ],
        ..Wanted::default()
    })
    .await;
    let intro = page(&app, "/fx/intro").await;
    let pictures: Vec<&str> = intro
        .split("<img src=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(pictures.len(), 3, "{intro}");
    assert!(!intro.contains("wombat"), "{intro}");
    for picture in pictures {
        assert_eq!(app.get(picture).await.status(), 200, "{picture}");
    }
}
