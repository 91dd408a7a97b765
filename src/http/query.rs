//! `POST /query` and `POST /query-selected-text`: a question in, an answer out, whole or streamed.
//!
//! This file checks and translates; what an answer is, is decided in `answer`.

use super::answered::{AnswerBody, observe, observe_failure};
use super::extract::{Body, Client};
use super::problem::{Code, Problem, ProblemBody};
use super::{Server, limits, request_id, stream};
use crate::answer::{AnswerEvent, MAX_QUESTION, Mode, Question};
use crate::retrieval::Scope;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use tokio::sync::mpsc;
use utoipa::openapi::{self, Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// Characters of a selection at most (the contract's).
const MAX_SELECTION: usize = 10_000;
/// Sources an answer can be made from; more do not fit a prompt.
const MAX_TOP_K: usize = 20;

/// A question to the documentation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryBody {
    /// At most 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    query: String,
    /// Continue this conversation; without it a new one begins.
    session_id: Option<String>,
    #[serde(default)]
    mode: ModeBody,
    /// At most 10 000 characters; for mode `selected_text`.
    #[schema(max_length = 10000)]
    selected_text: Option<String>,
    /// Title or path of the chapter to search in.
    chapter_filter: Option<String>,
    scope: Option<ScopeBody>,
    /// Number of sources to answer from.
    #[serde(default = "default_top_k")]
    #[schema(minimum = 1, maximum = 20, default = 5)]
    top_k: usize,
    /// Server-sent events instead of one JSON object; `Accept: text/event-stream` asks for the same.
    #[serde(default)]
    stream: bool,
    /// Version of the documentation, where it has versions.
    book_version: Option<String>,
}

/// A question to a selected text alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectedTextBody {
    /// At most 10 000 characters.
    #[schema(min_length = 1, max_length = 10000)]
    selected_text: String,
    /// At most 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    query: String,
    session_id: Option<String>,
}

/// What the answer is made from.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Mode)]
pub enum ModeBody {
    #[default]
    FullBook,
    SelectedText,
}

/// The part of the documentation a question is asked of.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Scope)]
pub struct ScopeBody {
    locale: Option<String>,
    version: Option<String>,
    /// Beginning of the pages' paths (`/docs/guides`).
    path: Option<String>,
}

fn default_top_k() -> usize {
    5
}

/// How both endpoints refuse, as the description lists it.
struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let refusals = [
            (400, "Not JSON"),
            (404, "No such conversation"),
            (413, "The selected text is too long"),
            (415, "Not application/json"),
            (422, "A wrong field"),
            (429, "Too many questions; see Retry-After"),
            (500, "A fault on the server"),
            (503, "Busy or not ready; see Retry-After"),
        ];
        refusals
            .map(|(status, description)| {
                let problem = Ref::from_schema_name(ProblemBody::name());
                let response = ResponseBuilder::new()
                    .description(description)
                    .content("application/problem+json", Content::new(Some(problem)));
                (status.to_string(), response.build().into())
            })
            .into()
    }
}

/// Asks the documentation.
#[utoipa::path(
    post, path = "/query", tag = "questions", request_body = QueryBody,
    responses(
        (status = 200, description = "The answer; or, for streams, the events session, sources, token, done, error",
            content((AnswerBody = "application/json"), (String = "text/event-stream"))),
        Refusals,
    )
)]
pub async fn query(
    State(server): State<Server>,
    Client(address): Client,
    headers: HeaderMap,
    Body(body): Body<QueryBody>,
) -> Result<Response, Problem> {
    let streamed = body.stream || wants_events(&headers);
    let question = checked(&server, body)?;
    Ok(ask(&server, address, question, streamed).await)
}

/// Asks a selected text alone.
#[utoipa::path(
    post, path = "/query-selected-text", tag = "questions", request_body = SelectedTextBody,
    responses(
        (status = 200, description = "The answer, or that the text does not contain it",
            content((AnswerBody = "application/json"), (String = "text/event-stream"))),
        Refusals,
    )
)]
pub async fn query_selected_text(
    State(server): State<Server>,
    Client(address): Client,
    headers: HeaderMap,
    Body(body): Body<SelectedTextBody>,
) -> Result<Response, Problem> {
    let question = Question {
        text: checked_query(&body.query)?,
        session_id: body.session_id,
        mode: Mode::SelectedText,
        selected_text: Some(checked_selection(body.selected_text)?),
        scope: Scope::default(),
        top_k: default_top_k(),
        request_id: request_id::current(),
    };
    Ok(ask(&server, address, question, wants_events(&headers)).await)
}

fn checked(server: &Server, body: QueryBody) -> Result<Question, Problem> {
    let text = checked_query(&body.query)?;
    let selected_text = body.selected_text.map(checked_selection).transpose()?;
    let mode = match body.mode {
        ModeBody::FullBook => Mode::FullBook,
        ModeBody::SelectedText => Mode::SelectedText,
    };
    if mode == Mode::SelectedText && selected_text.is_none() {
        return Err(Problem::new(
            Code::SelectionMissing,
            "Mode `selected_text` needs a `selected_text`.",
        ));
    }
    if !(1..=MAX_TOP_K).contains(&body.top_k) {
        return Err(Problem::new(
            Code::InvalidField,
            format!("`top_k` must be from 1 to {MAX_TOP_K}."),
        ));
    }
    let scope = body.scope.unwrap_or_default();
    let scope = server.catalogue().scope(
        scope.locale,
        scope.version,
        scope.path,
        body.book_version.as_deref(),
        body.chapter_filter.as_deref(),
    )?;
    Ok(Question {
        text,
        session_id: body.session_id,
        mode,
        selected_text: selected_text.filter(|_| mode == Mode::SelectedText),
        scope,
        top_k: body.top_k,
        request_id: request_id::current(),
    })
}

pub(super) fn checked_query(query: &str) -> Result<String, Problem> {
    let query = query.trim();
    if query.is_empty() {
        return Err(Problem::new(Code::QueryEmpty, "Write a question first."));
    }
    let length = query.chars().count();
    if length > MAX_QUESTION {
        return Err(Problem::new(
            Code::QueryTooLong,
            format!("A question has at most {MAX_QUESTION} characters; this one has {length}."),
        ));
    }
    Ok(query.to_owned())
}

fn checked_selection(text: String) -> Result<String, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::new(
            Code::SelectionMissing,
            "The selected text is empty.",
        ));
    }
    let length = text.chars().count();
    if length > MAX_SELECTION {
        return Err(Problem::new(
            Code::SelectionTooLong,
            format!("A selection has at most {MAX_SELECTION} characters; this one has {length}."),
        ));
    }
    Ok(text)
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"))
}

async fn ask(server: &Server, address: IpAddr, question: Question, streamed: bool) -> Response {
    let decision = match limits::take(server, address, question.session_id.as_deref()) {
        Ok(decision) => decision,
        Err(refused) => return *refused,
    };
    let request_id = question.request_id.clone();
    let mut events = server.answerer.ask(question);
    let response = if streamed {
        // What fails before anything was said still gets its status.
        match events.recv().await {
            Some(AnswerEvent::Failed(error)) => failed(error.into()),
            None => failed(ended_early()),
            Some(first) => stream::response(first, events, request_id),
        }
    } else {
        match whole(events).await {
            Ok(answer) => axum::Json(AnswerBody::new(answer, request_id)).into_response(),
            Err(problem) => failed(problem),
        }
    };
    limits::with_headers(response, &decision)
}

fn failed(problem: Problem) -> Response {
    observe_failure(problem.code());
    problem.into_response()
}

async fn whole(mut events: mpsc::Receiver<AnswerEvent>) -> Result<crate::answer::Answer, Problem> {
    while let Some(event) = events.recv().await {
        match event {
            AnswerEvent::Done(answer) => {
                observe(&answer);
                return Ok(*answer);
            }
            AnswerEvent::Failed(error) => return Err(error.into()),
            AnswerEvent::Session(_) | AnswerEvent::Sources(_) | AnswerEvent::Token(_) => {}
        }
    }
    Err(ended_early())
}

/// An answer that stops without a last event: the process is going down.
pub(super) fn ended_early() -> Problem {
    Problem::new(
        Code::Overloaded,
        "The server is restarting; try again in a moment.",
    )
    .retry_after(2)
}
