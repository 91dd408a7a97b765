//! Backups: made while everything goes on, proved, kept for a while, and put back.

mod damaged;
mod killed;
mod made;
mod restored;

use crate::store::conformance::turn;
use rag_chatbot::backup::{Backups, Identities, Options, Recipients, S3Access, new_pair};
use rag_chatbot::store::{self, Rating, Store};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A state folder, and a place for backups beside it.
struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store_options(&self) -> store::Options {
        store::Options {
            database_url: "sqlite:".to_owned(),
            state_dir: self.path("state"),
            session_timeout: DAY,
            retention: 90 * DAY,
            keyring: store::Keyring::default(),
        }
    }

    fn store(&self) -> Store {
        store::open(&self.store_options()).expect("it opens")
    }

    fn options(&self) -> Options {
        Options {
            store: self.store_options(),
            state_dir: self.path("state"),
            to: self.path("backups").display().to_string(),
            s3: S3Access::default(),
            recipients: Recipients::default(),
            every: None,
            first_after: Duration::ZERO,
            look_every: Duration::from_secs(60),
            keep: 30 * DAY,
        }
    }

    fn backups(&self) -> Arc<Backups> {
        Backups::open(self.options()).expect("it opens")
    }

    /// For one key, and the file with it.
    fn encrypted(&self) -> (Arc<Backups>, Identities) {
        let (private, public) = new_pair();
        let file = self.path("key.txt");
        std::fs::write(&file, format!("# a comment\n{}\n", private.expose())).expect("written");
        let options = Options {
            recipients: Recipients::parse(&public).expect("a public key"),
            ..self.options()
        };
        let identities = Identities::read(&file).expect("a private key");
        (Backups::open(options).expect("it opens"), identities)
    }

    fn push(&self, name: &str, text: &str) {
        let folder = self.path("state/pushed");
        std::fs::create_dir_all(&folder).expect("created");
        std::fs::write(folder.join(name), text).expect("written");
    }

    fn rows(&self) -> Rows {
        rows(&self.path("state/chat.db"))
    }
}

/// Conversations with ratings and gaps.
async fn talk(store: &Store, conversations: usize) {
    for n in 0..conversations {
        let session = store.sessions.create().await.expect("a session");
        let (question, answer) = turn(
            &session.id,
            &format!("سوال {n}?"),
            &"answer ".repeat(n % 50),
        );
        let rated = answer.id.clone();
        store.turns.append(question, answer).await.expect("kept");
        if n % 3 == 0 {
            let rating = store.feedback.rate(&rated, None, Rating::Up, Some("شکریہ"));
            rating.await.expect("rated");
        }
        // Those who write while a backup is made add rows, and change only a session's last use.
        if conversations > 1 {
            let asked = format!("Where is {n}?");
            let gap = store.gaps.record(&asked, "ur", &[]);
            gap.await.expect("recorded");
        }
    }
}

/// Every row of every table, in a fixed order.
type Rows = BTreeMap<String, Vec<Vec<Value>>>;

fn rows(database: &Path) -> Rows {
    let db = Connection::open(database).expect("opens");
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut statement = db.prepare(tables).expect("SQL");
    let names = statement
        .query_map([], |row| row.get::<_, String>(0))
        .expect("runs");
    let names: Vec<String> = names.map(|name| name.expect("a name")).collect();
    names
        .into_iter()
        .map(|name| {
            let mut all = db.prepare(&format!("SELECT * FROM {name}")).expect("SQL");
            let columns = all.column_count();
            let mut rows: Vec<Vec<Value>> = all
                .query_map([], |row| (0..columns).map(|n| row.get(n)).collect())
                .expect("runs")
                .map(|row| row.expect("a row"))
                .collect();
            rows.sort_by_key(|row| format!("{row:?}"));
            (name, rows)
        })
        .collect()
}
