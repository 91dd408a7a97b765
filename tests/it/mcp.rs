//! `/mcp` where well-behaved clients (tests/clients) do not go: bad input, wrong names, floods, and
//! clients that vanish.

use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use serde_json::{Value, json};

const ACCEPT: &str = "application/json, text/event-stream";

fn message(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

/// A session, opened as the specification says.
struct Session<'a> {
    app: &'a TestApp,
    id: String,
}

impl<'a> Session<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let params = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        });
        let response = post(app, &message("initialize", &params).to_string(), &[]).await;
        assert_eq!(response.status(), 200);
        let id = response.headers()["mcp-session-id"]
            .to_str()
            .expect("ASCII");
        let session = Self {
            app,
            id: id.to_owned(),
        };
        let opened = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let response = session.post(&opened.to_string()).await;
        assert_eq!(response.status(), 202);
        session
    }

    async fn post(&self, body: &str) -> reqwest::Response {
        post(self.app, body, &[("mcp-session-id", &self.id)]).await
    }

    /// The answer to one message.
    async fn say(&self, method: &str, params: &Value) -> Value {
        let response = self.post(&message(method, params).to_string()).await;
        assert_eq!(response.status(), 200, "{method}");
        answer(&response.text().await.expect("text"))
    }

    async fn call(&self, tool: &str, arguments: &Value) -> Value {
        let call = json!({"name": tool, "arguments": arguments});
        self.say("tools/call", &call).await
    }
}

async fn post(app: &TestApp, body: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = app
        .client
        .post(format!("{}/mcp", app.url))
        .header("content-type", "application/json")
        .header("accept", ACCEPT)
        .body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("a response")
}

/// The last message of a stream of events.
fn answer(stream: &str) -> Value {
    let mut data = stream.lines().filter_map(|line| line.strip_prefix("data:"));
    let last = data.rfind(|data| !data.trim().is_empty());
    serde_json::from_str(last.expect("an event")).expect("events carry JSON")
}

#[tokio::test]
async fn what_is_no_message_gets_the_protocols_own_error() {
    let app = TestApp::start().await;
    let session = Session::open(&app).await;
    let batch = json!([
        message("tools/list", &json!({})),
        message("ping", &json!({}))
    ]);
    for (body, code) in [
        ("{\"jsonrpc\":", -32700),
        ("hello", -32700),
        (&*batch.to_string(), -32600),
        ("{\"id\": 1}", -32600),
        ("[]", -32600),
    ] {
        let refused = session.post(body).await;
        assert_eq!(refused.status(), 400, "{body}");
        let error: Value = refused.json().await.expect("JSON");
        assert_eq!(error["error"]["code"], code, "{body}");
        assert_eq!(error["jsonrpc"], "2.0");
    }
    let huge = json!({"query": "x".repeat(300 * 1024)});
    let call = message("tools/call", &json!({"name": "search", "arguments": huge}));
    assert_eq!(session.post(&call.to_string()).await.status(), 413);
    let unknown = session.say("no/such/method", &json!({})).await;
    assert_eq!(unknown["error"]["code"], -32601);
    for (method, params) in [
        (
            "tools/call",
            json!({"name": "search", "arguments": ["wheels"]}),
        ),
        ("tools/call", json!({"arguments": {}})),
        ("resources/read", json!({"uri": 5})),
    ] {
        let wrong = session.say(method, &params).await;
        assert_eq!(wrong["error"]["code"], -32602, "{method} {params}: {wrong}");
    }
    let tool = session.call("no_such_tool", &json!({})).await;
    assert_eq!(tool["error"]["code"], -32602);
    let long = session
        .call("search", &json!({"query": "x".repeat(501)}))
        .await;
    assert_eq!(long["result"]["isError"], true);
    let fine = session.call("search", &json!({"query": "wheels"})).await;
    assert_eq!(
        fine["result"]["structuredContent"]["results"][0]["id"],
        "/intro#wheels"
    );
}

#[tokio::test]
async fn names_and_pages_of_others_do_not_reach_it() {
    let app = TestApp::start().await;
    let ping = message("ping", &json!({})).to_string();
    for (header, status) in [
        (("host", "evil.example"), 421),
        (("origin", "http://evil.example"), 403),
        (("origin", "null"), 403),
    ] {
        let refused = post(&app, &ping, &[header]).await;
        assert_eq!(refused.status(), status, "{header:?}");
    }
    let unknown = post(&app, &ping, &[("mcp-session-id", "no-such-session")]).await;
    assert_eq!(unknown.status(), 404);
    let version = post(&app, &ping, &[("mcp-protocol-version", "1999-01-01")]).await;
    assert_eq!(version.status(), 400);
}

#[tokio::test]
async fn asking_counts_against_the_readers_limits_and_the_refusal_says_when_to_come_back() {
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            rate_limit_queries_per_minute: Some(1),
            ..Settings::default()
        },
        ..Wanted::default()
    })
    .await;
    let session = Session::open(&app).await;
    let question = json!({"question": "How long does the battery last?"});
    let first = session.call("ask_docs", &question).await;
    assert_eq!(first["result"]["isError"], false, "{first}");
    let second = session.call("ask_docs", &question).await;
    assert_eq!(second["result"]["isError"], true);
    let text = second["result"]["content"][0]["text"]
        .as_str()
        .expect("text");
    assert!(text.contains("ask again in"), "{text}");
}

#[tokio::test]
async fn clients_that_vanish_in_the_middle_of_a_call_leave_the_server_well() {
    let app = TestApp::start().await;
    let session = Session::open(&app).await;
    let call =
        json!({"name": "ask_docs", "arguments": {"question": "How is the camera calibrated?"}});
    let body = message("tools/call", &call).to_string();
    for _ in 0..20 {
        // The connection is closed with the response unread.
        drop(session.post(&body).await);
    }
    let again = session.call("search", &json!({"query": "battery"})).await;
    assert_eq!(again["result"]["isError"], false, "{again}");
}

/// The ids of the events in a stream.
fn event_ids(stream: &str) -> Vec<&str> {
    let ids = stream.lines().filter_map(|line| line.strip_prefix("id:"));
    ids.map(str::trim).collect()
}

#[tokio::test]
async fn a_stream_is_taken_up_again_after_its_call_has_completed() {
    let app = TestApp::start().await;
    let session = Session::open(&app).await;
    let call = json!({"name": "search", "arguments": {"query": "wheels"}});
    let body = message("tools/call", &call).to_string();
    let whole = session.post(&body).await.text().await.expect("text");
    let ids = event_ids(&whole);
    assert_eq!(ids.len(), 2, "{whole}");
    let resume = async |session_id: &str, event_id: &str| {
        app.client
            .get(format!("{}/mcp", app.url))
            .header("accept", "text/event-stream")
            .header("mcp-session-id", session_id)
            .header("last-event-id", event_id)
            .send()
            .await
            .expect("a response")
    };
    let resumed = resume(&session.id, ids[0]).await;
    let resumed = resumed.text().await.expect("text");
    assert_eq!(event_ids(&resumed), ids[1..]);
    assert_eq!(answer(&resumed), answer(&whole));
    let nothing = resume(&session.id, ids[1]).await;
    assert_eq!(nothing.text().await.expect("text"), "");
    // An id of nobody's says nothing, and without a session not even one's own does.
    let guessed = resume(&session.id, "0").await.text().await.expect("text");
    assert_eq!(guessed, "");
    assert_eq!(resume("no-such-session", ids[0]).await.status(), 404);
}

#[tokio::test]
async fn ending_a_session_that_is_not_there_is_told() {
    let app = TestApp::start().await;
    let session = Session::open(&app).await;
    let end = async |id: &str| {
        let end = app.client.delete(format!("{}/mcp/", app.url));
        let ended = end.header("mcp-session-id", id).send().await;
        ended.expect("a response").status()
    };
    assert_eq!(end("no-such-session").await, 404);
    assert_eq!(end(&session.id).await, 202);
    assert_eq!(end(&session.id).await, 404);
}

#[tokio::test]
async fn a_long_list_of_pages_comes_in_parts_that_miss_nothing() {
    let names: Vec<String> = (0..230).map(|n| format!("page-{n:03}.md")).collect();
    let documents: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (&**name, "# Page\n\nText.\n"))
        .collect();
    let app = TestApp::start_with(Wanted {
        documents: &documents,
        ..Wanted::default()
    })
    .await;
    let session = Session::open(&app).await;
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let params = match &cursor {
            Value::Null => json!({}),
            cursor => json!({ "cursor": cursor }),
        };
        let listed = session.say("resources/list", &params).await["result"].clone();
        for resource in listed["resources"].as_array().expect("resources") {
            seen.push(resource["uri"].as_str().expect("a URI").to_owned());
        }
        cursor = listed["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 230);
}
