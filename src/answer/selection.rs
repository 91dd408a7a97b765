//! Answers from the reader's selection alone.
//!
//! Without a generator, the selection's sentences are quoted when they hold what the question is
//! about; a question about the selection as a whole gets its first sentences. Nothing outside the
//! selection is looked at.

use super::AnswerEvent;
use super::answerer::Asking;
use super::evidence::Evidence;
use super::from_documentation::log_failure;
use super::generator::quoting::{self, SentenceScorer};
use super::outcome::Outcome;
use super::prompt;
use super::support::Support;
use super::terms::{Stems, terms};
use super::written::Written;
use crate::corpus::{Block, BlockKind};
use crate::language::{detect, fold};

/// The quoted sentences hold at least this share of the question's terms, weighted by rarity.
/// Half: a question of two terms of which the selection holds one is still about it.
const MIN_COVERAGE: f32 = 0.5;

impl Asking<'_> {
    pub(super) async fn ask_selection(&self) -> Outcome {
        let text = self.question.selected_text.as_deref().unwrap_or_default();
        let selection = evidence(text);
        self.send(AnswerEvent::Sources(Vec::new())).await;
        let Some(generator) = self.generator() else {
            return self.quote_selection(&selection, None).await;
        };
        let Some(permit) = self.parts.gate.enter().await else {
            return self
                .quote_selection(&selection, Some(self.words.generator_busy))
                .await;
        };
        let messages = prompt::from_selection(
            &self.parts.options.site_name,
            &self.question.text,
            self.language,
            text,
            &self.history,
        );
        let alone = std::slice::from_ref(&selection);
        let support = Support::of(self, alone);
        let written = Written::stream_uncited(self, generator.as_ref(), &messages, &support).await;
        drop(permit);
        match written {
            Ok(written) if written.text.trim() == self.words.not_in_selection => {
                Outcome::abstained(self, written, Vec::new())
            }
            Ok(written) => Outcome::generated(self, written, alone, &support).without_sources(),
            Err((error, said)) => {
                log_failure(generator.as_ref(), &error);
                if said.text.trim().is_empty() {
                    return self
                        .quote_selection(&selection, Some(self.failure_notice(&error)))
                        .await;
                }
                let mut outcome = Outcome::generated(self, said, alone, &support).without_sources();
                outcome.add_trouble(Some(self.words.generator_stopped));
                outcome
            }
        }
    }

    async fn quote_selection(&self, selection: &Evidence, trouble: Option<&str>) -> Outcome {
        let scorer = self.parts.scorer.as_deref();
        let found = quote(&self.question.text, selection, scorer).await;
        let is_found = found.is_some();
        let text = found.unwrap_or_else(|| self.words.not_in_selection.to_owned());
        self.send(AnswerEvent::Token(text.clone())).await;
        let mut outcome = if is_found {
            Outcome::quoted(text, Vec::new(), self.language.code.as_str().to_owned())
        } else {
            Outcome::abstained(self, Written::by_us(text), Vec::new())
        };
        outcome.add_trouble(trouble);
        outcome
    }
}

/// The selection as evidence without a page.
fn evidence(selection: &str) -> Evidence {
    Evidence {
        id: 1,
        doc_id: String::new(),
        title: String::new(),
        section: String::new(),
        heading_path: Vec::new(),
        url: String::new(),
        locale: String::new(),
        language: detect(selection),
        strength: 1.0,
        relevance: 1.0,
        blocks: blocks(selection),
    }
}

/// Quotes from the selection; `None` when it does not contain the answer.
async fn quote(
    question: &str,
    selection: &Evidence,
    scorer: Option<&dyn SentenceScorer>,
) -> Option<String> {
    let whole = asks_about_the_whole(question);
    let asked = if whole { "" } else { question };
    let quoted = quoting::quote(asked, asked, std::slice::from_ref(selection), scorer).await?;
    let held = Stems::of(&quoted.text);
    let asked = terms(question);
    let covered: f32 = asked.iter().map(|term| held.holds(term)).sum();
    let about_it = whole || covered >= MIN_COVERAGE * asked.len() as f32;
    // There is one source and the reader has it on screen.
    about_it.then(|| quoted.text.replace(" [1]", ""))
}

/// "Explain this", "what does it mean?", "خلاصہ کریں": no topic of its own.
fn asks_about_the_whole(question: &str) -> bool {
    const ABOUT: &[&str] = &[
        "explain",
        "mean",
        "meaning",
        "summarize",
        "summarise",
        "summary",
        "describe",
        "tell",
        "say",
        "says",
        "text",
        "paragraph",
        "passage",
        "section",
        "selection",
        "simple",
        "simpler",
        "terms",
        "words",
        "short",
        "briefly",
        "main",
        "point",
        "idea",
        "understand",
        "topic",
        "وضاحت",
        "مطلب",
        "خلاصہ",
        "سمجھائیں",
        "بتائیں",
        "متن",
        "عبارت",
        "آسان",
        "الفاظ",
        "مختصر",
        "مفہوم",
        "بیان",
        "کریں",
        "کیجیے",
        "دیں",
        "موضوع",
    ];
    let stems = Stems::of(&ABOUT.join(" "));
    let asked = terms(question);
    asked
        .iter()
        .all(|term| stems.contains(&term.stem) || ABOUT.iter().any(|w| fold(w) == term.stem))
}

/// Paragraphs of the selection; indented and fenced code is told apart by its fences only, a
/// browser's selection has no markup.
fn blocks(selection: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut at = 0;
    for paragraph in selection.split("\n\n") {
        let range = at..at + paragraph.len();
        at = range.end + 2;
        if !paragraph.trim().is_empty() {
            blocks.push(Block::new(BlockKind::Paragraph, paragraph, range));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The default timeout of a test is 5 seconds. Pass a number as the third \
                        argument to change it.\n\nWorkers run in parallel.";

    #[tokio::test]
    async fn an_answer_comes_from_the_selection_or_not_at_all() {
        let selection = evidence(TEXT);
        let found = quote("What is the default timeout?", &selection, None)
            .await
            .expect("it is there");
        assert!(
            found.starts_with("The default timeout of a test is 5 seconds."),
            "{found}"
        );
        assert_eq!(
            quote("How are snapshots updated?", &selection, None).await,
            None
        );
    }

    #[tokio::test]
    async fn a_question_about_the_selection_itself_gets_its_beginning() {
        let selection = evidence(TEXT);
        for question in [
            "Explain this",
            "اس کا مطلب کیا ہے؟",
            "Summarize this text in simple words",
        ] {
            let found = quote(question, &selection, None)
                .await
                .expect("there is text");
            assert!(found.starts_with("The default timeout"), "{found}");
        }
    }
}
