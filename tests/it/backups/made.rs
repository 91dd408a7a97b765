//! Making backups, listing and keeping them.

use super::{DAY, House, talk};
use rag_chatbot::backup::{Backups, Identities, Options};
use rusqlite::types::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What of a table's rows stays: a session's last use, its last column, is that of its last turn.
fn lasting<'r>(table: &str, rows: &'r [Vec<Value>]) -> Vec<&'r [Value]> {
    let last_use = usize::from(table == "chat_sessions");
    let lasting = |row: &'r Vec<Value>| &row[..row.len() - last_use];
    rows.iter().map(lasting).collect()
}

#[tokio::test]
async fn a_backup_made_while_many_write_is_one_moment_of_the_database() {
    let house = House::new();
    let store = house.store();
    talk(&store, 300).await;
    let before = house.rows();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (store, stop) = (store.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    talk(&store, 1).await;
                }
            })
        })
        .collect();
    house.push("a1.json", "{\"chapter\": \"1\"}");
    let made = house.backups().create().await.expect("made");
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("it ends");
    }
    let after = house.rows();
    drop(store);
    assert_eq!(made.manifest.documents(), 1);

    let restored = House::new();
    let options = Options {
        to: house.path("backups").display().to_string(),
        ..restored.options()
    };
    let backups = Backups::open(options).expect("it opens");
    let done = backups.restore(None, Identities::default(), false);
    done.await.expect("restored");
    let found = restored.rows();
    for (table, rows) in &found {
        assert_eq!(rows.len() as u64, made.manifest.database.rows[table]);
        // Nothing that was there before is missing, and nothing came from nowhere.
        let (before, after) = (
            lasting(table, &before[table]),
            lasting(table, &after[table]),
        );
        let rows = lasting(table, rows);
        assert!(before.iter().all(|row| rows.contains(row)), "{table}");
        assert!(rows.iter().all(|row| after.contains(row)), "{table}");
    }
    // Turns are kept whole: a question has its answer.
    assert_eq!(found["messages"].len() % 2, 0);
    let pushed = restored.path("state/pushed/a1.json");
    assert_eq!(
        std::fs::read_to_string(pushed).expect("there"),
        "{\"chapter\": \"1\"}"
    );
}

#[tokio::test]
async fn an_encrypted_backup_opens_with_its_key_and_no_other() {
    let house = House::new();
    talk(&house.store(), 20).await;
    let (backups, identities) = house.encrypted();
    let made = backups
        .create()
        .await
        .expect("made without the private key");
    assert!(made.stored.encrypted);
    let file = house.path("backups").join(made.stored.name.as_str());
    assert!(
        std::fs::read(file)
            .expect("there")
            .starts_with(b"age-encryption.org/v1")
    );
    let verified = backups.verify(None, identities).await.expect("whole");
    assert_eq!(verified.manifest, made.manifest);
    let (_, other) = House::new().encrypted();
    for (keys, says) in [
        (Identities::default(), "--identity"),
        (other, "another key"),
    ] {
        let refused = backups.verify(None, keys).await.expect_err("no key");
        assert!(refused.to_string().contains(says), "{refused}");
    }
}

#[tokio::test]
async fn only_what_is_older_than_it_is_kept_is_pruned_and_nothing_else_touched() {
    let house = House::new();
    talk(&house.store(), 1).await;
    let backups = house.backups();
    let made = backups.create().await.expect("made");
    let folder = house.path("backups");
    let old = "rag-chatbot-20200101T000000Z-abcdef.tar.gz";
    for name in [old, "chat.db", "notes.txt"] {
        std::fs::write(folder.join(name), "x").expect("written");
    }
    let deleted = backups.prune().await.expect("pruned");
    let names: Vec<_> = deleted.iter().map(|stored| stored.name.as_str()).collect();
    assert_eq!(names, [old]);
    let left = backups.list().await.expect("listed");
    assert_eq!(left, [made.stored]);
    assert!(folder.join("notes.txt").exists() && folder.join("chat.db").exists());
}

#[tokio::test]
async fn one_is_made_when_it_is_due_and_not_before() {
    let house = House::new();
    talk(&house.store(), 1).await;
    let scheduled = || {
        let options = Options {
            every: Some(DAY),
            ..house.options()
        };
        Backups::open(options).expect("it opens")
    };
    let backups = scheduled();
    let task = backups.spawn();
    let last = wait_for(&backups).await;
    backups.stop();
    task.abort();
    // A process that is started again finds the one of before, which is young.
    let again = scheduled();
    let task = again.spawn();
    assert_eq!(wait_for(&again).await, last);
    assert!(!again.status().running);
    assert_eq!(again.list().await.expect("listed").len(), 1);
    task.abort();
}

#[tokio::test]
async fn one_that_the_command_line_makes_is_seen_by_a_running_server_and_counts_as_its_own() {
    let house = House::new();
    talk(&house.store(), 1).await;
    for every in [None, Some(DAY)] {
        let options = Options {
            every,
            look_every: Duration::from_millis(20),
            ..house.options()
        };
        let serving = Backups::open(options).expect("it opens");
        let by_hand = house.backups().create().await.expect("made");
        let task = serving.spawn();
        assert_eq!(wait_for(&serving).await, by_hand.stored);
        std::fs::remove_dir_all(house.path("backups")).expect("removed");
        until("what is gone is no backup", || {
            serving.status().last.as_ref() != Some(&by_hand.stored)
        })
        .await;
        match every {
            // A schedule makes up for it.
            Some(_) => assert_ne!(wait_for(&serving).await, by_hand.stored),
            None => {
                let again = house.backups().create().await.expect("made");
                assert_eq!(wait_for(&serving).await, again.stored);
                assert_eq!(serving.list().await.expect("listed").len(), 1);
            }
        }
        assert!(serving.status().failure.is_none());
        serving.stop();
        task.abort();
        std::fs::remove_dir_all(house.path("backups")).expect("removed");
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_listed_is_told_until_it_can() {
    let house = House::new();
    talk(&house.store(), 1).await;
    let made = house.backups().create().await.expect("made");
    let options = Options {
        look_every: Duration::from_millis(20),
        ..house.options()
    };
    let serving = Backups::open(options).expect("it opens");
    let task = serving.spawn();
    assert_eq!(wait_for(&serving).await, made.stored);
    let (place, aside) = (house.path("backups"), house.path("aside"));
    std::fs::rename(&place, &aside).expect("renamed");
    std::fs::write(&place, "no folder").expect("written");
    until("it is told", || serving.status().failure.is_some()).await;
    let status = serving.status();
    let reason = status.failure.expect("told").reason;
    assert!(reason.contains("cannot be listed"), "{reason}");
    assert_eq!(status.last, Some(made.stored), "what was seen last");
    std::fs::remove_file(&place).expect("removed");
    std::fs::rename(&aside, &place).expect("renamed");
    until("it is over", || serving.status().failure.is_none()).await;
    task.abort();
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, waiting).await.expect(what);
}

async fn wait_for(backups: &Backups) -> rag_chatbot::backup::Stored {
    let waiting = async {
        loop {
            if let Some(last) = backups.status().last {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, waiting)
        .await
        .expect("one is made")
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named_and_told_by_the_status() {
    let house = House::new();
    talk(&house.store(), 1).await;
    std::fs::write(house.path("file"), "x").expect("written");
    let options = Options {
        to: house.path("file/backups").display().to_string(),
        ..house.options()
    };
    let backups = Backups::open(options).expect("it opens");
    let failed = backups.create().await.expect_err("a file is no folder");
    assert!(failed.to_string().contains("file/backups"), "{failed}");
    let status = backups.status();
    assert_eq!(status.failure.expect("told").reason, failed.to_string());
    assert!(status.last.is_none() && !status.running);
    assert!(!house.path("state/backup-work").exists(), "cleared away");
}
