//! Follow-up questions over a real index, without a generator.

use super::rig::{Rig, handbook};

#[tokio::test]
async fn a_follow_up_is_answered_from_the_topic_of_the_turn_before() {
    let rig = Rig::new(handbook(), None);
    for (first, then, page) in [
        (
            "How do I clean the limescale filter?",
            "where is it?",
            "/cleaning#the-filter",
        ),
        (
            "What does keepWarm do?",
            "and what is its default?",
            "/settings#keepwarm",
        ),
        ("فلٹر کہاں لگا ہوتا ہے؟", "اسے کیسے نکالیں؟", "/ur/safai#"),
    ] {
        let told = rig.ask(first).await;
        let session = told.session.clone().expect("a session");
        let told = rig.ask_in(&session, then).await;
        let answer = told.answer();
        assert!(!answer.abstained, "{then}: {}", answer.text);
        let urls: Vec<&str> = answer.sources.iter().map(|s| s.url.as_str()).collect();
        assert!(
            urls.iter().any(|url| url.starts_with(page)),
            "{then}: {urls:?}"
        );
    }
}
