//! The binary is killed (SIGKILL) at any moment of its work and started again on what it left.

use crate::cli::Desk;
use crate::test_app::client;
use serde_json::{Value, json};
use std::time::Duration;

/// Pages of the folder: enough that a run is killed while reading, writing and embedding.
const PAGES: usize = 40;

/// When each edition's process is killed: while reading, while writing the words, at the first
/// vectors, at the swap, at rest.
const EDITION_DELAYS_MS: [u64; 9] = [0, 30, 60, 120, 250, 500, 900, 1_400, 2_000];

/// Writes the pages of one edition. Every page states its number and the edition, so an answer
/// tells which generation it was made from.
fn write_edition(desk: &Desk, edition: usize) {
    for page in 0..PAGES {
        let filler = format!("The workshop keeps tool {page} on its own shelf. ").repeat(30);
        let text = format!(
            "# Drawer {page}\n\nThe key of drawer {page} is number {edition}.\n\n## Tools\n\n{filler}\n"
        );
        std::fs::write(desk.path("docs").join(format!("drawer-{page}.md")), text).expect("written");
    }
}

/// The question's answer, or `None` for as long as nothing at all is indexed.
async fn ask(client: &reqwest::Client, url: &str) -> Option<Value> {
    let response = client
        .post(format!("{url}/query"))
        .json(&json!({"query": "What is the number of the key of drawer 7?"}))
        .send()
        .await
        .expect("a response");
    let status = response.status();
    let body: Value = response.json().await.expect("JSON");
    match status.as_u16() {
        200 => Some(body),
        503 => None,
        _ => panic!("{status}: {body}"),
    }
}

/// The one edition an answer was made from; none later than `last`.
fn edition_of(answer: &Value, last: usize) -> usize {
    let text = answer["answer"].as_str().expect("text");
    let said: Vec<usize> = (0..=last)
        .filter(|edition| text.contains(&format!("drawer 7 is number {edition}.")))
        .collect();
    assert_eq!(
        said.len(),
        1,
        "one edition, and none later than {last}: {text}"
    );
    said[0]
}

#[tokio::test]
async fn whenever_it_is_killed_the_next_start_answers_from_a_whole_edition() {
    let desk = Desk::new();
    let client = client();
    let mut conversations: Vec<(String, Value)> = Vec::new();
    for (edition, delay_ms) in EDITION_DELAYS_MS.into_iter().enumerate() {
        write_edition(&desk, edition);
        let serving = desk.serve();
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        if let Some(answer) = ask(&client, &serving.url).await {
            edition_of(&answer, edition);
            let session = answer["session_id"].as_str().expect("an id").to_owned();
            conversations.push((session, answer["answer"].clone()));
        }
    }
    let serving = desk.serve();
    let newest = EDITION_DELAYS_MS.len() - 1;
    let in_time = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let answer = ask(&client, &serving.url).await;
            if answer.is_some_and(|answer| edition_of(&answer, newest) == newest) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    in_time
        .await
        .expect("the last edition is served in the end");
    assert!(!conversations.is_empty());
    for (session, said) in conversations {
        let url = format!("{}/sessions/{session}", serving.url);
        let kept = client.get(url).send().await.expect("a response");
        let kept: Value = kept.json().await.expect("JSON");
        assert_eq!(kept["messages"][1]["content"], said);
    }
    let generations = std::fs::read_dir(desk.path("state/index"))
        .expect("lists")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("g-"));
    assert_eq!(generations.count(), 1, "nothing half-written is left");
}
