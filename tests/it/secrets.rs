//! A marker is planted in every secret; then everything that comes out is searched for it.

use crate::answer::upstream::{Does, Upstream};
use crate::cli::Desk;
use crate::test_app::client;
use rag_chatbot::config::documented;
use serde_json::json;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MARKER: &str = "m4rk3r";

/// Every secret setting with a value that works and holds the marker.
fn plant(command: &mut Command, upstream: &str) {
    for setting in documented().into_iter().filter(|setting| setting.secret) {
        let value = match setting.env.as_str() {
            "OPENAI_BASE_URL" => upstream.replace("http://", &format!("http://user:{MARKER}-url@")),
            "DATABASE_URL" => continue,
            // 32 bytes in base 64.
            "RAG_HISTORY_KEY" => format!("{MARKER}{}=", "A".repeat(37)),
            "RAG_HISTORY_OLD_KEYS" => format!("{MARKER}{}=", "B".repeat(36) + "A"),
            "QDRANT_URL" | "KAFKA_BROKERS" | "OTEL_EXPORTER_OTLP_ENDPOINT" | "AWS_ENDPOINT_URL" => {
                format!("http://user:{MARKER}@127.0.0.1:9")
            }
            "SENTRY_DSN" => format!("http://{MARKER}@127.0.0.1:9/1"),
            env => format!("{MARKER}-{env}"),
        };
        command.env(setting.env, value);
    }
}

#[test]
fn settings_help_and_errors_show_no_secret() {
    let desk = Desk::new();
    let runs: [&[&str]; 6] = [
        &["--print-config"],
        &["--help"],
        &["doctor", "--data", "docs", "--listen", "127.0.0.1:0"],
        &["--listen", "nonsense"],
        &["--log-level", "bogus"],
        &["--openai-base-url", "ftp://user:m4rk3r@host"],
    ];
    for arguments in runs {
        let mut command = desk.command(arguments);
        plant(&mut command, "http://127.0.0.1:9/v1");
        let output = command.output().expect("the binary runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!said.contains(MARKER), "{arguments:?}: {said}");
        assert!(!said.is_empty());
    }
    let refused = desk
        .command(&["--data", "docs"])
        .env(
            "DATABASE_URL",
            format!("postgresql://user:{MARKER}@host/db"),
        )
        .output()
        .expect("the binary runs");
    assert_eq!(refused.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&refused.stderr).contains(MARKER));
}

#[test]
fn a_log_level_that_is_none_is_refused() {
    let desk = Desk::new();
    for (level, code) in [
        ("bogus", 2),
        ("info,verbose", 2),
        ("info,rag_chatbot=loud", 2),
    ] {
        let output = desk
            .command(&["completions", "bash"])
            .output()
            .expect("runs");
        assert!(output.status.success());
        let output = desk
            .command(&["doctor", "--log-level", level])
            .output()
            .expect("runs");
        assert_eq!(output.status.code(), Some(code), "{level}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("log_level"), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_logs_everything_tells_no_secret_and_no_question() {
    let upstream = Upstream::start([
        Does::Refuses(401, &[]),
        Does::Refuses(302, &[("location", "http://127.0.0.1:9/m4rk3r")]),
        Does::Says(vec![
            "The battery lasts nine hours on a full charge [1].".to_owned(),
        ]),
    ])
    .await;
    let desk = Desk::new();
    let mut command = desk.command(&["--data", "docs", "--listen", "127.0.0.1:0"]);
    plant(&mut command, &upstream.base_url);
    let mut child = command
        // Every question reaches the model server.
        .env("RAG_ANSWER_CACHE_HOURS", "0")
        .env("LOG_LEVEL", "trace")
        .env("RAG_LOG_FORMAT", "json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let said = Arc::new(Mutex::new(String::new()));
    let mut stderr = child.stderr.take().expect("it is piped");
    let hearing = std::thread::spawn({
        let said = Arc::clone(&said);
        move || {
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut chunk) {
                let text = String::from_utf8_lossy(&chunk[..read]).into_owned();
                said.lock().expect("not poisoned").push_str(&text);
            }
        }
    });
    let address = async {
        loop {
            let text = said.lock().expect("not poisoned").clone();
            if let Some((_, rest)) = text.split_once("open http://") {
                break rest.split(['/', '"']).next().expect("a part").to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let minute = Duration::from_secs(60);
    let address = tokio::time::timeout(minute, address)
        .await
        .expect("it serves");
    let client = client();
    let mut came_out = String::new();
    let ready = async {
        while !client
            .get(format!("http://{address}/readyz"))
            .send()
            .await
            .expect("a response")
            .status()
            .is_success()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(minute, ready)
        .await
        .expect("it is ready");
    let asked = "How long does the battery last?";
    for query in [asked, asked, asked, "Who is qu3st10n?"] {
        let answer = client
            .post(format!("http://{address}/query"))
            .json(&json!({ "query": query }))
            .send()
            .await
            .expect("a response");
        came_out.push_str(&format!("{:?}", answer.headers()));
        came_out.push_str(&answer.text().await.expect("text"));
    }
    for (path, token) in [
        ("/api-keys", "rk_wr0ng"),
        ("/sessions/s3ss10n", "rk_wr0ng"),
        ("/metrics", ""),
        ("/openapi.json", ""),
        ("/", ""),
    ] {
        let request = client
            .get(format!("http://{address}{path}"))
            .bearer_auth(token);
        came_out.push_str(
            &request
                .send()
                .await
                .expect("a response")
                .text()
                .await
                .expect("text"),
        );
    }
    let admin = client
        .get(format!("http://{address}/api-keys"))
        .bearer_auth(format!("{MARKER}-RAG_ADMIN_KEY"));
    assert_eq!(
        admin.send().await.expect("a response").status(),
        200,
        "the secrets are in use"
    );
    assert!(upstream.requests().len() >= 3, "and so is the model server");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    hearing.join().expect("no panic");
    let logs = said.lock().expect("not poisoned").clone();
    assert!(!came_out.contains(MARKER), "{came_out}");
    for secret in [MARKER, "qu3st10n", "rk_wr0ng", "s3ss10n"] {
        let line = logs.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}
