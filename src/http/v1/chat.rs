//! `POST /v1/chat/completions`: the last message is asked, the ones before it are conversation.
//!
//! This file reads and refuses; `chunks` writes the answer.

use super::chunks::{CompletionBody, Writer};
use super::messages::{self, MessageBody};
use super::profile;
use super::refusal::{Refusal, RefusalBody};
use crate::answer::{Brought, Mode, Question};
use crate::http::answered::{observe, observe_failure};
use crate::http::caller::{Asker, Caller};
use crate::http::extract::Body;
use crate::http::hearing::Hearing;
use crate::http::problem::Problem;
use crate::http::public_address::SiteAddress;
use crate::http::query::checked_query;
use crate::http::{Server, limits, request_id, stream};
use crate::retrieval::Scope;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Sources an answer is made from, as for `/query`.
const TOP_K: usize = 5;

/// Parameters of OpenAI's that change nothing here: answers are the documentation's, not sampled,
/// and nothing is stored for a client.
const IGNORED: [&str; 21] = [
    "frequency_penalty",
    "functions",
    "logit_bias",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "safety_identifier",
    "seed",
    "service_tier",
    "store",
    "temperature",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

/// A conversation to be continued.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OpenAiChatRequest)]
pub struct ChatBody {
    /// `docs`, `docs-quoting` or `docs-<locale>`.
    #[schema(example = "docs")]
    model: String,
    messages: Vec<MessageBody>,
    /// Chunks as server-sent events instead of one object.
    stream: Option<bool>,
    stream_options: Option<StreamOptionsBody>,
    /// Everything else OpenAI knows: ignored, or refused by name.
    #[serde(flatten)]
    #[schema(ignore)]
    others: Map<String, Value>,
}

/// How a stream is written.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = OpenAiStreamOptions)]
pub struct StreamOptionsBody {
    /// One more chunk at the end, with what was used.
    include_usage: Option<bool>,
}

/// Answers the last message from the documentation.
#[utoipa::path(
    post, path = "/v1/chat/completions", operation_id = "create_chat_completion", tag = "openai", request_body = ChatBody,
    responses(
        (status = 200, description = "The completion; or, for streams, its chunks and `[DONE]`",
            content((CompletionBody = "application/json"), (String = "text/event-stream"))),
        (status = 400, description = "A parameter is wrong or unsupported; `param` names it", body = RefusalBody),
        (status = 401, description = "An unknown key", body = RefusalBody),
        (status = 403, description = "A key that may not ask", body = RefusalBody),
        (status = 404, description = "No such model", body = RefusalBody),
        (status = 413, description = "Too large", body = RefusalBody),
        (status = 415, description = "Not application/json", body = RefusalBody),
        (status = 429, description = "Too many questions; see Retry-After", body = RefusalBody),
        (status = 500, description = "A fault on the server", body = RefusalBody),
        (status = 503, description = "Busy or not ready; see Retry-After", body = RefusalBody),
    )
)]
pub async fn complete(
    State(server): State<Server>,
    Asker(caller): Asker,
    site: SiteAddress,
    Body(body): Body<ChatBody>,
) -> Result<Response, Refusal> {
    refuse_unsupported(&body.others)?;
    let streamed = body.stream.unwrap_or_default();
    if body.stream_options.is_some() && !streamed {
        return Err(Refusal::invalid(
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        ));
    }
    let options = body.stream_options.unwrap_or_default();
    let profile = profile::named(&server, &body.model)?;
    let asked = messages::read(body.messages)?;
    let question = Question {
        text: checked_query(&asked.question).map_err(about_messages)?,
        session_id: None,
        mode: Mode::FullBook,
        selected_text: None,
        scope: Scope {
            locale: profile.locale,
            ..Scope::default()
        },
        top_k: TOP_K,
        request_id: request_id::current(),
        brought: Brought {
            earlier: asked.earlier,
            instructions: asked.instructions,
            quoting: profile.quoting,
        },
    };
    let decision = match limits::take(&server, &caller, None).await {
        Ok(decision) => decision,
        Err(refused) => return Ok(*refused),
    };
    let mut writer = Writer::new(&profile.name, &site);
    let answered = if streamed {
        begin_stream(&server, &caller, question, writer, options).await
    } else {
        let heard = Hearing::whole(&server, Some(&caller), question).await;
        heard.map(|answer| {
            observe(&answer);
            axum::Json(writer.whole(&answer)).into_response()
        })
    };
    let response = match answered {
        Ok(response) => response,
        Err(problem) => {
            observe_failure(problem.code());
            if problem.is_ours() {
                limits::give_back(&server, &caller, None).await;
            }
            Refusal::from(problem).into_response()
        }
    };
    Ok(limits::with_headers(response, &decision))
}

/// What fails before anything was said still gets its status.
async fn begin_stream(
    server: &Server,
    caller: &Caller,
    question: Question,
    writer: Writer,
    options: StreamOptionsBody,
) -> Result<Response, Problem> {
    let place = stream::place(server)?;
    let mut hearing = Hearing::begin(server, Some(caller), question);
    let _session = hearing.next().await?;
    Ok(writer.stream(hearing, place, options.include_usage.unwrap_or_default()))
}

fn about_messages(problem: Problem) -> Refusal {
    Refusal::from(problem).of("messages")
}

/// Refuses what would change the answer's shape, and what OpenAI does not know either.
fn refuse_unsupported(others: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in others.iter().filter(|(_, value)| !value.is_null()) {
        let fine = match name.as_str() {
            "n" => value == 1,
            "logprobs" => value == false,
            "response_format" => value["type"] == "text",
            // A model that may call tools may also answer without; one that must may not.
            "tools" => true,
            "tool_choice" | "function_call" => value == "auto" || value == "none",
            "modalities" => value
                .as_array()
                .is_some_and(|kinds| kinds.iter().all(|kind| kind == "text")),
            "stop" => value.as_array().is_some_and(Vec::is_empty),
            "audio" | "top_logprobs" => false,
            known if IGNORED.contains(&known) => true,
            unknown => {
                return Err(Refusal::about(
                    unknown,
                    "unknown_parameter",
                    format!("Unknown parameter: '{unknown}'."),
                ));
            }
        };
        if !fine {
            return Err(Refusal::unsupported(name, REASONS_ARE_DOCUMENTED));
        }
    }
    Ok(())
}

const REASONS_ARE_DOCUMENTED: &str = "is not supported with this value: answers are one text, \
    quoted or written from the documentation, without tools or formats of its own. Leave it out.";

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(parameters: Value) -> Option<String> {
        let Value::Object(others) = parameters else {
            panic!("an object");
        };
        let refusal = refuse_unsupported(&others).err()?;
        let body = serde_json::to_value(refusal.body()).expect("serialises");
        Some(body["error"]["param"].as_str()?.to_owned())
    }

    #[test]
    fn what_would_change_the_answers_shape_is_refused_by_name() {
        use serde_json::json;
        for (name, value) in [
            ("n", json!(2)),
            ("logprobs", json!(true)),
            ("response_format", json!({"type": "json_object"})),
            ("tool_choice", json!("required")),
            ("function_call", json!({"name": "look_up"})),
            ("modalities", json!(["text", "audio"])),
            ("stop", json!(["\n"])),
            ("audio", json!({})),
            ("no_such_thing", json!(1)),
        ] {
            assert_eq!(refused(json!({ name: value })).as_deref(), Some(name));
        }
        let ignored = json!({
            "n": 1, "temperature": 0.2, "max_tokens": 5, "tools": [{}], "tool_choice": "auto",
            "function_call": "none", "modalities": ["text"],
            "response_format": {"type": "text"}, "stop": null, "user": "u", "seed": 7,
        });
        assert_eq!(refused(ignored), None);
    }
}
