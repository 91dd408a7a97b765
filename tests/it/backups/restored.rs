//! Putting a backup back: what is refused, and what is kept.

use super::{House, talk};
use rag_chatbot::backup::Identities;
use rag_chatbot::store::snapshot;
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
