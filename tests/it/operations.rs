//! What operators and readers see of the server where no other tool watches it: `/status`, `/admin`.

use crate::access::issue;
use crate::answer::upstream::{Upstream, says};
use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use rag_chatbot::secret::Secret;
use rag_chatbot::store::{KeyLimits, Right};
use serde_json::Value;
use std::time::{Duration, Instant};

const ASKED: &str = "How long does the battery last?";
/// Figures are kept every 15 seconds, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(120);

struct Operator {
    app: TestApp,
    key: Secret,
}

impl Operator {
    async fn of(wanted: Wanted<'_>) -> Self {
        let app = TestApp::start_with(wanted).await;
        let key = issue(&app, &[Right::Admin], KeyLimits::default())
            .await
            .token;
        Self { app, key }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.app.client.get(format!("{}{path}", self.app.url));
        let response = request.bearer_auth(self.key.expose()).send().await;
        response.expect("a response")
    }

    async fn read(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.json().await.expect("JSON")
    }
}

fn with_model(upstream: &Upstream) -> Settings {
    Settings {
        openai_base_url: Some(upstream.base_url.as_str().into()),
        openai_model: Some("gpt-4o-mini".to_owned()),
        answer_cache_hours: Some(0),
        ..Wanted::default().settings
    }
}

async fn page(app: &TestApp, language: &str) -> String {
    let request = app.client.get(format!("{}/status", app.url));
    let request = request
        .header("accept-language", language)
        .header("accept", "text/html");
    let response = request.send().await.expect("a response");
    assert_eq!(response.status(), 200);
    let vary = response.headers().get_all("vary").iter();
    let mut vary = vary.map(|value| value.to_str().expect("ASCII").to_lowercase());
    assert!(vary.any(|value| value.contains("accept-language")));
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert!(!policy.contains("unsafe"), "{policy}");
    response.text().await.expect("text")
}

#[tokio::test]
async fn the_status_page_is_public_and_speaks_the_readers_language() {
    let operator = Operator::of(Wanted::default()).await;
    operator.until_up().await;
    let app = &operator.app;
    let english = page(app, "en").await;
    assert!(
        english.contains("<html lang=\"en\" dir=\"ltr\">") && english.contains("Everything works")
    );
    let urdu = page(app, "ur-PK,ur;q=0.9,en;q=0.8").await;
    assert!(urdu.contains("<html lang=\"ur\" dir=\"rtl\">") && urdu.contains("سب کچھ چل رہا ہے"));
    for page in [&english, &urdu] {
        assert!(
            !page.contains("<script>") && !page.contains(" style=\""),
            "{page}"
        );
    }
    let request = app.client.get(format!("{}/status", app.url));
    let asked = request.header("accept", "application/json").send().await;
    let asked: Value = asked.expect("a response").json().await.expect("JSON");
    let own: Value = app.get("/status.json").await.json().await.expect("JSON");
    for report in [asked, own] {
        assert_eq!(report["state"], "up");
        assert_eq!(report["documents"], 4);
        assert_eq!(
            report["last_24_hours"].as_array().expect("quarters").len(),
            96
        );
    }
}

#[tokio::test]
async fn a_spent_budget_is_degraded_and_says_since_when() {
    let upstream =
        Upstream::start([says("The battery lasts nine hours on a full charge [1].")]).await;
    let operator = Operator::of(Wanted {
        settings: Settings {
            budget_tokens_per_day: Some(1),
            ..with_model(&upstream)
        },
        ..Wanted::default()
    })
    .await;
    // Seen to be well before: an index that is being made is a trouble of its own.
    operator.until_up().await;
    let answer = operator.app.ask(ASKED).await;
    assert_eq!(answer["generator"], "quoting");
    let report: Value = operator
        .app
        .get("/status.json")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&report["state"], &report["troubles"][0]["name"]),
        (&"degraded".into(), &"budget_spent".into())
    );
    assert_eq!(report["since"], report["troubles"][0]["since"]);
    assert!(
        page(&operator.app, "en")
            .await
            .contains("until the budget begins anew")
    );
    let overview = operator.read("/admin/overview").await;
    assert_eq!(overview["state"], "degraded");
    assert_eq!(overview["budgets"][0]["name"], "tokens_day");
    assert_eq!(overview["index"]["phase"], "ready");
    let target = overview["backup"]["target"].as_str();
    assert!(
        target.is_some_and(|target| !target.is_empty()),
        "{overview}"
    );
}

#[tokio::test]
async fn charts_show_what_was_asked() {
    let operator = Operator::of(Wanted::default()).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        operator.app.ask(ASKED).await;
        let main = operator
            .read("/admin/charts?dashboard=main&minutes=5")
            .await;
        let value = |chart: &str, line: usize| {
            let charts = main["charts"].as_array().expect("charts").iter();
            let found = charts.into_iter().find(|one| one["title"] == chart);
            let values = &found.expect("the chart")["lines"][line]["values"];
            let numbers = values
                .as_array()
                .expect("values")
                .iter()
                .filter_map(Value::as_f64);
            numbers.fold(0.0, f64::max)
        };
        assert_eq!(main["times"].as_array().expect("times").len(), 20);
        if value("Answers", 0) > 0.0 && value("Requests", 0) > 0.0 {
            assert!(value("Time to a finished answer", 1) > 0.0, "{main}");
            break;
        }
        assert!(Instant::now() < deadline, "{main}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    for dashboard in ["performance", "errors", "resources"] {
        let path = format!("/admin/charts?dashboard={dashboard}&minutes=1440");
        assert_eq!(
            operator.read(&path).await["charts"]
                .as_array()
                .expect("charts")
                .len(),
            6
        );
    }
    let overview = operator.read("/admin/overview").await;
    assert!(
        overview["last_24_hours"]["answered"].as_f64() > Some(0.0),
        "{overview}"
    );
}

#[tokio::test]
async fn conversations_are_read_without_names_or_ids_and_that_is_written_down() {
    let operator = Operator::of(Wanted::default()).await;
    let answer = operator
        .app
        .ask("Does the battery of ali@example.com last nine hours?")
        .await;
    let listed = operator.read("/admin/conversations").await;
    let one = &listed["conversations"][0];
    assert_eq!(
        one["first_question"],
        "Does the battery of [e-mail] last nine hours?"
    );
    assert_eq!(one["questions"], 1);
    let read = operator
        .read(&format!("/admin/conversations/{}", one["number"]))
        .await;
    assert_eq!(read["messages"].as_array().expect("messages").len(), 2);
    let secret = answer["session_id"].as_str().expect("an id");
    for shown in [&listed, &read] {
        let shown = shown.to_string();
        assert!(
            !shown.contains(secret) && !shown.contains("ali@"),
            "{shown}"
        );
    }
    assert_eq!(
        operator.get("/admin/conversations/999999").await.status(),
        404
    );
    let log = operator.read_log().await;
    let found = log["entries"].as_array().expect("entries").iter();
    let reads: Vec<(&Value, &Value)> = found
        .filter(|entry| entry["action"] == "conversation.read")
        .map(|entry| (&entry["object"], &entry["result"]))
        .collect();
    let number = Value::from(one["number"].to_string());
    assert_eq!(
        reads,
        [
            (&"999999".into(), &"session_not_found".into()),
            (&number, &"done".into())
        ]
    );
}

impl Operator {
    async fn until_up(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let report = self.app.get("/status.json").await;
            let report: Value = report.json().await.expect("JSON");
            if report["state"] == "up" {
                return;
            }
            assert!(Instant::now() < deadline, "{report}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn read_log(&self) -> Value {
        self.get("/admin/audit").await.json().await.expect("JSON")
    }
}

#[tokio::test]
async fn usage_is_told_by_day_and_model() {
    let upstream =
        Upstream::start([says("The battery lasts nine hours on a full charge [1].")]).await;
    let operator = Operator::of(Wanted {
        settings: with_model(&upstream),
        ..Wanted::default()
    })
    .await;
    assert_eq!(operator.app.ask(ASKED).await["generator"], "openai");
    let usage = operator.read("/admin/usage?days=7").await;
    let day = &usage["days"][0];
    assert_eq!(
        (&day["model"], &day["calls"]),
        (&"gpt-4o-mini".into(), &1.into())
    );
    assert!(day["cost_usd"].as_f64() > Some(0.0), "{usage}");
    assert_eq!(usage["total"]["cost_usd"], day["cost_usd"]);
    assert_eq!(operator.get("/admin/usage?days=0").await.status(), 400);
}

#[tokio::test]
async fn the_operators_page_runs_no_script_but_its_own() {
    let app = TestApp::start().await;
    let response = app.get("/admin").await;
    assert_eq!(response.status(), 200);
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    let page = response.text().await.expect("text");
    assert!(
        page.contains("_rag/admin/admin.js") && !page.contains("<script>"),
        "{page}"
    );
    for file in ["admin.js", "look.css", "charts.js"] {
        assert_eq!(
            app.get(&format!("/_rag/admin/{file}")).await.status(),
            200,
            "{file}"
        );
    }
    assert_eq!(app.get("/_rag/admin/none.js").await.status(), 404);
    // The widget's files are where they were.
    assert_eq!(app.get("/_rag/widget.js").await.status(), 200);
}
