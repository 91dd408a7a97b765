//! The tool `ask_docs`: an answer with its sources.

use super::super::answered::{observe, observe_failure};
use super::super::hearing::Hearing;
use super::super::limits;
use super::super::query::checked_query;
use super::agent::{Asked, Outcome, Ran};
use crate::answer::{Answer, Brought, Linker, Mode, Question, absolute};
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Sources an answer is made from, as for `/query`.
const TOP_K: usize = 5;

/// What to ask, and of which pages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct Arguments {
    /// The question, on its own: at most 500 characters.
    question: String,
    /// Only pages of this language, such as `en`.
    locale: Option<String>,
    /// Only pages of this version.
    version: Option<String>,
    /// Only pages below this path, such as `/docs/guides`.
    path: Option<String>,
}

/// An answer with its sources.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Answered {
    /// Markdown, with citations as links.
    answer: String,
    sources: Vec<Cited>,
    /// The documentation does not hold the answer; the sources are the nearest pages.
    abstained: bool,
    /// Every sentence is supported by what it cites.
    grounded: bool,
}

/// A section that the answer cites.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Cited {
    /// The number in the text.
    number: usize,
    /// For `fetch`.
    id: String,
    title: String,
    url: String,
    /// The words that answer, as they stand on the page.
    quote: String,
}

pub async fn run(asked: Asked<'_>, arguments: Arguments) -> Ran {
    let text = checked_query(&arguments.question)?;
    let server = asked.server;
    let scope = server.catalogue().scope(
        arguments.locale,
        arguments.version,
        arguments.path,
        None,
        None,
    )?;
    asked.take().await?;
    let question = Question {
        text,
        session_id: None,
        mode: Mode::FullBook,
        selected_text: None,
        scope,
        top_k: TOP_K,
        request_id: asked.request_id(),
        brought: Brought::default(),
    };
    let caller = asked.sender.as_ref().map(|sender| &sender.caller);
    let answer = match Hearing::whole(server, caller, question).await {
        Ok(answer) => answer,
        Err(problem) => {
            observe_failure(problem.code());
            if let Some(caller) = caller.filter(|_| problem.is_ours()) {
                limits::give_back(server, caller, None).await;
            }
            return Err(problem);
        }
    };
    observe(&answer);
    let answered = answered(answer, &asked.root());
    Ok(Outcome {
        text: Some(as_text(&answered)),
        structured: json!(answered),
    })
}

fn answered(answer: Answer, root: &str) -> Answered {
    let sources: Vec<Cited> = answer
        .sources
        .iter()
        .map(|source| Cited {
            number: source.id,
            id: source.url.clone(),
            title: [&[source.title.clone()][..], &source.heading_path]
                .concat()
                .join(" › "),
            url: absolute(root, &source.url),
            quote: source.quote.clone(),
        })
        .collect();
    let addresses = sources.iter().map(|one| (one.number, one.url.clone()));
    let mut linker = Linker::new(root, addresses.collect());
    let mut text = linker.push(&answer.text) + &linker.finish();
    if let Some(notice) = &answer.notice {
        text.push_str(&format!("\n\n_{notice}_"));
    }
    Answered {
        answer: text,
        sources,
        abstained: answer.abstained,
        grounded: answer.grounded,
    }
}

/// For agents that read texts alone.
fn as_text(answered: &Answered) -> String {
    let sources = answered
        .sources
        .iter()
        .map(|one| format!("[{}] {} {}\n", one.number, one.title, one.url));
    format!("{}\n\n{}", answered.answer, sources.collect::<String>())
}
