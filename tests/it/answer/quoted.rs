//! Answers without a generator.

use super::rig::{HANDBOOK, Rig, handbook, index, question, queue};
use rag_chatbot::answer::{AnswerError, ByMeaning, Mode, Question};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_definition_is_quoted_with_its_section() {
    let rig = Rig::new(handbook(), None);
    let told = rig.ask("What is boil-dry protection?").await;
    let answer = told.answer();
    let sentence = "Boil-dry protection is a switch that cuts the power when there is no water in \
                    the kettle.";
    assert!(
        answer.text.starts_with(&format!("{sentence} [1]")),
        "{}",
        answer.text
    );
    assert_eq!(answer.sources[0].quote, sentence);
    assert_eq!(answer.sources[0].url, "/boiling#boil-dry-protection");
    assert_eq!(
        (answer.generator.as_str(), answer.abstained),
        ("quoting", false)
    );
    assert!(answer.grounded && answer.notice.is_none());
    assert_eq!(told.tokens.concat(), answer.text);
    assert_eq!(told.sources, answer.sources);
}

#[tokio::test]
async fn steps_come_as_a_list_with_the_sentence_that_announces_them() {
    let rig = Rig::new(handbook(), None);
    let told = rig.ask("How do I start the kettle?").await;
    let text = &told.answer().text;
    assert!(text.contains("To start the kettle, do this: [1]"), "{text}");
    for step in [
        "1. Fill it up to the MAX mark. [1]",
        "2. Close the lid. [1]",
        "3. Press the start button. [1]",
    ] {
        assert!(text.contains(step), "{text}");
    }
}

#[tokio::test]
async fn a_procedure_is_quoted_from_its_first_step_to_its_last_in_their_order() {
    let page = "# Descaling\n\nLime settles in every kettle.\n\n## Descale the kettle\n\nDescale it \
                every three months.\n\n1. Fill the kettle with water and vinegar.\n2. Let it stand \
                for an hour. It may smell.\n3. Boil it once:\n\n   ```\n   kettle --boil\n   \
                ```\n\n4. Rinse it twice with cold water.\n";
    let pages = index(&[
        ("descaling.md", page),
        ("safety.md", "# Safety\n\nUnplug it first."),
    ]);
    let rig = Rig::new(pages.retriever.clone(), None);
    let steps = "1. Fill the kettle with water and vinegar. [1]\n2. Let it stand for an hour. [1] \
                 It may smell. [1]\n3. Boil it once: [1]\n\n```\nkettle --boil\n```\n\n4. Rinse \
                 it twice with cold water. [1]";
    for asked in [
        "How do I descale the kettle?",
        "How do I rinse the kettle with cold water?",
    ] {
        let text = rig.ask(asked).await.answer().text.clone();
        assert!(text.ends_with(steps), "{asked}: {text}");
    }
}

#[tokio::test]
async fn a_greeting_is_asked_for_a_topic_and_is_no_gap() {
    let rig = Rig::new(handbook(), None);
    for (asked, opening) in [
        ("Hello!", "Ask me about this documentation"),
        ("???", "Ask me about this documentation"),
        ("السلام علیکم", "مجھ سے ان دستاویزات کے بارے میں پوچھیں"),
    ] {
        let told = rig.ask(asked).await;
        let answer = told.answer();
        assert!(answer.abstained, "{}", answer.text);
        assert!(answer.text.starts_with(opening), "{}", answer.text);
        assert!(answer.sources.is_empty());
    }
    assert!(rig.store.gaps.list(10).await.expect("gaps").is_empty());
}

#[tokio::test]
async fn an_option_is_answered_with_its_description() {
    let rig = Rig::new(handbook(), None);
    for asked in ["keepWarm", "What does keepWarm do?"] {
        let told = rig.ask(asked).await;
        let text = &told.answer().text;
        assert!(
            text.starts_with("The option keepWarm sets for how many minutes"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_urdu_question_is_answered_in_urdu() {
    let rig = Rig::new(handbook(), None);
    let told = rig.ask("فلٹر کہاں لگا ہوتا ہے؟").await;
    let answer = told.answer();
    assert!(
        answer
            .text
            .starts_with("فلٹر کیتلی کی ٹونٹی کے پیچھے لگا ہوتا ہے۔ [1]"),
        "{}",
        answer.text
    );
    assert!(
        answer.sources[0].url.starts_with("/ur/safai#"),
        "{}",
        answer.sources[0].url
    );
}

#[tokio::test]
async fn what_the_pages_do_not_hold_is_said_so_and_kept_as_a_gap() {
    let rig = Rig::new(handbook(), None);
    for (asked, opening) in [
        (
            "Who won the football world cup in 1998?",
            "I could not find",
        ),
        ("1998 کا عالمی کپ کس ملک نے جیتا تھا؟", "مجھے دستاویزات میں"),
    ] {
        let told = rig.ask(asked).await;
        let answer = told.answer();
        assert!(answer.abstained, "{}", answer.text);
        assert!(answer.text.starts_with(opening), "{}", answer.text);
        for source in &answer.sources {
            assert!(answer.text.contains(&format!("[{}]", source.id)));
        }
    }
    let gaps = rig.store.gaps.list(10).await.expect("gaps");
    assert_eq!(gaps.len(), 2);
}

#[tokio::test]
async fn a_turn_is_kept_before_done_is_said() {
    let rig = Rig::new(handbook(), None);
    let told = rig.ask("What is boil-dry protection?").await;
    let session = told.session.clone().expect("a session");
    let page = rig.store.turns.page(&session, 50, 0).await.expect("kept");
    assert_eq!(page.total, 2);
    assert_eq!(page.messages[0].text, "What is boil-dry protection?");
    assert_eq!(page.messages[1].text, told.answer().text);
    assert_eq!(page.messages[1].id, told.answer().message_id);
}

#[tokio::test]
async fn a_session_that_does_not_exist_is_not_continued() {
    let rig = Rig::new(handbook(), None);
    let told = rig
        .ask_in("AAAAAAAAAAAAAAAAAAAAAAAA", "What is descaling?")
        .await;
    assert!(matches!(told.failed, Some(AnswerError::SessionNotFound)));
    assert!(told.done.is_none());
}

#[tokio::test]
async fn a_selection_is_answered_from_alone() {
    let rig = Rig::new(handbook(), None);
    let ask = |text: &str| Question {
        mode: Mode::SelectedText,
        selected_text: Some("The tank holds two litres. It is made of steel.".to_owned()),
        ..question(text)
    };
    let told = rig.ask_with(ask("How much does the tank hold?")).await;
    assert!(told.answer().text.starts_with("The tank holds two litres."));
    assert!(told.answer().sources.is_empty());
    let told = rig.ask_with(ask("What is boil-dry protection?")).await;
    assert_eq!(
        told.answer().text,
        "The selected text does not contain the answer."
    );
    assert!(told.answer().abstained);
    let told = rig.ask_with(ask("فلٹر کہاں لگا ہوتا ہے؟")).await;
    assert_eq!(
        told.answer().text,
        "منتخب کردہ متن میں اس سوال کا جواب موجود نہیں ہے۔"
    );
}

#[tokio::test]
async fn a_question_in_another_language_finds_the_sentence_by_its_meaning() {
    let english: Vec<(&str, &str)> = HANDBOOK
        .iter()
        .copied()
        .filter(|(p, _)| !p.starts_with("ur/"))
        .collect();
    let indexed = index(&english);
    let rig = Rig::with(indexed.retriever.clone(), None, |parts| {
        let patience = Duration::from_secs(60);
        parts.scorer = Some(Arc::new(ByMeaning::new(queue().clone(), patience)));
    });
    for (question, sentence) in [
        (
            "جب کیتلی میں پانی نہ ہو تو بجلی کون کاٹتا ہے؟",
            "Boil-dry protection is a switch that cuts the power when there is no water in the kettle.",
        ),
        (
            "کیتلی ایک لیٹر پانی کتنی دیر میں ابالتی ہے؟",
            "The kettle boils one litre of water in three minutes.",
        ),
        (
            "فلٹر کہاں لگا ہوتا ہے اور اسے کیسے نکالیں؟",
            "Pull it upwards to take it out, and rinse it under the tap.",
        ),
    ] {
        let told = rig.ask(question).await;
        let answer = told.answer();
        assert!(answer.text.contains(sentence), "{}", answer.text);
    }
}
