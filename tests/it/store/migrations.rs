//! Databases of every earlier program are brought up to date with everything in them.
//!
//! `tests/fixtures/schemas/N.sql` is what the program with schema N left. Whoever adds step N writes
//! its file with `tests/fixtures/schemas/add N`, and never edits an older one.

use jiff::Timestamp;
use rag_chatbot::store::{self, Options, Rating, Right, Store, snapshot};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

fn options(folder: &Path) -> Options {
    Options {
        database_url: "sqlite:".to_owned(),
        state_dir: folder.to_owned(),
        // The fixtures' conversations are from the day they were made.
        session_timeout: CENTURY,
        retention: CENTURY,
        keyring: store::Keyring::default(),
    }
}

fn fixture(schema: u32) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schemas");
    folder.join(format!("{schema:04}.sql"))
}

fn restore(schema: u32, folder: &Path) {
    let path = fixture(schema);
    let sql = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} is needed: {error}", path.display()));
    let db = Connection::open(folder.join("chat.db")).expect("opens");
    db.execute_batch(&sql).expect("the fixture is a database");
}

async fn assert_whole(store: &Store, schema: u32) {
    let page = store.turns.page("session-1", 50, 0).await.expect("a page");
    let said: Vec<_> = page.messages.iter().map(|m| m.text.as_str()).collect();
    let expected = [
        "چائے کیسے بنے؟",
        "پانی ابالیں۔",
        "And then?",
        "Add leaves.\nIt's done.",
    ];
    assert_eq!(said, expected, "schema {schema}");
    assert_eq!(page.messages[1].rating, Some(Rating::Up));
    assert_eq!(page.messages[1].sources[0]["url"], "/docs/kettle#boiling");
    assert_eq!(page.messages[0].context["query"], "چائے کیسے بنے؟");
    let page = store.turns.page("session-2", 50, 0).await.expect("a page");
    assert_eq!(page.messages[1].text, "No page says so.");
    assert!(page.messages[1].abstained);
    assert_eq!(store.sessions.count_active().await, Ok(2));
    assert_eq!(store.feedback.counts().await, Ok((1, 1)));
    let gaps = store.gaps.list(9).await.expect("gaps");
    assert_eq!(
        (gaps[0].question.as_str(), gaps[0].unanswered),
        ("Is it red?", 3)
    );
    assert_eq!(
        gaps[0].down_voted,
        u64::from(schema >= 6),
        "schema {schema}"
    );
    let spent = store.ledger.spent_since(Timestamp::UNIX_EPOCH).await;
    let spent = spent.expect("a sum");
    assert_eq!((spent.calls, spent.prompt_tokens), (2, 200));
    assert!((spent.cost_usd - 0.75).abs() < 1e-9);
    let key = store.keys.find([7; 32]).await.expect("read");
    assert_eq!(key.is_some(), schema >= 2, "schema {schema}");
    if let Some(key) = key {
        assert_eq!(key.rights, [Right::ReadQueries, Right::Admin]);
        assert_eq!(key.limits.queries_per_month, Some(1000));
    }
    let audited = store.audit.newest(None, 9).await.expect("entries");
    assert_eq!(audited.len(), usize::from(schema >= 5), "schema {schema}");
}

#[tokio::test]
async fn a_database_of_every_earlier_program_is_brought_up_to_date_whole() {
    let newest = snapshot::newest_schema();
    for schema in 1..=newest {
        let folder = tempfile::tempdir().expect("a folder");
        restore(schema, folder.path());
        let before = snapshot::contents(&folder.path().join("chat.db")).expect("read");
        assert_eq!(before.schema, schema);
        let store = store::open(&options(folder.path())).expect("it is brought up to date");
        assert_whole(&store, schema).await;
        let after = folder.path().join("after.db");
        snapshot::snapshot(&options(folder.path()), &after, &|| true).expect("copied");
        let after = snapshot::contents(&after).expect("read");
        assert_eq!(after.schema, newest);
        // The way back: a copy from before the first step, which that program opens.
        let copy = folder
            .path()
            .join(format!("chat.db.before-schema-{}", schema + 1));
        if schema < newest {
            assert_eq!(snapshot::contents(&copy), Ok(before));
        } else {
            assert!(!copy.exists(), "nothing had to be done");
            assert_eq!(after, before);
        }
        drop(store);
        let again = store::open(&options(folder.path())).expect("it opens as it is");
        assert_whole(&again, schema).await;
    }
}

#[test]
fn a_database_that_cannot_be_copied_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    restore(1, folder.path());
    // A folder in the place of the file that the copy is written to first.
    std::fs::create_dir(folder.path().join("chat.db.before-schema-2.next")).expect("created");
    let refused = store::open(&options(folder.path())).map(|_: Store| ());
    let sentence = refused.expect_err("no copy, no migration").to_string();
    assert!(sentence.contains("no copy"), "{sentence}");
    let contents = snapshot::contents(&folder.path().join("chat.db")).expect("read");
    assert_eq!(contents.schema, 1);
}

#[test]
fn a_step_that_fails_leaves_the_database_at_the_step_before() {
    let folder = tempfile::tempdir().expect("a folder");
    restore(1, folder.path());
    let path = folder.path().join("chat.db");
    let db = Connection::open(&path).expect("opens");
    // What the third step makes is there already, so that it fails after the second.
    db.execute_batch("CREATE TABLE shared_answers (other TEXT)")
        .expect("created");
    drop(db);
    assert!(
        store::open(&options(folder.path()))
            .map(|_: Store| ())
            .is_err()
    );
    let contents = snapshot::contents(&path).expect("read");
    assert_eq!(contents.schema, 2);
    assert_eq!(contents.rows["messages"], 6);
    let copy = folder.path().join("chat.db.before-schema-2");
    assert_eq!(snapshot::contents(&copy).expect("read").schema, 1);
}
