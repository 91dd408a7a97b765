//! `ask`: one question, answered in the terminal as it is written.

use super::{progress, remote};
use crate::answer::{AnswerEvent, Brought, MAX_QUESTION, Mode, Question, Source};
use crate::app::App;
use crate::config::Config;
use crate::retrieval::Scope;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Arguments {
    /// The question
    question: String,
    /// Ask the pages of this locale
    #[arg(long)]
    locale: Option<String>,
    /// Ask this version of the documentation
    #[arg(long)]
    version: Option<String>,
    /// Number of sources to answer from
    #[arg(long, default_value_t = 5)]
    top_k: usize,
    /// The whole answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: remote::Server,
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let question = arguments.question.trim();
    anyhow::ensure!(
        !question.is_empty(),
        "write a question: rag-chatbot ask \"…\""
    );
    let length = question.chars().count();
    anyhow::ensure!(
        length <= MAX_QUESTION,
        "a question has at most {MAX_QUESTION} characters; this one has {length}"
    );
    if let Some(remote) = arguments.server.remote()? {
        let scope = serde_json::json!({"locale": arguments.locale, "version": arguments.version});
        let body = serde_json::json!({"query": question, "scope": scope, "top_k": arguments.top_k});
        return remote.ask(&body, arguments.json).await;
    }
    let app = App::open(config).await?;
    app.start_indexing(false);
    progress::follow(Arc::clone(app.library())).await;
    let mut events = app.answerer().ask(Question {
        text: question.to_owned(),
        session_id: None,
        mode: Mode::FullBook,
        selected_text: None,
        scope: Scope {
            locale: arguments.locale,
            version: arguments.version,
            path: None,
        },
        top_k: arguments.top_k,
        request_id: uuid::Uuid::new_v4().to_string(),
        brought: Brought::default(),
    });
    while let Some(event) = events.recv().await {
        match event {
            AnswerEvent::Token(text) if !arguments.json => {
                print!("{text}");
                std::io::stdout().flush()?;
            }
            AnswerEvent::Done(answer) => {
                if arguments.json {
                    println!("{}", serde_json::to_string_pretty(&answer)?);
                } else {
                    print!("{}", doubts(answer.notice.as_deref(), &answer.unsupported));
                    print_sources(&answer.sources);
                }
                return Ok(ExitCode::SUCCESS);
            }
            AnswerEvent::Failed(error) => return Err(error.into()),
            AnswerEvent::Session(_) | AnswerEvent::Sources(_) | AnswerEvent::Token(_) => {}
        }
    }
    anyhow::bail!("the answer ended before it was done")
}

/// What the reader must know about the answer above: it is on the screen already, so a sentence that
/// nothing supports is named below it.
fn doubts(notice: Option<&str>, unsupported: &[String]) -> String {
    let mut text = String::new();
    if let Some(notice) = notice {
        text.push_str(&format!("\n\n({notice})"));
    }
    if !unsupported.is_empty() {
        text.push_str("\n\nNot supported by the documentation:");
    }
    for sentence in unsupported {
        text.push_str(&format!("\n  ! {sentence}"));
    }
    text
}

fn print_sources(sources: &[Source]) {
    println!("\n");
    for source in sources {
        let path = [vec![source.title.clone()], source.heading_path.clone()].concat();
        println!("[{}] {}  {}", source.id, path.join(" › "), source.url);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_nothing_supports_is_named_below_the_answer() {
        let unsupported = ["Cats chase birds.".to_owned()];
        assert_eq!(
            doubts(Some("The model was busy."), &unsupported),
            "\n\n(The model was busy.)\n\nNot supported by the documentation:\n  ! Cats chase birds."
        );
        assert_eq!(doubts(None, &[]), "");
    }
}
