//! Thirty scripted dialogues: a question, a follow-up that means nothing alone, and the section it
//! is about. Without a generator terms and scope are carried over; with one the question is
//! rewritten, and carried over when that fails.

use super::rig::{Rig, handbook, index_folder, own_docs};
use super::upstream::{Does, Upstream, says};
use rag_chatbot::retrieval::Retriever;
use std::path::{Path, PathBuf};

/// Follow-ups on our own documentation that may be answered from another page: carried words are
/// no understanding, and its pages change.
const MOST_MISSED: usize = 3;

/// One line of `dialogues.tsv`.
struct Dialogue {
    documentation: String,
    first: String,
    then: String,
    page: String,
}

fn dialogues(documentation: &str) -> Vec<Dialogue> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/answer/dialogues.tsv");
    let text = std::fs::read_to_string(path).expect("the dialogues");
    let lines = text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    let read = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut next = || fields.next().expect("four fields");
        Dialogue {
            documentation: next(),
            first: next(),
            then: next(),
            page: next(),
        }
    };
    lines
        .map(read)
        .filter(|d| d.documentation == documentation)
        .collect()
}

/// The follow-ups that were answered from another page than the right one.
async fn missed(retriever: Retriever, dialogues: &[Dialogue]) -> Vec<String> {
    let rig = Rig::new(retriever, None);
    let mut missed = Vec::new();
    for dialogue in dialogues {
        let told = rig.ask(&dialogue.first).await;
        let session = told.session.clone().expect("a session");
        let told = rig.ask_in(&session, &dialogue.then).await;
        let answer = told.answer();
        let urls: Vec<&str> = answer.sources.iter().map(|s| s.url.as_str()).collect();
        let right = |url: &&str| dialogue.page.split(' ').any(|page| url.starts_with(page));
        if answer.abstained || !urls.iter().any(right) {
            missed.push(format!("{} → {}: {urls:?}", dialogue.first, dialogue.then));
        }
    }
    missed
}

fn beside(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[tokio::test]
async fn follow_ups_are_answered_from_the_topic_of_the_turn_before() {
    let kettle = dialogues("kettle");
    assert_eq!(missed(handbook(), &kettle).await, Vec::<String>::new());
}

#[tokio::test]
async fn follow_ups_on_our_own_documentation_find_the_right_page_in_both_languages() {
    let dialogues = dialogues("own");
    assert!(dialogues.len() >= 20);
    let missed = missed(own_docs(), &dialogues).await;
    assert!(missed.len() <= MOST_MISSED, "{missed:#?}");
}

#[tokio::test]
async fn follow_ups_name_another_version_of_the_documentation() {
    let folder = beside("../shared/corpora/jest");
    if folder.is_dir() {
        let jest = index_folder(&folder);
        let dialogues = dialogues("jest");
        assert_eq!(
            missed(jest.retriever.clone(), &dialogues).await,
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
async fn a_generator_rewrites_the_follow_up_and_its_failure_changes_nothing() {
    let rewritten = "Where does the limescale filter sit?";
    let answer = "The limescale filter sits behind the spout [1].";
    for rewriting in [says(rewritten), Does::Refuses(400, &[])] {
        let first = says("Rinse the limescale filter under the tap [1].");
        // What is asked for again after a failed rewriting is the answer.
        let upstream = Upstream::start([first, rewriting, says(answer)]).await;
        let rig = Rig::new(handbook(), Some(&upstream.base_url));
        let told = rig.ask("How do I clean the limescale filter?").await;
        let session = told.session.clone().expect("a session");
        let told = rig.ask_in(&session, "where is it?").await;
        let sources = &told.answer().sources;
        assert!(
            sources.iter().any(|s| s.url == "/cleaning#the-filter"),
            "{sources:?}"
        );
    }
}
