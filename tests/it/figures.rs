//! What `/metrics` shows: declared figures alone, under labels that nobody outside can add to.

use crate::answer::upstream::{Does, Upstream};
use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use rag_chatbot::telemetry::metrics::{Kind, Label, Metric, TABLE, Values};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// In everything odd that is sent: no figure may repeat it.
const MARKER: &str = "0ddity";

/// One line of figures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
}

/// The format that Prometheus reads, with values as numbers.
fn read(text: &str) -> BTreeMap<Series, f64> {
    let mut samples = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (series, value) = line.rsplit_once(' ').expect("a name and a value");
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect("a bracket")),
            None => (series, ""),
        };
        let pairs = labels.split("\",").filter(|pair| !pair.is_empty());
        let labels = pairs.map(|pair| {
            let (label, value) = pair.split_once("=\"").expect("a label");
            (label.to_owned(), value.trim_end_matches('"').to_owned())
        });
        let series = Series {
            name: name.to_owned(),
            labels: labels.collect(),
        };
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(
            samples.insert(series, value).is_none(),
            "{line} comes twice"
        );
    }
    samples
}

async fn figures(app: &TestApp) -> String {
    let response = app.get("/metrics").await;
    assert_eq!(response.status(), 200);
    response.text().await.expect("text")
}

fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels = labels
        .iter()
        .map(|(label, value)| (label.to_string(), value.to_string()));
    let series = Series {
        name: name.to_owned(),
        labels: labels.collect(),
    };
    *read(text)
        .get(&series)
        .unwrap_or_else(|| panic!("no {series:?} in\n{text}"))
}

fn declared(name: &str) -> Option<&'static Metric> {
    TABLE.iter().find(|metric| match metric.kind {
        Kind::Histogram(_) => ["_bucket", "_sum", "_count"]
            .iter()
            .any(|part| name.strip_suffix(part) == Some(metric.name)),
        _ => name == metric.name,
    })
}

/// Whether a label may have this value; `routes` are the server's.
fn belongs(label: &Label, value: &str, routes: &BTreeSet<String>) -> bool {
    match label.values {
        Values::Set(values) => values.contains(&value),
        Values::Routes => routes.contains(value),
        Values::Statuses => value
            .parse()
            .is_ok_and(|status: u16| (100..600).contains(&status)),
        // The tests of this process have models of their own.
        Values::Settings => true,
    }
}

/// Requests that no route, method, model, locale or key was made for.
async fn flood(app: &TestApp, from: usize) {
    let odd = |at: usize| format!("{MARKER}-{at}");
    for at in from..from + 12 {
        for path in [
            format!("/{}", odd(at)),
            format!("/query/{}", odd(at)),
            format!("/sessions/{}", odd(at)),
            format!("/sessions/{}/export", odd(at)),
            format!("/v1/models/{}", odd(at)),
            format!("/_rag/{}/x.js", odd(at)),
            format!("/search?q={}&locale={}", odd(at), odd(at)),
            format!("/docs/%2e%2e/{}%00%ff", odd(at)),
            format!("/metrics?{}", odd(at)),
        ] {
            for method in ["GET", "POST", "PATCH", "0DDITY", &odd(at).to_uppercase()] {
                let method = Method::from_bytes(method.as_bytes()).expect("a token");
                let request = app.client.request(method, format!("{}{path}", app.url));
                request.send().await.expect("a response");
            }
        }
        app.post(
            "/v1/chat/completions",
            &json!({"model": odd(at), "messages": [{"role": "user", "content": odd(at)}]}),
        )
        .await;
        app.post(
            "/v1/embeddings",
            &json!({"model": odd(at), "input": odd(at)}),
        )
        .await;
        app.post(
            "/feedback",
            &json!({"message_id": odd(at), "rating": odd(at)}),
        )
        .await;
        app.post("/query", &json!({"query": odd(at), "session_id": odd(at)}))
            .await;
        app.post(
            "/query",
            &json!({"query": odd(at), "book_version": odd(at), "chapter_filter": odd(at)}),
        )
        .await;
        let mut request = app.client.get(format!("{}/api-keys", app.url));
        request = request.bearer_auth(odd(at)).header("x-request-id", odd(at));
        request
            .header("host", odd(at))
            .send()
            .await
            .expect("a response");
    }
}

#[tokio::test]
async fn a_flood_of_odd_requests_adds_no_series() {
    let app = TestApp::start().await;
    let description: Value = app.get("/openapi.json").await.json().await.expect("JSON");
    let described = description["paths"]
        .as_object()
        .expect("paths")
        .keys()
        .cloned();
    let others = [
        "site",
        "/mcp",
        "/chat",
        "/status",
        "/admin",
        "/_rag/{*path}",
        "/_rag/admin/{*path}",
    ]
    .map(str::to_owned);
    let routes: BTreeSet<String> = described.chain(others).collect();

    flood(&app, 0).await;
    let before = read(&figures(&app).await);
    flood(&app, 100).await;
    let text = figures(&app).await;
    let after = read(&text);
    // Other tests run in this process, too: what only they can have added is not looked at.
    let of_the_flood = |series: &&Series| {
        series.name.starts_with("rag_http_") || series.name.starts_with("rag_credentials_")
    };
    let statuses = ["200", "400", "401", "404", "405", "415", "421", "422"];
    let added: Vec<&Series> = after
        .keys()
        .filter(|series| !before.contains_key(series))
        .filter(of_the_flood)
        .filter(|series| {
            series
                .labels
                .get("status")
                .is_none_or(|s| statuses.contains(&s.as_str()))
        })
        .filter(|series| {
            series
                .labels
                .get("route")
                .is_none_or(|r| r == "site" || r.contains("odd"))
        })
        .collect();
    assert!(added.is_empty(), "{added:#?}");
    assert!(!text.to_lowercase().contains(MARKER), "{text}");
    for series in after.keys() {
        let metric = declared(&series.name).unwrap_or_else(|| panic!("{series:?} is not declared"));
        for (label, value) in series.labels.iter().filter(|(label, _)| *label != "le") {
            let known = metric.labels.iter().find(|known| known.name == label);
            let known = known.unwrap_or_else(|| panic!("{series:?}: {label} is not declared"));
            assert!(
                belongs(known, value, &routes),
                "{series:?}: {value} is in no closed set"
            );
        }
        assert!(
            metric
                .labels
                .iter()
                .all(|label| series.labels.contains_key(label.name)),
            "{series:?} lacks a label"
        );
    }
}

#[tokio::test]
async fn every_declared_figure_is_described_and_those_of_a_plain_server_are_there() {
    let app = TestApp::start().await;
    app.ask("How many wheels?").await;
    let text = figures(&app).await;
    let shown: BTreeSet<String> = read(&text).into_keys().map(|series| series.name).collect();
    for metric in TABLE {
        let name = match metric.kind {
            Kind::Histogram(_) => format!("{}_bucket", metric.name),
            _ => metric.name.to_owned(),
        };
        // What a server without TLS, a model and backups has nothing to say of.
        let needs_more = ["rag_tls_", "rag_budget_", "rag_backup_", "rag_model_cost_"];
        if needs_more.iter().any(|start| name.starts_with(start)) && !shown.contains(&name) {
            continue;
        }
        assert!(shown.contains(&name), "{name} is missing in\n{text}");
        let kind = format!("# TYPE {} {}\n", metric.name, metric.kind.name());
        assert!(text.contains(&kind), "{kind}");
        let help = format!("# HELP {} {}\n", metric.name, metric.help);
        assert!(text.contains(&help), "{help}");
    }
}

#[tokio::test]
async fn a_question_to_a_model_leaves_its_stages_tokens_and_failures() {
    let upstream = Upstream::start([
        Does::Refuses(401, &[]),
        Does::Says(vec![
            "The battery lasts nine hours on a full charge [1]. ".to_owned(),
            "Bananas are yellow [1].".to_owned(),
        ]),
    ])
    .await;
    // A name of its own: other tests count under theirs.
    let model = "figures-model";
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            openai_base_url: Some(upstream.base_url.as_str().into()),
            openai_model: Some(model.to_owned()),
            model_prices: Some(format!("{model}=1000/2000")),
            answer_cache_hours: Some(0),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await;
    let before = figures(&app).await;
    let grown = |after: &str, name: &str, labels: &[(&str, &str)]| {
        value(after, name, labels) - value(&before, name, labels)
    };
    let quoted = app.ask("How long does the battery last?").await;
    assert_eq!(quoted["generator"], "quoting");
    let written = app.ask("How long does the battery last?").await;
    assert_eq!(written["generator"], "openai", "{written}");
    let after = figures(&app).await;
    for stage in [
        "embed",
        "words",
        "vectors",
        "fuse",
        "prompt",
        "first_token",
        "generation",
    ] {
        let count = grown(
            &after,
            "rag_query_stage_duration_seconds_count",
            &[("stage", stage)],
        );
        assert!(count >= 1.0, "{stage}: {count}");
    }
    let refused = [("upstream", "generator"), ("kind", "refused")];
    assert!(grown(&after, "rag_upstream_failures_total", &refused) >= 1.0);
    assert!(
        grown(
            &after,
            "rag_upstream_requests_total",
            &[("upstream", "generator")]
        ) >= 2.0
    );
    assert!(grown(&after, "rag_citations_removed_total", &[]) >= 1.0);
    let tokens = |kind| {
        value(
            &after,
            "rag_tokens_used_total",
            &[("kind", kind), ("model", model)],
        )
    };
    let told = &written["tokens_used"];
    assert_eq!(Some(tokens("prompt")), told["prompt"].as_f64());
    assert_eq!(Some(tokens("completion")), told["completion"].as_f64());
    let cost = value(&after, "rag_model_cost_usd_total", &[("model", model)]);
    let expected = (tokens("prompt") * 1000.0 + tokens("completion") * 2000.0) / 1e6;
    assert!((cost - expected).abs() < 1e-9, "{cost} of {expected}");
    let left = value(&after, "rag_budget_left_usd", &[("budget", "usd_month")]);
    assert!(left > 0.0 && left < 50.0, "{left}");
}

#[tokio::test]
async fn limits_and_refused_keys_are_counted_by_their_kind() {
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            rate_limit_queries_per_minute: Some(1),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await;
    let before = figures(&app).await;
    let question = json!({"query": "How many wheels?"});
    assert_eq!(app.post("/query", &question).await.status(), 200);
    assert_eq!(app.post("/query", &question).await.status(), 429);
    assert_eq!(app.get("/api-keys").await.status(), 401);
    let after = figures(&app).await;
    for (name, label) in [
        ("rag_limited_requests_total", ("limit", "address_minute")),
        ("rag_credentials_refused_total", ("code", "unauthorized")),
    ] {
        let grown = value(&after, name, &[label]) - value(&before, name, &[label]);
        assert!(grown >= 1.0, "{name}: {grown}");
    }
}

#[tokio::test]
async fn every_code_that_can_end_a_question_is_declared() {
    let codes = TABLE
        .iter()
        .find(|metric| metric.name == "rag_query_errors_total");
    let codes = codes
        .and_then(|metric| metric.labels[0].values.known())
        .expect("a closed set");
    let app = TestApp::open(Wanted::default()).await;
    // Before the first index, with a session that is not there, and as it should be.
    for body in [
        json!({"query": "How many wheels?"}),
        json!({"query": "How many wheels?", "session_id": "nobody's"}),
    ] {
        let response = app.post("/query", &body).await;
        if response.status() != 200 {
            let problem: Value = response.json().await.expect("JSON");
            let code = problem["code"].as_str().expect("a code");
            assert!(codes.contains(&code), "{code}");
        }
    }
}
