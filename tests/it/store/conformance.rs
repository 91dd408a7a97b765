//! What every back end must do. A new one adds one line to [`every_store`].

use jiff::Timestamp;
use rag_chatbot::store::{
    self, Adding, ApiKey, AuditEntry, HistoryKey, KeyLimits, KeyUse, Keyring, LedgerEntry, Message,
    Options, Rating, Right, Role, SharedAnswer, Store, StoreError, new_id,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A store with an empty database, and what keeps it alive.
struct Opened {
    store: Store,
    _folder: tempfile::TempDir,
}

fn every_store(session_timeout: Duration) -> Vec<Opened> {
    every_store_keeping(session_timeout, 90 * DAY)
}

fn every_store_keeping(session_timeout: Duration, retention: Duration) -> Vec<Opened> {
    let key = HistoryKey::parse(&HistoryKey::generate()).expect("a key");
    let keyrings = [Keyring::default(), Keyring::new(Some(key), Vec::new())];
    let open = |keyring| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = Options {
            database_url: "sqlite:".to_owned(),
            state_dir: folder.path().to_owned(),
            session_timeout,
            retention,
            keyring,
        };
        Opened {
            store: store::open(&options).expect("an empty folder opens"),
            _folder: folder,
        }
    };
    keyrings.map(open).into()
}

pub fn turn(session_id: &str, question: &str, answer: &str) -> (Message, Message) {
    let message = |role, text: &str| Message {
        id: new_id(),
        session_id: session_id.to_owned(),
        role,
        text: text.to_owned(),
        sources: json!(null),
        abstained: false,
        generator: String::new(),
        locale: "ur".to_owned(),
        usage: json!(null),
        context: json!(null),
        created_at: Timestamp::from_millisecond(1_700_000_000_123).expect("a time"),
        rating: None,
    };
    let asked = Message {
        context: json!({"query": question}),
        ..message(Role::User, question)
    };
    let answered = Message {
        sources: json!([{"id": 1, "url": "/docs/kettle#boiling"}]),
        abstained: true,
        generator: "quoting".to_owned(),
        usage: json!({"prompt": 7}),
        ..message(Role::Assistant, answer)
    };
    (asked, answered)
}

#[tokio::test]
async fn what_is_appended_is_read_back_whole_and_in_order() {
    for Opened { store, .. } in every_store(DAY) {
        let session = store.sessions.create().await.expect("a session");
        let first = turn(&session.id, "چائے کیسے بنے؟", "پانی ابالیں۔");
        let second = turn(&session.id, "And then?", "Add leaves.");
        for (question, answer) in [first.clone(), second.clone()] {
            store.turns.append(question, answer).await.expect("kept");
        }
        let all = store.turns.page(&session.id, 50, 0).await.expect("a page");
        assert_eq!(all.total, 4);
        assert_eq!(
            all.messages,
            [&first.0, &first.1, &second.0, &second.1].map(Clone::clone)
        );
        let middle = store.turns.page(&session.id, 2, 1).await.expect("a page");
        assert_eq!(middle.messages, [first.1.clone(), second.0.clone()]);
        let recent = store.turns.recent(&session.id, 2).await.expect("messages");
        assert_eq!(recent, [second.0, second.1]);
    }
}

#[tokio::test]
async fn turns_that_repeat_one_answer_read_like_any_other() {
    for Opened { store, .. } in every_store(DAY) {
        let said = Arc::new(SharedAnswer::new(
            "پانی ابالیں۔".to_owned(),
            &json!([{"id": 1}]),
        ));
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let id = new_id();
            let (question, answer) = turn(&id, "چائے کیسے بنے؟", "");
            let begun = store
                .turns
                .begin(question.clone(), answer.clone(), said.clone());
            begun.await.expect("kept");
            let expected = Message {
                text: said.text.clone(),
                sources: json!([{"id": 1}]),
                ..answer
            };
            let page = store.turns.page(&id, 50, 0).await.expect("a page");
            assert_eq!(page.messages, [question, expected.clone()]);
            let recent = store.turns.recent(&id, 1).await.expect("messages");
            assert_eq!(recent, [expected]);
            sessions.push(id);
        }
        let (question, answer) = turn(&sessions[0], "Again?", "");
        let twice = store.turns.begin(question, answer, said.clone()).await;
        assert!(twice.is_err(), "a session begins once");
        store.sessions.delete(&sessions[0]).await.expect("deleted");
        store.sessions.purge_expired().await.expect("purged");
        let other = store.turns.page(&sessions[1], 50, 0).await.expect("a page");
        assert_eq!(other.messages[1].text, said.text);
    }
}

#[tokio::test]
async fn one_session_sees_nothing_of_another() {
    for Opened { store, .. } in every_store(DAY) {
        let mine = store.sessions.create().await.expect("a session");
        let other = store.sessions.create().await.expect("a session");
        assert_ne!(mine.id, other.id);
        let (question, answer) = turn(&mine.id, "Mine?", "Yours.");
        let answer_id = answer.id.clone();
        store.turns.append(question, answer).await.expect("kept");
        let seen = store.turns.page(&other.id, 50, 0).await.expect("a page");
        assert_eq!((seen.messages.len(), seen.total), (0, 0));
        let rated = store
            .feedback
            .rate(&answer_id, Some(&other.id), Rating::Up, None)
            .await;
        assert_eq!(rated, Err(StoreError::NotFound));
    }
}

#[tokio::test]
async fn a_deleted_session_is_gone_with_everything_in_it() {
    for Opened { store, .. } in every_store(DAY) {
        let session = store.sessions.create().await.expect("a session");
        let (question, answer) = turn(&session.id, "Q", "A");
        let answer_id = answer.id.clone();
        store.turns.append(question, answer).await.expect("kept");
        let rate = || store.feedback.rate(&answer_id, None, Rating::Up, None);
        rate().await.expect("rated");
        store.sessions.delete(&session.id).await.expect("deleted");
        assert_eq!(rate().await, Err(StoreError::NotFound));
        assert_eq!(store.feedback.counts().await, Ok((0, 0)));
        assert_eq!(
            store.sessions.touch(&session.id).await,
            Err(StoreError::NotFound)
        );
        assert_eq!(
            store.turns.page(&session.id, 50, 0).await,
            Err(StoreError::NotFound)
        );
        let (question, answer) = turn(&session.id, "Q", "A");
        let late = store.turns.append(question, answer).await;
        assert_eq!(late, Err(StoreError::NotFound));
        assert_eq!(
            store.sessions.delete(&session.id).await,
            Err(StoreError::NotFound)
        );
    }
}

#[tokio::test]
async fn an_idle_session_is_gone_before_and_after_it_is_purged() {
    for Opened { store, .. } in every_store(Duration::ZERO) {
        let session = store.sessions.create().await.expect("a session");
        assert_eq!(
            store.sessions.touch(&session.id).await,
            Err(StoreError::NotFound)
        );
        assert_eq!(store.sessions.count_active().await, Ok(0));
        assert_eq!(store.sessions.purge_expired().await, Ok(1));
        assert_eq!(store.sessions.purge_expired().await, Ok(0));
    }
    for Opened { store, .. } in every_store(DAY) {
        let session = store.sessions.create().await.expect("a session");
        assert_eq!(store.sessions.purge_expired().await, Ok(0));
        assert_eq!(store.sessions.count_active().await, Ok(1));
        let touched = store.sessions.touch(&session.id).await.expect("alive");
        assert_eq!(touched.id, session.id);
    }
}

#[tokio::test]
async fn a_second_rating_replaces_the_first_and_shows_on_the_message() {
    for Opened { store, .. } in every_store(DAY) {
        let session = store.sessions.create().await.expect("a session");
        let (question, answer) = turn(&session.id, "Q", "A");
        let (question_id, answer_id) = (question.id.clone(), answer.id.clone());
        store.turns.append(question, answer).await.expect("kept");
        for rating in [Rating::Up, Rating::Down] {
            store
                .feedback
                .rate(&answer_id, Some(&session.id), rating, Some("شکریہ"))
                .await
                .expect("rated");
        }
        assert_eq!(store.feedback.counts().await, Ok((0, 1)));
        let page = store.turns.page(&session.id, 50, 0).await.expect("a page");
        assert_eq!(page.messages[1].rating, Some(Rating::Down));
        let own_question = store
            .feedback
            .rate(&question_id, None, Rating::Up, None)
            .await;
        assert_eq!(own_question, Err(StoreError::NotFound));
    }
}

#[tokio::test]
async fn the_same_gap_is_counted_once_per_asking() {
    for Opened { store, .. } in every_store(DAY) {
        let near = ["/docs/a".to_owned()];
        for question in ["Is it red?", "  is it  RED", "Is it blue?"] {
            store
                .gaps
                .record(question, "en", &near)
                .await
                .expect("recorded");
        }
        let gaps = store.gaps.list(10).await.expect("gaps");
        let counted: Vec<_> = gaps
            .iter()
            .map(|g| (g.question.as_str(), g.unanswered))
            .collect();
        assert_eq!(counted, [("Is it red?", 2), ("Is it blue?", 1)]);
        assert_eq!(gaps[0].nearest, near);
    }
}

#[tokio::test]
async fn a_gap_holds_no_personal_data_and_counts_by_week() {
    for Opened { store, .. } in every_store(DAY) {
        for address in ["ali@example.com", "sara@example.org"] {
            let question = format!("Can you write to {address} or 0300-1234567?");
            let recorded = store.gaps.record(&question, "en", &[]).await;
            recorded.expect("recorded");
        }
        let gaps = store.gaps.list(10).await.expect("gaps");
        let counted: Vec<_> = gaps
            .iter()
            .map(|gap| (gap.question.as_str(), gap.unanswered))
            .collect();
        assert_eq!(counted, [("Can you write to [e-mail] or [number]?", 2)]);
        assert_eq!((gaps[0].this_week, gaps[0].last_week), (2, 0));
    }
}

#[tokio::test]
async fn an_answer_rated_down_is_a_gap_until_the_reader_thinks_better_of_it() {
    for Opened { store, .. } in every_store(DAY) {
        let session = store.sessions.create().await.expect("a session");
        let (question, mut answer) = turn(&session.id, "Is it red?", "It is blue.");
        answer.sources = serde_json::json!([{"url": "/docs/a#colour"}, {"url": "/docs/b"}]);
        let id = answer.id.clone();
        store.turns.append(question, answer).await.expect("kept");
        let rate = async |rating| {
            let rated = store
                .feedback
                .rate(&id, Some(&session.id), rating, None)
                .await;
            rated.expect("rated");
            store.gaps.list(10).await.expect("gaps")
        };
        assert_eq!(rate(Rating::Up).await, []);
        // Twice is one opinion.
        rate(Rating::Down).await;
        let gaps = rate(Rating::Down).await;
        assert_eq!((gaps[0].unanswered, gaps[0].down_voted), (0, 1));
        assert_eq!(gaps[0].question, "Is it red?");
        assert_eq!(gaps[0].nearest, ["/docs/a#colour", "/docs/b"]);
        assert_eq!(rate(Rating::Up).await, []);
        // It outlives the conversation, which is forgotten after a day.
        rate(Rating::Down).await;
        store.sessions.delete(&session.id).await.expect("deleted");
        assert_eq!(store.gaps.list(10).await.expect("gaps").len(), 1);
    }
}

#[tokio::test]
async fn a_gap_that_is_done_is_open_again_when_it_is_asked_again() {
    for Opened { store, .. } in every_store(DAY) {
        let record = async || store.gaps.record("Is it red?", "en", &[]).await;
        let gap = async || store.gaps.list(1).await.expect("gaps").remove(0);
        record().await.expect("recorded");
        let first = gap().await;
        assert!(first.is_open());
        let ids = || vec![first.id.clone(), "no-such-gap".to_owned()];
        assert_eq!(store.gaps.mark(ids(), true).await, Ok(1));
        assert!(!gap().await.is_open());
        assert_eq!(store.gaps.mark(ids(), false).await, Ok(1));
        assert!(gap().await.is_open());
        assert_eq!(store.gaps.mark(ids(), true).await, Ok(1));
        // Times are kept to the millisecond.
        let done_at = gap().await.done_at.expect("it is done");
        while Timestamp::now().as_millisecond() <= done_at.as_millisecond() {
            std::hint::spin_loop();
        }
        record().await.expect("recorded");
        assert!(gap().await.is_open());
    }
}

#[tokio::test]
async fn the_ledger_adds_up_what_was_spent_since() {
    for Opened { store, .. } in every_store(DAY) {
        let at = |ms| Timestamp::from_millisecond(ms).expect("a time");
        for (ms, cost_usd) in [(1_000, 0.5), (2_000, 0.25), (3_000, 0.125)] {
            let entry = LedgerEntry {
                generator: "openai".to_owned(),
                model: "m".to_owned(),
                prompt_tokens: 10,
                completion_tokens: 2,
                cost_usd,
                at: at(ms),
            };
            store.ledger.add(entry).await.expect("added");
        }
        let spent = store.ledger.spent_since(at(2_000)).await.expect("a sum");
        assert_eq!((spent.calls, spent.prompt_tokens), (2, 20));
        assert!((spent.cost_usd - 0.375).abs() < 1e-9);
    }
}

#[tokio::test]
async fn what_is_older_than_the_retention_is_gone_with_the_next_purge() {
    for Opened { store, .. } in every_store_keeping(DAY, Duration::ZERO) {
        let session = store.sessions.create().await.expect("a session");
        store
            .gaps
            .record("Is it red?", "en", &[])
            .await
            .expect("recorded");
        assert_eq!(store.sessions.purge_expired().await, Ok(1));
        assert_eq!(store.gaps.list(10).await.expect("gaps"), []);
        assert_eq!(
            store.sessions.touch(&session.id).await,
            Err(StoreError::NotFound)
        );
    }
}

#[tokio::test]
async fn the_audit_log_is_read_backwards_and_loses_only_what_is_old() {
    for Opened { store, .. } in every_store(DAY) {
        let now = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).expect("a time");
        let entry = |who: &str, days: i64| AuditEntry {
            at: now - jiff::SignedDuration::from_hours(24 * days),
            who: who.to_owned(),
            origin: "hash".to_owned(),
            action: "key.create".to_owned(),
            object: "key_1".to_owned(),
            result: "done".to_owned(),
            request_id: "r".to_owned(),
        };
        for (who, days) in [("old", 9), ("middle", 3), ("new", 0)] {
            store.audit.append(entry(who, days)).await.expect("written");
        }
        let newest = store.audit.newest(None, 2).await.expect("read");
        let names = |found: &[(u64, AuditEntry)]| -> Vec<String> {
            found.iter().map(|(_, entry)| entry.who.clone()).collect()
        };
        assert_eq!(names(&newest), ["new", "middle"]);
        assert_eq!(newest[0].1, entry("new", 0));
        let before = store
            .audit
            .newest(Some(newest[1].0), 2)
            .await
            .expect("read");
        assert_eq!(names(&before), ["old"]);
        let week = now - jiff::SignedDuration::from_hours(24 * 7);
        assert_eq!(store.audit.purge(week).await, Ok(1));
        // Whoever holds the file's rights but means to cover a trace is refused the last day.
        assert_eq!(store.audit.purge(now).await, Ok(1));
        assert_eq!(
            names(&store.audit.newest(None, 9).await.expect("read")),
            ["new"]
        );
    }
}

fn key(name: &str, hash: u8) -> ApiKey {
    ApiKey {
        id: name.to_owned(),
        line: name.to_owned(),
        name: name.to_owned(),
        hash: [hash; 32],
        rights: vec![Right::ReadQueries, Right::WriteDocuments],
        limits: KeyLimits {
            queries_per_minute: Some(0),
            queries_per_day: None,
            queries_per_month: Some(2),
        },
        created_at: Timestamp::from_millisecond(i64::from(hash)).expect("a time"),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

#[tokio::test]
async fn a_key_is_found_by_its_hash_until_and_after_it_is_revoked() {
    for Opened { store, .. } in every_store(DAY) {
        let (keys, at) = (store.keys, Timestamp::from_millisecond(9).expect("a time"));
        assert_eq!(keys.add(key("a", 1), Adding::First).await, Ok(true));
        assert_eq!(keys.add(key("b", 2), Adding::First).await, Ok(false));
        assert_eq!(keys.find([1; 32]).await, Ok(Some(key("a", 1))));
        assert_eq!(keys.find([2; 32]).await, Ok(None));
        keys.revoke("a", at).await.expect("revoked");
        let found = keys.find([1; 32]).await.expect("read").expect("there");
        assert_eq!(found.revoked_at, Some(at));
        assert_eq!(keys.revoke("b", at).await, Err(StoreError::NotFound));
    }
}

#[tokio::test]
async fn a_key_that_follows_another_ends_it_and_goes_on_with_its_quota() {
    for Opened { store, .. } in every_store(DAY) {
        let (keys, at) = (store.keys, Timestamp::from_millisecond(9).expect("a time"));
        keys.add(key("a", 1), Adding::Always).await.expect("added");
        let second = ApiKey {
            line: "a".to_owned(),
            ..key("b", 2)
        };
        let following = |id: &str| Adding::Following {
            id: id.to_owned(),
            ends_at: at,
        };
        let none = keys.add(second.clone(), following("x")).await;
        assert_eq!(none, Err(StoreError::NotFound));
        assert_eq!(keys.find([2; 32]).await, Ok(None), "nothing was added");
        keys.add(second, following("a")).await.expect("added");
        let first = keys.find([1; 32]).await.expect("read").expect("there");
        assert_eq!(first.expires_at, Some(at));

        let use_of = |id: &str, queries| KeyUse {
            id: id.to_owned(),
            line: "a".to_owned(),
            at,
            queries,
            quota: Some(2),
        };
        let spend = async |id, queries| keys.spend(use_of(id, queries)).await.expect("counted");
        assert!(spend("a", 1).await && spend("b", 1).await);
        assert!(!spend("b", 1).await, "the quota is the line's");
        assert!(spend("b", 0).await, "looking costs nothing");
        let listed = keys.list(at).await.expect("listed");
        let counted: Vec<_> = listed
            .iter()
            .map(|(key, n)| (key.id.as_str(), *n))
            .collect();
        assert_eq!(counted, [("a", 2), ("b", 2)]);
        assert_eq!(listed[1].0.last_used_at, Some(at));
    }
}

#[tokio::test]
async fn many_writers_at_once_lose_nothing() {
    for Opened { store, .. } in every_store(DAY) {
        let session = store.sessions.create().await.expect("a session");
        let writers = (0..200).map(|n| {
            let (question, answer) = turn(&session.id, &format!("Q{n}"), &format!("A{n}"));
            let store = store.clone();
            tokio::spawn(async move { store.turns.append(question, answer).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("the task ends").expect("kept");
        }
        let page = store.turns.page(&session.id, 500, 0).await.expect("a page");
        assert_eq!(page.total, 400);
        for pair in page.messages.chunks(2) {
            assert_eq!(pair[0].text[1..], pair[1].text[1..]);
        }
    }
}
