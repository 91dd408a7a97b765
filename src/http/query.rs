//! `POST /query` and `POST /query-selected-text`: a question in, an answer out, whole or streamed.
//!
//! This file checks and translates; what an answer is, is decided in `answer`.

use super::answered::{AnswerBody, observe, observe_failure};
use super::caller::{Asker, Caller};
use super::extract::Body;
use super::hearing::Hearing;
use super::problem::{Code, Problem, described};
use super::{Server, limits, request_id, stream};
use crate::answer::{Brought, MAX_QUESTION, Mode, Question};
use crate::retrieval::Scope;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::openapi::{self, RefOr};
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

/// One event of a stream.
#[derive(Debug, ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "described, and written by the frame")]
pub struct EventBody {
    /// `session`, `sources`, `token`, `done` or `error`; a heartbeat is a comment.
    event: Option<String>,
    /// JSON.
    data: Option<String>,
}

/// How both endpoints refuse, as the description lists it.
struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        described([
            (400, "Not JSON, or more than one credential"),
            (401, "A key that does not count"),
            (403, "A key that may not ask"),
            (404, "No such conversation"),
            (408, "The body came too slowly"),
            (413, "The selected text is too long"),
            (415, "Not application/json"),
            (422, "A wrong field"),
            (429, "Too many questions; see Retry-After"),
            (500, "A fault on the server"),
            (503, "Busy or not ready; see Retry-After"),
        ])
    }
}

/// Asks the documentation.
#[utoipa::path(
    post, path = "/query", tag = "questions", request_body = QueryBody,
    responses(
        (status = 200, description = "The answer; or, for streams, the events session, sources, token, done, error",
            content((AnswerBody = "application/json"), (EventBody = "text/event-stream"))),
        Refusals,
    )
)]
pub async fn query(
    State(server): State<Server>,
    Asker(caller): Asker,
    headers: HeaderMap,
    Body(body): Body<QueryBody>,
) -> Result<Response, Problem> {
    let streamed = body.stream || wants_events(&headers);
    let question = checked(&server, body)?;
    Ok(ask(&server, &caller, question, streamed).await)
}

/// Asks a selected text alone.
#[utoipa::path(
    post, path = "/query-selected-text", tag = "questions", request_body = SelectedTextBody,
    responses(
        (status = 200, description = "The answer, or that the text does not contain it",
            content((AnswerBody = "application/json"), (EventBody = "text/event-stream"))),
        Refusals,
    )
)]
pub async fn query_selected_text(
    State(server): State<Server>,
    Asker(caller): Asker,
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
        brought: Brought::default(),
    };
    Ok(ask(&server, &caller, question, wants_events(&headers)).await)
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
        brought: Brought::default(),
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

async fn ask(server: &Server, caller: &Caller, question: Question, streamed: bool) -> Response {
    let session = question.session_id.clone();
    let decision = match limits::take(server, caller, session.as_deref()).await {
        Ok(decision) => decision,
        Err(refused) => return *refused,
    };
    let answered = if streamed {
        begin_stream(server, caller, question).await
    } else {
        let request_id = question.request_id.clone();
        let answer = Hearing::whole(server, Some(caller), question).await;
        answer.map(|answer| {
            observe(&answer);
            // One reader's alone, whatever a proxy in front makes of it.
            let alone = (header::CACHE_CONTROL, "no-store");
            ([alone], axum::Json(AnswerBody::new(answer, request_id))).into_response()
        })
    };
    let response = match answered {
        Ok(response) => response,
        Err(problem) => {
            observe_failure(problem.code());
            if problem.is_ours() {
                limits::give_back(server, caller, session.as_deref()).await;
            }
            problem.into_response()
        }
    };
    limits::with_headers(response, &decision)
}

/// What fails before anything was said still gets its status.
async fn begin_stream(
    server: &Server,
    caller: &Caller,
    question: Question,
) -> Result<Response, Problem> {
    let place = stream::place(server)?;
    let request_id = question.request_id.clone();
    let mut hearing = Hearing::begin(server, Some(caller), question);
    let first = hearing.next().await?;
    Ok(stream::response(first, hearing, request_id, place))
}
