//! Questions that were asked before.

use super::rig::{Rig, handbook};
use super::upstream::{Does, Upstream, says};
use rag_chatbot::answer::{AnswerEvent, Question};
use rag_chatbot::store::Role;
use std::time::Duration;

const ASKED: &str = "What is boil-dry protection?";
const AGAIN: &str = "  what is BOIL-DRY  protection? ";

#[tokio::test]
async fn the_same_question_is_answered_as_before_in_a_conversation_of_its_own() {
    let rig = Rig::new(handbook(), None);
    let first = rig.ask(ASKED).await;
    let second = rig.ask(AGAIN).await;
    let (before, again) = (first.answer(), second.answer());
    assert!(!before.cached && again.cached);
    assert_eq!(
        (&before.text, &before.sources),
        (&again.text, &again.sources)
    );
    assert_eq!(second.tokens.concat(), again.text);
    assert_eq!(second.sources, again.sources);
    assert_eq!(second.session.as_ref(), Some(&again.session_id));
    assert_ne!(before.session_id, again.session_id);
    assert_eq!(again.usage, Default::default());
    let pages = [before, again].map(|answer| rig.store.turns.page(&answer.session_id, 9, 0));
    let [kept_first, kept_again] = futures::future::join_all(pages)
        .await
        .try_into()
        .expect("two pages");
    let (kept_first, kept_again) = (kept_first.expect("kept"), kept_again.expect("kept"));
    assert_eq!(kept_again.total, 2);
    let [asked, answered] = &kept_again.messages[..] else {
        panic!("a turn is two messages")
    };
    assert_eq!((asked.role, asked.text.as_str()), (Role::User, AGAIN));
    assert_eq!(answered.id, again.message_id);
    assert_eq!(answered.text, again.text);
    assert_eq!(answered.sources, kept_first.messages[1].sources);
    assert_eq!(asked.context, kept_first.messages[0].context);
}

#[tokio::test]
async fn what_was_said_counts_so_a_conversation_is_never_answered_from_memory() {
    let rig = Rig::new(handbook(), None);
    rig.ask(ASKED).await;
    let again = rig.ask(ASKED).await;
    let session = again.answer().session_id.clone();
    let follow_up = rig.ask_in(&session, ASKED).await;
    assert!(!follow_up.answer().cached);
    let page = rig.store.turns.page(&session, 9, 0).await.expect("kept");
    assert_eq!(page.total, 4);
}

#[tokio::test]
async fn another_scope_or_another_number_of_sources_is_another_question() {
    let rig = Rig::new(handbook(), None);
    rig.ask(ASKED).await;
    for change in [
        (|q: &mut Question| q.top_k = 2) as fn(&mut Question),
        |q| q.scope.path = Some("/boiling".to_owned()),
        |q| q.scope.locale = Some("en".to_owned()),
    ] {
        let mut question = super::rig::question(ASKED);
        change(&mut question);
        let told = rig.ask_with(question.clone()).await;
        assert!(!told.answer().cached, "{question:?}");
        assert!(rig.ask_with(question).await.answer().cached);
    }
}

#[tokio::test]
async fn a_model_is_asked_and_paid_for_once() {
    let upstream = Upstream::start([says("It cuts the power when there is no water [1].")]).await;
    let rig = Rig::new(handbook(), Some(&upstream.base_url));
    let first = rig.ask(ASKED).await;
    let mut events = rig.answerer.ask(super::rig::question(ASKED));
    let mut order = Vec::new();
    while let Some(event) = events.recv().await {
        order.push(match event {
            AnswerEvent::Session(_) => "session",
            AnswerEvent::Sources(_) => "sources",
            AnswerEvent::Token(_) => "token",
            AnswerEvent::Done(answer) => {
                assert_eq!(answer.text, first.answer().text);
                assert_eq!(answer.generator, "openai");
                "done"
            }
            AnswerEvent::Failed(_) => "failed",
        });
    }
    assert_eq!(order, ["session", "sources", "token", "done"]);
    assert_eq!(upstream.requests().len(), 1);
    let since = jiff::Timestamp::UNIX_EPOCH;
    let spent = rig.store.ledger.spent_since(since).await.expect("a sum");
    assert_eq!(spent.calls, 1);
}

#[tokio::test]
async fn an_answer_given_because_the_model_failed_is_not_remembered() {
    let upstream = Upstream::start([Does::Refuses(401, &[]), says("It cuts the power [1].")]).await;
    let rig = Rig::new(handbook(), Some(&upstream.base_url));
    assert_eq!(rig.ask(ASKED).await.answer().generator, "quoting");
    let second = rig.ask(ASKED).await;
    assert_eq!(second.answer().generator, "openai");
    assert!(!second.answer().cached);
}

#[tokio::test]
async fn a_gap_is_counted_each_time_and_nothing_is_remembered_where_that_is_turned_off() {
    let unanswerable = "Who painted the ceiling of the Sistine Chapel?";
    let rig = Rig::new(handbook(), None);
    rig.ask(unanswerable).await;
    let told = rig.ask(unanswerable).await;
    assert!(told.answer().cached && told.answer().abstained);
    assert_eq!(rig.store.gaps.list(5).await.expect("gaps")[0].unanswered, 2);
    let rig = Rig::with(handbook(), None, |parts| {
        parts.options.remember_for = Duration::ZERO;
    });
    rig.ask(ASKED).await;
    assert!(!rig.ask(ASKED).await.answer().cached);
}
