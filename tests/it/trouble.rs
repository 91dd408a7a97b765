//! What goes wrong around the program: a full disk, a database someone else holds. One sentence
//! says what to do, nothing is lost, and it goes on by itself once the trouble is over.

use crate::cli::Desk;
use crate::test_app::client;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

#[test]
fn a_full_disk_is_said_in_one_sentence_and_leaves_no_half_written_index() {
    let desk = Desk::new();
    let page = "The workshop keeps every tool on its own shelf. ".repeat(4_000);
    std::fs::write(desk.path("docs/long.md"), page).expect("written");
    std::fs::create_dir(desk.path("state")).expect("created");
    // A file system of its own that is too small; it goes with the process.
    let script = "mount -t tmpfs -o size=600k none state && { \"$0\" index --data docs; \
                  echo \"ended with $?\"; ls state/index; }";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(env!("CARGO_BIN_EXE_rag-chatbot"))
        .current_dir(desk.path(""))
        .output()
        .expect("unshare is part of util-linux");
    let said = String::from_utf8_lossy(&output.stderr);
    let sentences: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("rag-chatbot: "))
        .collect();
    assert_eq!(sentences.len(), 1, "{said}");
    assert!(sentences[0].contains("the disk is full"), "{said}");
    assert!(sentences[0].contains("--state"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ended with 1\n");
}

#[test]
fn an_empty_chat_database_is_begun_anew_and_not_in_silence() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("state")).expect("created");
    std::fs::write(desk.path("state/chat.db"), "").expect("written");
    let said = || {
        let output = desk.command(&["key", "list"]).output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let first = said();
    assert!(first.contains("was an empty file"), "{first}");
    assert!(first.contains("restore a backup"), "{first}");
    assert!(!said().contains("empty"), "it has tables now");
}

#[tokio::test]
async fn while_another_process_holds_the_chat_database_readers_are_told_to_come_back() {
    let desk = Desk::new();
    let serving = desk.serve();
    let client = client();
    let ask = || async {
        let question = json!({"query": "How many wheels does the rover have?"});
        let request = client
            .post(format!("{}/query", serving.url))
            .json(&question);
        let response = request.send().await.expect("a response");
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.expect("JSON"))
    };
    let ready = tokio::time::timeout(Duration::from_secs(60), async {
        while ask().await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    ready.await.expect("it is indexed");

    let other = rusqlite::Connection::open(desk.path("state/chat.db")).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("is locked");
    let (status, problem) = ask().await;
    assert_eq!(status, 503, "{problem}");
    let detail = problem["detail"].as_str().expect("a sentence");
    assert!(detail.contains("cannot be kept"), "{detail}");
    assert!(
        problem["retry_after"].as_u64().is_some_and(|s| s > 0),
        "{problem}"
    );
    other.execute_batch("ROLLBACK").expect("is let go");
    assert_eq!(ask().await.0, 200);
}
