//! SQLite's own: the file, its rights, its schema, and what happens when it is not usable.

use super::conformance::turn;
use rag_chatbot::store::{self, Options, Store, StoreError};
use std::path::Path;
use std::time::Duration;

fn options(folder: &Path) -> Options {
    Options {
        database_url: "sqlite:".to_owned(),
        state_dir: folder.to_owned(),
        session_timeout: Duration::from_secs(3600),
        retention: std::time::Duration::from_secs(90 * 24 * 60 * 60),
        keyring: store::Keyring::default(),
    }
}

fn refused(folder: &Path) -> String {
    match store::open(&options(folder)).map(|_: Store| ()) {
        Err(StoreError::Open(sentence)) => sentence,
        other => panic!("opened or failed otherwise: {other:?}"),
    }
}

#[tokio::test]
async fn a_turn_is_there_after_the_process_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store::open(&options(folder.path())).expect("opens");
    let session = store.sessions.create().await.expect("a session");
    let (question, answer) = turn(&session.id, "Q", "A");
    store.turns.append(question, answer).await.expect("kept");
    // What a process killed now leaves behind: the files as they are, nothing closed.
    let left = tempfile::tempdir().expect("a folder");
    for name in ["chat.db", "chat.db-wal"] {
        std::fs::copy(folder.path().join(name), left.path().join(name)).expect("copied");
    }
    let again = store::open(&options(left.path())).expect("opens");
    let page = again.turns.page(&session.id, 50, 0).await.expect("a page");
    assert_eq!(page.total, 2);
}

#[test]
fn a_damaged_file_is_refused_in_a_sentence_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    for damage in [
        &b"this is no database, whatever its name says"[..],
        &[0xff; 8192],
    ] {
        std::fs::write(&path, damage).expect("written");
        let sentence = refused(folder.path());
        assert!(
            sentence.contains("damaged") && sentence.contains("backup"),
            "{sentence}"
        );
        assert_eq!(std::fs::read(&path).expect("still there"), damage);
    }
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(store::open(&options(folder.path())).expect("opens"));
    let path = folder.path().join("chat.db");
    let db = rusqlite::Connection::open(&path).expect("opens");
    db.pragma_update(None, "user_version", 999).expect("set");
    drop(db);
    let sentence = refused(folder.path());
    assert!(
        sentence.contains("newer") && sentence.contains("999"),
        "{sentence}"
    );
}

#[test]
fn a_locked_database_is_named_as_locked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let db = rusqlite::Connection::open(&path).expect("opens");
    db.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE held (x);")
        .expect("locked");
    let sentence = refused(folder.path());
    assert!(sentence.contains("locked"), "{sentence}");
}

#[test]
fn a_state_folder_that_cannot_be_made_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), "").expect("written");
    let sentence = refused(&folder.path().join("file").join("state"));
    assert!(sentence.contains("--state"), "{sentence}");
}

#[test]
fn another_database_scheme_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        database_url: "mysql://user:marker@host/db".to_owned(),
        ..options(folder.path())
    };
    match store::open(&options).map(|_: Store| ()) {
        Err(StoreError::Open(sentence)) => {
            assert!(sentence.contains("mysql"), "{sentence}");
            assert!(!sentence.contains("marker"), "{sentence}");
        }
        other => panic!("opened or failed otherwise: {other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let _store = store::open(&options(folder.path())).expect("opens");
    let rights = std::fs::metadata(folder.path().join("chat.db")).expect("there");
    assert_eq!(rights.permissions().mode() & 0o077, 0);
}
