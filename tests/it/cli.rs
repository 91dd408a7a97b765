//! The binary as a person at a terminal meets it: output, exit codes, one clear sentence.

use crate::test_app::HANDBOOK;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A folder with the handbook, and a state folder beside it.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in HANDBOOK {
            let path = folder.path().join("docs").join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            std::fs::write(path, text).expect("written");
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary in this folder, with nothing of the surrounding environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rag-chatbot"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Serves and waits until the address is said.
    pub fn serve(&self) -> Serving {
        let mut child = self
            .command(&[
                "--data",
                "docs",
                "--listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
                // Tests that wait for an answer ask often.
                "--rate-limit-queries-per-minute",
                "0",
            ])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let url = loop {
            let line = lines.next().expect("it goes on talking").expect("UTF-8");
            if let Some(at) = line.find("http://127.0.0.1:") {
                let rest = &line[at..];
                break rest[..rest.find('"').unwrap_or(rest.len())]
                    .trim_end_matches('/')
                    .to_owned();
            }
        };
        // Whoever stops reading a pipe stops whoever writes to it.
        std::thread::spawn(move || lines.for_each(drop));
        Serving { child, url }
    }
}

pub struct Serving {
    child: Child,
    pub url: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed_or_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_folder_is_indexed_and_asked_from_the_terminal() {
    let desk = Desk::new();
    let indexed = desk.run(&["index", "--data", "docs", "--json"]);
    assert!(indexed.status.success(), "{}", stderr(&indexed));
    let outcome: Value = serde_json::from_str(&stdout(&indexed)).expect("JSON");
    assert_eq!(outcome["documents"], 4);
    assert_eq!(outcome["vectors"], outcome["chunks"]);
    let asked = desk.run(&["ask", "--data", "docs", "How long does the battery last?"]);
    assert!(asked.status.success(), "{}", stderr(&asked));
    let text = stdout(&asked);
    assert!(text.contains("nine hours"), "{text}");
    assert!(text.contains("/intro#battery-life"), "{text}");
}

#[test]
fn wrong_use_ends_with_2_and_a_failure_with_1() {
    let desk = Desk::new();
    std::fs::write(desk.path("wrong.toml"), "lissten = '127.0.0.1:1'\n").expect("written");
    let wrong: [&[&str]; 5] = [
        &["--no-such-flag"],
        &["--listen", "nonsense"],
        &["--config", "wrong.toml"],
        &["--config", "missing.toml"],
        &["--base-path", "/a/../b"],
    ];
    for arguments in wrong {
        let output = desk.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    let failing: [&[&str]; 3] = [
        &["index", "--data", "no-such-folder"],
        &["index", "--data", "docs/intro.md"],
        &["health", "--listen", "127.0.0.1:1"],
    ];
    for arguments in failing {
        let output = desk.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert_eq!(
            stderr(&output)
                .lines()
                .filter(|l| l.starts_with("rag-chatbot: "))
                .count(),
            1
        );
    }
}

#[test]
fn a_port_in_use_is_said_in_one_sentence() {
    let desk = Desk::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let output = desk.run(&["--data", "docs", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    let sentence = said
        .lines()
        .find(|line| line.starts_with("rag-chatbot: "))
        .expect("a sentence");
    assert!(
        sentence.contains("is in use by another process"),
        "{sentence}"
    );
    assert!(sentence.contains("--listen"), "{sentence}");
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let desk = Desk::new();
    std::fs::write(desk.path("rag-chatbot.toml"), "environment = 'staging'\n").expect("written");
    let output = desk
        .command(&["--print-config", "--session-timeout-hours", "3"])
        .env("OPENAI_API_KEY", "sk-marker")
        .env("RAG_ADMIN_KEY", "")
        .env("LOG_LEVEL", "debug")
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(!text.contains("marker") && !stderr(&output).contains("marker"));
    for line in [
        "environment = \"staging\"  # file",
        "session_timeout_hours = 3  # flag",
        "log_level = \"debug\"  # environment",
        "openai_api_key = \"[redacted]\"  # environment",
        "watch = true  # default",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(
        !text.contains("admin_key"),
        "an empty variable is none: {text}"
    );
}

#[test]
fn the_doctor_names_what_is_wrong() {
    let desk = Desk::new();
    let healthy = desk.run(&[
        "doctor",
        "--data",
        "docs",
        "--listen",
        "127.0.0.1:0",
        "--json",
    ]);
    let findings: Value = serde_json::from_str(&stdout(&healthy)).expect("JSON");
    assert!(healthy.status.success(), "{findings}");
    let ill = desk.run(&[
        "doctor",
        "--data",
        "no-such-folder",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(ill.status.code(), Some(1));
    assert!(
        stdout(&ill).contains("FAIL documentation"),
        "{}",
        stdout(&ill)
    );
}

#[test]
fn keys_are_managed_from_the_terminal() {
    let desk = Desk::new();
    let made = desk.run(&[
        "key",
        "create",
        "reports",
        "--scope",
        "read:queries,write:documents",
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    let first = stdout(&made).trim().to_owned();
    assert!(first.starts_with("rk_") && !stderr(&made).contains(&first));
    let listed = || -> Value {
        let output = desk.run(&["key", "list", "--json"]);
        serde_json::from_str(&stdout(&output)).expect("JSON")
    };
    let id = listed()["keys"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let rotated = desk.run(&["key", "rotate", &id]);
    assert!(rotated.status.success(), "{}", stderr(&rotated));
    assert_ne!(stdout(&rotated).trim(), first);
    assert!(desk.run(&["key", "revoke", &id]).status.success());
    let states: Vec<_> = listed()["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| key["state"].clone())
        .collect();
    assert_eq!(states, ["revoked", "active"]);
    let wrong = desk.run(&["key", "create", "x", "--scope", "write:everything"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).contains("write:documents"),
        "{}",
        stderr(&wrong)
    );
    let unknown = desk.run(&["key", "revoke", "key_of-nobody"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        stderr(&unknown).contains("key list"),
        "{}",
        stderr(&unknown)
    );
}

#[test]
fn a_shell_is_given_completions() {
    let output = Desk::new().run(&["completions", "bash"]);
    assert!(output.status.success());
    assert!(stdout(&output).contains("--base-path"));
}

#[tokio::test]
async fn a_conversation_survives_a_kill_after_its_answer_was_done() {
    let desk = Desk::new();
    let client = crate::test_app::client();
    let question = serde_json::json!({"query": "How many wheels does the rover have?"});
    let first = desk.serve();
    let answer: Value = loop {
        let response = client
            .post(format!("{}/query", first.url))
            .json(&question)
            .send()
            .await
            .expect("a response");
        // 503 for as long as nothing at all is indexed.
        if response.status() == 200 {
            break response.json().await.expect("JSON");
        }
        assert_eq!(response.status(), 503);
        let wait: u64 = response.headers()["retry-after"]
            .to_str()
            .expect("ASCII")
            .parse()
            .expect("seconds");
        tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    };
    // `Drop` kills with SIGKILL: nothing gets the chance to tidy up.
    drop(first);
    let second = desk.serve();
    let session = answer["session_id"].as_str().expect("an id");
    let kept = client
        .get(format!("{}/sessions/{session}", second.url))
        .send()
        .await
        .expect("a response");
    let kept: Value = kept.json().await.expect("JSON");
    assert_eq!(kept["messages"][1]["content"], answer["answer"]);
    let health = desk.run(&[
        "health",
        "--listen",
        second.url.trim_start_matches("http://"),
    ]);
    assert!(health.status.success(), "{}", stderr(&health));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_elsewhere_is_asked_and_searched_by_its_address() {
    let app = crate::test_app::TestApp::start().await;
    let desk = Desk::new();
    let run = |arguments: &[&str]| {
        let output = desk.run(&[arguments, &["--url", &app.url]].concat());
        (output.status.code(), stdout(&output), stderr(&output))
    };
    let (code, said, _) = run(&["ask", "How long does the battery last?"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("nine hours"), "{said}");
    assert!(
        said.contains(&format!("{}/intro#battery-life", app.url)),
        "{said}"
    );
    let (_, said, _) = run(&["ask", "How long does the battery last?", "--json"]);
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(answer["abstained"], false);
    let (code, said, _) = run(&["search", "wheels of rubber", "--limit", "2"]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("1. Introduction › Wheels"), "{said}");
    let (code, _, complaint) = run(&["ask", "How?", "--key", "rk_unknown"]);
    assert_eq!(code, Some(1));
    assert!(complaint.contains("This key does not exist"), "{complaint}");
    assert!(!desk.path("state").exists(), "nothing was opened here");
    let nowhere = desk.run(&["search", "x", "--url", "http://127.0.0.1:9"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(stderr(&nowhere).contains("no answer from"), "{nowhere:?}");
}
