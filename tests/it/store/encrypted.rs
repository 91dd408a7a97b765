//! Conversations that are encrypted where they are kept.

use super::conformance::turn;
use crate::cli::Desk;
use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use rag_chatbot::store::{
    self, Gap, HistoryKey, Keyring, Options, Rating, Rekeyed, SharedAnswer, Store, StoreError,
};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Words that stand in everything that is said here, and nowhere else.
const SAID: [&str; 6] = [
    "qu3stion",
    "answ3r",
    "quot3d",
    "comm3nt",
    "missing-th1ng",
    "n3arest",
];

fn key() -> HistoryKey {
    HistoryKey::parse(&HistoryKey::generate()).expect("a key")
}

fn try_open(folder: &Path, keyring: &Keyring) -> Result<Store, StoreError> {
    store::open(&Options {
        database_url: "sqlite:".to_owned(),
        state_dir: folder.to_owned(),
        session_timeout: Duration::from_secs(3600),
        retention: Duration::from_secs(90 * 24 * 60 * 60),
        keyring: keyring.clone(),
    })
}

fn open(folder: &Path, keyring: &Keyring) -> Store {
    try_open(folder, keyring).expect("it opens")
}

/// Two turns (the first with an answer that is shared), a comment and a gap. Returns the session.
async fn say(store: &Store) -> String {
    let session = store::new_id();
    let (question, mut answer) = turn(&session, "qu3stion", "");
    answer.sources = json!(null);
    let message = answer.id.clone();
    let said = SharedAnswer::new("answ3r".to_owned(), &json!([{"quote": "quot3d"}]));
    let begun = store.turns.begin(question, answer, Arc::new(said)).await;
    begun.expect("kept");
    let (question, mut answer) = turn(&session, "and the qu3stion after", "an answ3r of its own");
    answer.sources = json!([{"quote": "quot3d"}]);
    store.turns.append(question, answer).await.expect("kept");
    let rated = store
        .feedback
        .rate(&message, Some(&session), Rating::Down, Some("comm3nt"));
    rated.await.expect("rated");
    ask_what_is_missing(store).await;
    session
}

async fn ask_what_is_missing(store: &Store) {
    let nearest = ["/docs/n3arest".to_owned()];
    let noted = store
        .gaps
        .record("Where is the missing-th1ng?", "en", &nearest);
    noted.await.expect("noted");
}

async fn is_all_there(store: &Store, session: &str) {
    let page = store.turns.page(session, 10, 0).await.expect("a page");
    let texts: Vec<&str> = page.messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "qu3stion",
            "answ3r",
            "and the qu3stion after",
            "an answ3r of its own"
        ]
    );
    for answer in [&page.messages[1], &page.messages[3]] {
        assert_eq!(answer.sources, json!([{"quote": "quot3d"}]));
    }
    assert_eq!(page.messages[0].context["query"], "qu3stion");
    let gaps = store.gaps.list(10).await.expect("a list");
    assert_eq!(gaps.len(), 2, "{gaps:?}");
    let missing = gap(store, "Where is the missing-th1ng?").await;
    assert_eq!(missing.nearest, ["/docs/n3arest"]);
    assert_eq!(gap(store, "qu3stion").await.down_voted, 1);
}

async fn gap(store: &Store, question: &str) -> Gap {
    let gaps = store.gaps.list(10).await.expect("a list");
    let found = gaps.into_iter().find(|gap| gap.question == question);
    found.unwrap_or_else(|| panic!("{question} is not in the list"))
}

/// The words of [`SAID`] that whoever has the files can read.
fn readable(folder: &Path) -> Vec<&'static str> {
    let bytes = bytes(folder);
    let stands = |word: &&str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
    SAID.into_iter().filter(stands).collect()
}

fn bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in ["chat.db", "chat.db-wal"] {
        bytes.extend(std::fs::read(folder.join(name)).unwrap_or_default());
    }
    bytes
}

fn refusal(folder: &Path, keyring: &Keyring) -> String {
    match try_open(folder, keyring).map(|_| ()) {
        Err(StoreError::Open(sentence)) => sentence,
        other => panic!("opened or failed otherwise: {other:?}"),
    }
}

#[tokio::test]
async fn nothing_that_was_said_can_be_read_without_the_key() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        readable_when_said(Keyring::default()).await,
        SAID,
        "the search finds what is there"
    );
    let mine = key();
    let store = open(folder.path(), &Keyring::new(Some(mine.clone()), vec![]));
    let session = say(&store).await;
    is_all_there(&store, &session).await;
    assert_eq!(readable(folder.path()), Vec::<&str>::new());
    drop(store);
    for keyring in [Keyring::default(), Keyring::new(Some(key()), vec![key()])] {
        let sentence = refusal(folder.path(), &keyring);
        assert!(sentence.contains(mine.id()), "{sentence}");
        assert!(sentence.contains("RAG_HISTORY_KEY"), "{sentence}");
    }
    let again = open(folder.path(), &Keyring::new(Some(mine), vec![]));
    is_all_there(&again, &session).await;
}

#[tokio::test]
async fn whoever_reads_the_file_can_continue_nobodys_conversation() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), &Keyring::default());
    let session = say(&store).await;
    let begun = store.sessions.create().await.expect("created").id;
    for id in [&session, &begun] {
        assert!(store.sessions.touch(id).await.is_ok());
        assert!(
            !bytes(folder.path())
                .windows(id.len())
                .any(|w| w == id.as_bytes())
        );
    }
    let db = rusqlite::Connection::open(folder.path().join("chat.db")).expect("opens");
    let mut ids = db.prepare("SELECT id FROM chat_sessions").expect("read");
    let ids = ids.query_map([], |row| row.get(0)).expect("read");
    let ids: Vec<String> = ids.collect::<Result<_, _>>().expect("read");
    assert_eq!(ids.len(), 2);
    for id in ids {
        assert_eq!(store.sessions.touch(&id).await, Err(StoreError::NotFound));
        assert!(store.turns.page(&id, 1, 0).await.is_err());
        assert_eq!(store.turns.recent(&id, 9).await, Ok(Vec::new()));
        assert_eq!(store.sessions.delete(&id).await, Err(StoreError::NotFound));
    }
    is_all_there(&store, &session).await;
}

async fn readable_when_said(keyring: Keyring) -> Vec<&'static str> {
    let folder = tempfile::tempdir().expect("a folder");
    say(&open(folder.path(), &keyring)).await;
    readable(folder.path())
}

#[tokio::test]
async fn a_key_is_exchanged_while_everything_stays_readable() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (key(), key());
    let session = say(&open(
        folder.path(),
        &Keyring::new(Some(first.clone()), vec![]),
    ))
    .await;
    let both = Keyring::new(Some(second.clone()), vec![first.clone()]);
    let store = open(folder.path(), &both);
    is_all_there(&store, &session).await;
    // The same question under the new key is the same gap afterwards.
    ask_what_is_missing(&store).await;
    assert_eq!(store.history.keys_in_use().await.expect("read").len(), 2);
    let done = store.history.rekey().await.expect("done");
    assert_eq!(done.unreadable, 0);
    assert!(done.rows >= 4, "{done:?}");
    assert_eq!(
        store.history.keys_in_use().await.expect("read"),
        [second.id()]
    );
    is_all_there(&store, &session).await;
    // Asked before and after, on the same day, it is one question.
    let missing = gap(&store, "Where is the missing-th1ng?").await;
    assert_eq!((missing.unanswered, missing.this_week), (2, 2));
    assert_eq!(
        store.history.rekey().await.expect("done"),
        Rekeyed::default(),
        "once is enough"
    );
    drop(store);
    is_all_there(
        &open(folder.path(), &Keyring::new(Some(second), vec![])),
        &session,
    )
    .await;
    let sentence = refusal(folder.path(), &Keyring::new(Some(first), vec![]));
    assert!(sentence.contains("do not hold"), "{sentence}");
}

#[tokio::test]
async fn what_was_said_before_there_was_a_key_is_encrypted_too_and_decrypted_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = say(&open(folder.path(), &Keyring::default())).await;
    let mine = key();
    let store = open(folder.path(), &Keyring::new(Some(mine.clone()), vec![]));
    is_all_there(&store, &session).await;
    // As a server does it when it starts.
    store::spawn_rekey(store.clone()).await.expect("no panic");
    assert_eq!(
        store.history.keys_in_use().await.expect("read"),
        [mine.id()]
    );
    is_all_there(&store, &session).await;
    assert_eq!(readable(folder.path()), Vec::<&str>::new());
    drop(store);
    let store = open(folder.path(), &Keyring::new(None, vec![mine]));
    is_all_there(&store, &session).await;
    store.history.rekey().await.expect("done");
    drop(store);
    is_all_there(&open(folder.path(), &Keyring::default()), &session).await;
}

#[tokio::test]
async fn a_text_that_was_put_in_another_row_is_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), &Keyring::new(Some(key()), vec![]));
    let (mine, theirs) = (say(&store).await, say(&store).await);
    let db = rusqlite::Connection::open(folder.path().join("chat.db")).expect("opens");
    let moved = db.execute(
        "UPDATE messages SET text = (SELECT text FROM messages WHERE seq = 5) WHERE seq <= 4",
        [],
    );
    assert_eq!(moved, Ok(4));
    match store.turns.page(&mine, 10, 0).await {
        Err(StoreError::Failed(reason)) => assert!(reason.contains("another place"), "{reason}"),
        other => panic!("shown: {other:?}"),
    }
    is_all_there_for(&store, &theirs).await;
}

async fn is_all_there_for(store: &Store, session: &str) {
    let page = store.turns.page(session, 10, 0).await.expect("a page");
    assert_eq!(page.messages[0].text, "qu3stion");
}

#[tokio::test]
async fn a_server_with_a_key_remembers_exports_and_deletes_like_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            history_key: Some(HistoryKey::generate()),
            state: Some(folder.path().to_owned()),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await;
    let answer = app
        .ask("How long does the battery last, by qu3stion?")
        .await;
    let session = answer["session_id"].as_str().expect("an id");
    let exported = app.get(&format!("/sessions/{session}/export")).await;
    let exported = exported.text().await.expect("text");
    assert!(exported.contains("qu3stion"), "{exported}");
    assert_eq!(readable(folder.path()), Vec::<&str>::new());
    let deleted = app.client.delete(format!("{}/sessions/{session}", app.url));
    assert_eq!(deleted.send().await.expect("a response").status(), 204);
}

#[test]
fn a_key_is_made_and_exchanged_at_the_terminal() {
    let desk = Desk::new();
    let run = |arguments: &[&str], settings: &[(&str, &str)]| {
        let mut command = desk.command(arguments);
        for (name, value) in settings {
            command.env(name, value);
        }
        let output = command.output().expect("the binary runs");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        (output.status.code(), said.trim().to_owned())
    };
    let made = || run(&["history", "key"], &[]).1;
    let (first, second) = (made(), made());
    assert_ne!(first, second);
    let file = desk.path("key");
    std::fs::write(&file, format!("{first}\n")).expect("written");
    let file = file.to_string_lossy().into_owned();
    let settings = [("RAG_HISTORY_KEY_FILE", file.as_str())];
    let (code, said) = run(&["history", "status"], &settings);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.starts_with("encrypted with ") && said.ends_with("which new ones are"),
        "{said}"
    );
    let (code, said) = run(&["history", "status"], &[("RAG_HISTORY_KEY", &second)]);
    assert_eq!(code, Some(1));
    assert!(said.contains("RAG_HISTORY_OLD_KEYS"), "{said}");
    let settings = [
        ("RAG_HISTORY_KEY", &*second),
        ("RAG_HISTORY_OLD_KEYS", &*first),
    ];
    let (code, said) = run(&["history", "rotate"], &settings);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("encrypted with").count(), 1, "{said}");
    let (code, said) = run(&["history", "status"], &[("RAG_HISTORY_KEY", "password")]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("history_key") && !said.contains("password"),
        "{said}"
    );
}
