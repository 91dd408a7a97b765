//! `/admin/conversations`: what readers asked and were told, for those who run this. Who reads is
//! written down; who asked is not known, and what can point to them is taken out.

use crate::guard::audit::Action;
use crate::http::Server;
use crate::http::audit::note;
use crate::http::caller::{Admin, Caller};
use crate::http::extract::{Parameters, Segment};
use crate::http::problem::{Code, KeyRefusals, Problem, ProblemBody};
use crate::secret::without_personal_data;
use crate::store::{Conversation, Message, Rating, Role, StoreError};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const MAX_LIMIT: u32 = 100;
/// Messages of one conversation; longer ones are shown up to here.
const MAX_MESSAGES: u32 = 500;

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParameters {
    /// 1–100.
    #[serde(default = "default_limit")]
    #[param(default = 25, minimum = 1, maximum = 100)]
    limit: u32,
    /// Only those with a smaller number: `next` of the page before.
    #[param(minimum = 0)]
    before: Option<i64>,
}

fn default_limit() -> u32 {
    25
}

/// Conversations that have not expired, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversations)]
pub struct ListBody {
    conversations: Vec<ConversationBody>,
    /// For `before`, where there may be more.
    next: Option<u64>,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationBody {
    /// Not the session's id, which would open it to whoever knows it.
    number: u64,
    /// Its first question, without personal data.
    first_question: String,
    locale: String,
    questions: u64,
    /// Questions that found no answer.
    abstained: u64,
    rated_down: u64,
    #[schema(format = DateTime, value_type = String)]
    created_at: Timestamp,
    #[schema(format = DateTime, value_type = String)]
    last_used_at: Timestamp,
}

/// What was said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadConversation)]
pub struct ReadBody {
    number: u64,
    messages: Vec<MessageBody>,
}

/// A question or an answer, without personal data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadMessage)]
pub struct MessageBody {
    /// `user` or `assistant`.
    role: &'static str,
    text: String,
    /// Addresses that an answer cites.
    sources: Vec<String>,
    abstained: bool,
    /// Empty for a question.
    generator: String,
    locale: String,
    /// `up` or `down`, where rated.
    rating: Option<&'static str>,
    #[schema(format = DateTime, value_type = String)]
    at: Timestamp,
}

/// Lists conversations that have not expired.
#[utoipa::path(
    get, path = "/admin/conversations", operation_id = "list_conversations", tag = "operation", params(ListParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "The conversations", body = ListBody), KeyRefusals)
)]
pub async fn list(
    State(server): State<Server>,
    Admin(caller): Admin,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    if !(1..=MAX_LIMIT).contains(&asked.limit) {
        return Err(Problem::new(
            Code::InvalidParameter,
            format!("`limit` must be from 1 to {MAX_LIMIT}."),
        ));
    }
    let before = asked.before.map(u64::try_from).transpose().map_err(|_| {
        Problem::new(
            Code::InvalidParameter,
            "`before` is the number of a conversation.",
        )
    })?;
    let found = server
        .store
        .conversations
        .newest(before, asked.limit)
        .await?;
    note(&server, &caller, Action::ConversationList, "", "done").await;
    let next = found
        .last()
        .filter(|_| found.len() == asked.limit as usize)
        .map(|last| last.number);
    let mut conversations = Vec::with_capacity(found.len());
    for one in found {
        // One that a reader deletes at this moment is left out.
        match server.store.conversations.messages(one.number, 1).await {
            Ok(messages) => conversations.extend(messages.first().map(|first| body(&one, first))),
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let body = ListBody {
        conversations,
        next,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Reads one conversation. That is written to the audit log.
#[utoipa::path(
    get, path = "/admin/conversations/{id}", operation_id = "read_conversation", tag = "operation", params(("id" = String, Path, description = "Its number")), security(("key" = ["admin"])),
    responses(
        (status = 200, description = "What was said", body = ReadBody),
        (status = 404, description = "No such conversation", body = ProblemBody, content_type = "application/problem+json"),
        KeyRefusals,
    )
)]
pub async fn read(
    State(server): State<Server>,
    Admin(caller): Admin,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let read = messages(&server, &id).await;
    let result = read
        .as_ref()
        .map_or_else(|problem| problem.code().name(), |_| "done");
    written_down(&server, &caller, &id, result).await;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(read?)).into_response())
}

async fn messages(server: &Server, id: &str) -> Result<ReadBody, Problem> {
    let number: u64 = id.parse().map_err(|_| StoreError::NotFound)?;
    let conversations = &server.store.conversations;
    let messages = conversations.messages(number, MAX_MESSAGES).await?;
    Ok(ReadBody {
        number,
        messages: messages.into_iter().map(MessageBody::from).collect(),
    })
}

async fn written_down(server: &Server, caller: &Caller, id: &str, result: &str) {
    // A number, or whatever somebody sent in its place.
    let number = if id.parse::<u64>().is_ok() { id } else { "" };
    note(server, caller, Action::ConversationRead, number, result).await;
}

fn body(one: &Conversation, first: &Message) -> ConversationBody {
    ConversationBody {
        number: one.number,
        first_question: without_personal_data(&first.text),
        locale: first.locale.clone(),
        questions: one.questions,
        abstained: one.abstained,
        rated_down: one.rated_down,
        created_at: one.created_at,
        last_used_at: one.last_used_at,
    }
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        let sources = message.sources.as_array().into_iter().flatten();
        Self {
            role: match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            text: without_personal_data(&message.text),
            sources: sources
                .filter_map(|one| one["url"].as_str().map(str::to_owned))
                .collect(),
            abstained: message.abstained,
            generator: message.generator,
            locale: message.locale,
            rating: message.rating.map(|rating| match rating {
                Rating::Up => "up",
                Rating::Down => "down",
            }),
            at: message.created_at,
        }
    }
}
