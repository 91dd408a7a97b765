//! What a model writes is held against what it cites by meaning too: in the reader's other language,
//! where words cannot tell, and where the same thing is said in other words.

use super::rig::{Rig, handbook, queue};
use super::upstream::{Upstream, says};
use rag_chatbot::answer::{Answer, Meanings};
use std::time::Duration;

/// Longer than any test machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

async fn answer_of(question: &str, text: &str, patience: Option<Duration>) -> Answer {
    let upstream = Upstream::start([says(text)]).await;
    let rig = Rig::with(handbook(), Some(&upstream.base_url), |parts| {
        parts.meanings = patience.map(|patience| Meanings::new(queue().clone(), patience));
    });
    let told = rig.ask(question).await;
    assert_eq!(told.tokens.concat(), told.answer().text);
    told.answer().clone()
}

#[tokio::test]
async fn an_urdu_answer_from_english_pages_keeps_the_citations_that_hold_and_loses_the_others() {
    let question = "boil-dry protection کیا کرتا ہے؟";
    let true_claim = "جب کیتلی میں پانی نہ ہو تو یہ سوئچ بجلی بند کر دیتا ہے [1]۔";
    let made_up = "شہنشاہ نے دریا کے کنارے ایک بڑا قلعہ تعمیر کروایا تھا [1]۔";
    let text = format!("{true_claim} {made_up}");
    let answer = answer_of(question, &text, Some(PATIENCE)).await;
    assert_eq!(answer.text.matches("[1]").count(), 1, "{}", answer.text);
    assert!(answer.text.starts_with(true_claim.trim_end_matches('۔')));
    assert_eq!(answer.unsupported.len(), 1, "{:?}", answer.unsupported);
    assert!(answer.unsupported[0].contains("قلعہ"));
}

#[tokio::test]
async fn the_opposite_of_what_a_page_says_is_not_supported_in_the_other_language_either() {
    let question = "What does boil-dry protection do?";
    for (claim, holds) in [
        (
            "یہ حفاظتی سوئچ کیتلی میں پانی نہ ہونے پر بجلی بند کر دیتا ہے [1]۔",
            true,
        ),
        (
            "کیتلی کو دوبارہ استعمال کرنے سے پہلے 25 منٹ ٹھنڈا ہونے دیں [1]۔",
            false,
        ),
    ] {
        let answer = answer_of(question, claim, Some(PATIENCE)).await;
        assert_eq!(
            answer.grounded, holds,
            "{}: {:?}",
            answer.text, answer.unsupported
        );
        assert_eq!(answer.text.contains("[1]"), holds);
    }
}

#[tokio::test]
async fn the_same_in_other_words_is_supported_and_its_denial_or_another_number_is_not() {
    let question = "What is boil-dry protection?";
    for (claim, holds) in [
        (
            "The power is cut by this switch if the kettle has run out of water [1].",
            true,
        ),
        (
            "Boil-dry protection does not cut the power when there is no water [1].",
            false,
        ),
        (
            "Let the kettle cool for forty-five minutes, 45 in all, before using it [1].",
            false,
        ),
        (
            "Visitors admired the museum's paintings all afternoon [1].",
            false,
        ),
    ] {
        let answer = answer_of(question, claim, Some(PATIENCE)).await;
        assert_eq!(
            answer.text.contains("[1]"),
            holds,
            "{claim}: {:?}",
            answer.unsupported
        );
        assert_eq!(answer.grounded, holds, "{claim}");
    }
}

#[tokio::test]
async fn without_the_model_or_in_no_time_words_decide() {
    let text = "Boil-dry protection cuts the power when there is no water [1]. Cats chase birds in \
                quiet gardens [1].";
    for patience in [None, Some(Duration::ZERO)] {
        let answer = answer_of("What is boil-dry protection?", text, patience).await;
        assert_eq!(answer.unsupported, ["Cats chase birds in quiet gardens."]);
        assert_eq!(answer.text.matches("[1]").count(), 1);
    }
}
