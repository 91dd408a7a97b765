//! Short questions about one name, on our own handbook: found by the word where the model does not
//! know the name, and answered in the language they are asked in.

use super::rig::{Rig, own_docs};

#[tokio::test]
async fn what_is_asked_for_by_its_name_is_answered_in_the_readers_language() {
    let rig = Rig::new(own_docs(), None);
    for (question, page) in [
        ("What does --strict do?", "/docs/"),
        ("SLAM کیا کرتا ہے؟", "/ur/docs/textbook/navigation"),
        ("What is SLAM?", "/docs/textbook/navigation"),
        (
            "inverse kinematics کیا ہے؟",
            "/ur/docs/textbook/kinematics-dynamics#inverse-kinematics",
        ),
        (
            "What is inverse kinematics?",
            "/docs/textbook/kinematics-dynamics#inverse-kinematics",
        ),
    ] {
        let told = rig.ask(question).await;
        let answer = told.answer();
        assert!(!answer.abstained, "{question}: {}", answer.text);
        let first = &answer.sources[0].url;
        assert!(first.starts_with(page), "{question}: {first}");
    }
}

#[tokio::test]
async fn a_name_that_stands_nowhere_is_not_answered() {
    let rig = Rig::new(own_docs(), None);
    for question in ["What does --frobnicate do?", "QWZX کیا ہے؟"] {
        let told = rig.ask(question).await;
        assert!(
            told.answer().abstained,
            "{question}: {}",
            told.answer().text
        );
    }
}
