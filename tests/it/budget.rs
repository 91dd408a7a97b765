//! What answering may cost: counted to the last token, kept over a restart, never an outage.

use crate::answer::rig::{Rig, handbook, question};
use crate::answer::upstream::{Does, Upstream, says};
use crate::test_app::{TestApp, Wanted};
use rag_chatbot::answer::{AnswerEvent, Metered};
use rag_chatbot::config::Settings;
use rag_chatbot::guard::Budget;
use rag_chatbot::guard::budget::Limits;
use rag_chatbot::secret::Secret;
use rag_chatbot::store::Spent;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ASKED: &str = "How long does the battery last?";
/// Holds the reservation of one answer (its prompt and 800 tokens) and several finished ones.
const TOKENS: u64 = 3_000;

async fn app(upstream: &Upstream, database: &Path) -> TestApp {
    TestApp::start_with(Wanted {
        settings: Settings {
            openai_base_url: Some(upstream.base_url.as_str().into()),
            openai_model: Some("gpt-4o-mini".to_owned()),
            budget_tokens_per_day: Some(TOKENS),
            // Only the database is shared, as after a restart.
            database_url: Some(Secret::new(format!("sqlite:{}", database.display()))),
            answer_cache_hours: Some(0),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await
}

#[tokio::test]
async fn a_used_up_budget_quotes_instead_of_failing_and_a_restart_does_not_refill_it() {
    let upstream =
        Upstream::start([says("The battery lasts nine hours on a full charge [1].")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("chat.db");
    let app = app(&upstream, &database).await;
    let mut generated = 0;
    let quoted = loop {
        let answer = app.ask(ASKED).await;
        if answer["generator"] == "quoting" {
            break answer;
        }
        assert!(
            answer["tokens_used"]["estimated_cost_usd"].as_f64() > Some(0.0),
            "{answer}"
        );
        generated += 1;
        assert!(generated < 100, "the budget never ends");
    };
    assert!(generated > 0, "{quoted}");
    assert_eq!(upstream.requests().len(), generated);
    assert!(
        quoted["notice"]
            .as_str()
            .expect("a notice")
            .contains("paused"),
        "{quoted}"
    );
    assert!(
        quoted["answer"]
            .as_str()
            .expect("text")
            .contains("nine hours"),
        "{quoted}"
    );
    let figures = app.get("/metrics").await.text().await.expect("text");
    assert!(
        figures.contains("rag_budget_used_ratio{budget=\"tokens_day\"}"),
        "{figures}"
    );
    assert!(figures.contains("rag_query_cost_usd_sum"), "{figures}");
    drop(app);

    let again = self::app(&upstream, &database).await;
    let answer: Value = again.ask(ASKED).await;
    assert_eq!(answer["generator"], "quoting", "{answer}");
    assert_eq!(upstream.requests().len(), generated);
}

/// What the ledger holds once it holds anything.
async fn spent(rig: &Rig) -> Spent {
    let waiting = async {
        loop {
            let spent = rig
                .store
                .ledger
                .spent_since(jiff::Timestamp::UNIX_EPOCH)
                .await;
            let spent = spent.expect("a sum");
            if spent.calls > 0 {
                return spent;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it is written down")
}

#[tokio::test]
async fn a_reader_who_leaves_in_the_middle_is_charged_for_what_was_written() {
    let upstream = Upstream::start([Does::Hangs(vec!["Boil-dry protection cuts ".into()])]).await;
    let rig = Rig::new(handbook(), Some(&upstream.base_url));
    let mut events = rig.answerer.ask(question("What is boil-dry protection?"));
    while let Some(event) = events.recv().await {
        if matches!(event, AnswerEvent::Token(_)) {
            break;
        }
    }
    drop(events);
    let spent = spent(&rig).await;
    assert!(
        spent.prompt_tokens > 0 && spent.completion_tokens > 0,
        "{spent:?}"
    );
    assert!(spent.cost_usd > 0.0);
}

#[tokio::test]
async fn a_server_that_refuses_costs_nothing() {
    let upstream = Upstream::start([Does::Refuses(401, &[])]).await;
    let rig = Rig::new(handbook(), Some(&upstream.base_url));
    let told = rig.ask("What is boil-dry protection?").await;
    assert_eq!(told.answer().generator, "quoting");
    let spent = rig
        .store
        .ledger
        .spent_since(jiff::Timestamp::UNIX_EPOCH)
        .await;
    assert_eq!(spent.expect("a sum").calls, 0);
}

#[tokio::test]
async fn no_crowd_spends_more_than_the_budget() {
    let upstream = Upstream::start([says("Boil-dry protection cuts the power [1].")]).await;
    let limits = Limits {
        usd_per_month: Some(0.01),
        ..Limits::default()
    };
    let rig = Rig::with(handbook(), Some(&upstream.base_url), |parts| {
        let model = parts.generator.take().expect("there is a model");
        let budget = Budget::new(limits, Arc::clone(&parts.store.ledger));
        parts.generator = Some(Arc::new(Metered::new(model, budget)));
    });
    let asking = (0..40).map(|_| rig.ask("What is boil-dry protection?"));
    let told = futures::future::join_all(asking).await;
    let generated = told
        .iter()
        .filter(|told| told.answer().generator == "openai")
        .count();
    assert!(
        (1..40).contains(&generated),
        "{generated} of 40 were generated"
    );
    let spent: f64 = told
        .iter()
        .map(|told| told.answer().usage.estimated_cost_usd)
        .sum();
    assert!(spent <= 0.01, "{spent}");
}
