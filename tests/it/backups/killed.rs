//! The process is killed (SIGKILL) at any moment of making a backup and of putting one back.

use super::{House, Rows};
use rag_chatbot::backup::Identities;
use rusqlite::{Connection, params};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Kills over the time that one run takes.
const KILLS: u32 = 12;

/// Enough that each phase takes a while: 12 MB that hardly compress.
const MESSAGES: usize = 3_000;

fn fill(house: &House, word: &str) {
    drop(house.store());
    let mut db = Connection::open(house.path("state/chat.db")).expect("opens");
    let transaction = db.transaction().expect("begins");
    transaction
        .execute_batch("DELETE FROM chat_sessions; INSERT INTO chat_sessions VALUES ('s', 1, 1)")
        .expect("written");
    for n in 0..MESSAGES {
        let mut text = format!("{word} {n} ");
        while text.len() < 4_000 {
            text += blake3::hash(text.as_bytes()).to_hex().as_str();
        }
        transaction
            .execute(
                "INSERT INTO messages (id, session_id, role, text, sources, abstained, generator, \
                 locale, usage, context, created_at_ms) \
                 VALUES (?1, 's', 'user', ?2, 'null', 0, '', 'en', 'null', 'null', 1)",
                params![format!("{word}-{n}"), text],
            )
            .expect("written");
    }
    transaction.commit().expect("committed");
}

fn command(house: &House, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rag-chatbot"));
    command
        .arg("backup")
        .args(arguments)
        .current_dir(house.folder.path())
        .env_clear()
        .env("RAG_BACKUP_TO", "backups")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(house: &House, arguments: &[&str]) -> Output {
    let output = command(house, arguments).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    output
}

/// Runs it again and again, killed after ever longer, up to what a whole run took.
fn kill_during(house: &House, arguments: &[&str], whole: Duration, mut then: impl FnMut()) {
    for kill in 0..=KILLS {
        let mut child = command(house, arguments).spawn().expect("it runs");
        std::thread::sleep(whole * kill / KILLS);
        // It may have ended by itself.
        let _killed_or_gone = child.kill();
        child.wait().expect("it ended");
        then();
    }
}

#[tokio::test]
async fn whenever_making_one_is_killed_only_whole_ones_count() {
    let house = House::new();
    fill(&house, "first");
    let started = Instant::now();
    run(&house, &["create"]);
    let whole = started.elapsed();
    let backups = house.backups();
    let before = house.rows();
    kill_during(&house, &["create"], whole, || ());
    for stored in backups.list().await.expect("listed") {
        let verified = backups
            .verify(Some(&stored.name), Identities::default())
            .await;
        let checked = verified.unwrap_or_else(|error| panic!("{}: {error}", stored.name));
        assert_eq!(checked.manifest.database.rows["messages"], MESSAGES as u64);
    }
    assert_eq!(house.rows(), before);
    run(&house, &["create"]);
    assert!(
        !house.path("state/backup-work").exists(),
        "nothing is left of the killed ones"
    );
}

#[test]
fn whenever_putting_one_back_is_killed_the_old_or_the_new_is_there_whole() {
    let house = House::new();
    fill(&house, "first");
    run(&house, &["create"]);
    let first = without_audit(house.rows());
    let started = Instant::now();
    run(&house, &["restore", "--replace"]);
    let whole = started.elapsed();
    fill(&house, "second");
    let second = without_audit(house.rows());
    let mut seen = [0, 0];
    kill_during(&house, &["restore", "--replace"], whole, || {
        // As the next start does: what was interrupted is finished or undone.
        drop(house.store());
        let found = without_audit(house.rows());
        let old = usize::from(found == second);
        assert!(
            found == first || found == second,
            "neither the old nor the new"
        );
        seen[old] += 1;
        let state = std::fs::read_dir(house.path("state"))
            .expect("lists")
            .flatten();
        for entry in state {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(!name.contains("restoring"), "{name} is left");
            if name.contains("before-restore") {
                std::fs::remove_file(entry.path()).expect("removed");
            }
        }
        if found == first {
            fill(&house, "second");
        }
    });
    assert!(seen[1] > 0, "killed at once, the old is there");
    run(&house, &["restore", "--replace"]);
    assert_eq!(without_audit(house.rows()), first);
}

/// That a backup was put back is written down where it happened.
fn without_audit(mut rows: Rows) -> Rows {
    rows.remove("audit");
    rows
}
