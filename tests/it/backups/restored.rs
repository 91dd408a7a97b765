//! Putting a backup back: what is refused, and what is kept.

use super::{House, talk};
use rag_chatbot::backup::Identities;
use rag_chatbot::store::{self, HistoryKey, Keyring, snapshot};
use rusqlite::Connection;

#[tokio::test]
async fn nothing_is_overwritten_without_being_told_and_what_was_there_is_kept() {
    let house = House::new();
    talk(&house.store(), 10).await;
    house.push("a1.json", "one");
    let backups = house.backups();
    backups.create().await.expect("made");
    let then = house.rows();
    talk(&house.store(), 5).await;
    house.push("b2.json", "two");
    let later = house.rows();

    let keys = Identities::default;
    let refused = backups.restore(None, keys(), false).await;
    let refused = refused.expect_err("there is a database").to_string();
    assert!(refused.contains("--replace"), "{refused}");
    assert_eq!(house.rows(), later);

    let restored = backups.restore(None, keys(), true).await.expect("restored");
    assert_eq!(house.rows(), then);
    assert!(house.path("state/pushed/a1.json").exists());
    assert!(!house.path("state/pushed/b2.json").exists());
    let kept = |start: &str| {
        let mut paths = restored.kept.iter();
        let found = paths.find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(start))
        });
        found.expect("kept").clone()
    };
    assert_eq!(super::rows(&kept("chat.db.before-restore-")), later);
    let pushed = kept("pushed.before-restore-").join("b2.json");
    assert_eq!(std::fs::read_to_string(pushed).expect("kept"), "two");
    let left = std::fs::read_dir(house.path("state"))
        .expect("lists")
        .flatten();
    for entry in left {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(
            !name.contains("restoring") && name != "chat.db-restore.json",
            "{name}"
        );
    }
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_server() {
    let house = House::new();
    let store = house.store();
    talk(&store, 2).await;
    let backups = house.backups();
    backups.create().await.expect("made");
    let before = house.rows();
    let refused = backups.restore(None, Identities::default(), true).await;
    let refused = refused.expect_err("it is used").to_string();
    assert!(refused.contains("stop it"), "{refused}");
    assert_eq!(house.rows(), before);
    talk(&store, 1).await;
}

#[tokio::test]
async fn a_backup_of_a_newer_program_is_refused() {
    let house = House::new();
    talk(&house.store(), 2).await;
    let path = house.path("state/chat.db");
    let db = Connection::open(&path).expect("opens");
    db.pragma_update(None, "user_version", 999).expect("set");
    drop(db);
    let backups = house.backups();
    let made = backups
        .create()
        .await
        .expect("made: it may be all there is");
    assert_eq!(made.manifest.database.schema, 999);
    let refused = backups.restore(None, Identities::default(), true).await;
    let refused = refused.expect_err("newer").to_string();
    assert!(
        refused.contains("newer") && refused.contains("999"),
        "{refused}"
    );
    assert_eq!(snapshot::contents(&path).expect("untouched").schema, 999);
}

#[tokio::test]
async fn what_is_encrypted_is_backed_up_as_it_is_and_read_with_its_key_afterwards() {
    let house = House::new();
    let key = HistoryKey::parse(&HistoryKey::generate()).expect("a key");
    let open = |key: Option<&HistoryKey>| {
        store::open(&store::Options {
            keyring: Keyring::new(key.cloned(), Vec::new()),
            ..house.store_options()
        })
    };
    let said = async |store: &store::Store| {
        let gaps = store.gaps.list(99).await.expect("a list");
        let mut said: Vec<_> = gaps.into_iter().map(|gap| gap.question).collect();
        said.sort();
        said
    };
    let store = open(Some(&key)).expect("it opens");
    talk(&store, 10).await;
    let before = said(&store).await;
    assert!(before.contains(&"Where is 7?".to_owned()), "{before:?}");
    drop(store);
    // Neither making one nor looking into it needs the key.
    let backups = house.backups();
    backups.create().await.expect("made");
    let checked = backups.verify(None, Identities::default()).await;
    assert_eq!(
        checked.expect("whole").manifest.database.rows["messages"],
        20
    );
    talk(&open(Some(&key)).expect("it opens"), 1).await;
    let restored = backups.restore(None, Identities::default(), true).await;
    restored.expect("restored");
    let bytes = std::fs::read(house.path("state/chat.db")).expect("read");
    for word in ["answer ", "سوال", "شکریہ", "Where is"] {
        let word = word.as_bytes();
        assert!(!bytes.windows(word.len()).any(|w| w == word));
    }
    let refused = open(None).map(|_| ()).expect_err("no key").to_string();
    assert!(refused.contains(key.id()), "{refused}");
    assert_eq!(said(&open(Some(&key)).expect("it opens")).await, before);
}
