//! The shapes of the chat completions protocol, as little of them as is needed.
//!
//! Servers differ in what they add and leave out, so everything read is optional.

use crate::answer::generator::Used;
use crate::answer::prompt::{ChatMessage, ChatRole};
use serde::Deserialize;
use serde_json::{Value, json};

/// Low enough to stay with the passages; not 0, which some models loop at.
const TEMPERATURE: f64 = 0.2;

/// What one event of the stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Text(String),
    Used(Used),
    Failed(String),
    /// The model has said its last word; usage and the end mark may follow, and often don't.
    Finished,
    Nothing,
    End,
}

/// The body of a request; `plain` leaves out what some servers refuse.
pub(super) fn request(
    model: &str,
    messages: &[ChatMessage],
    max_tokens: u32,
    plain: bool,
) -> Value {
    let messages: Vec<Value> = messages
        .iter()
        .map(|m| json!({"role": role(m.role), "content": m.content}))
        .collect();
    let mut body = json!({"model": model, "messages": messages, "stream": true});
    if !plain {
        body["temperature"] = json!(TEMPERATURE);
        body["max_tokens"] = json!(max_tokens);
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

/// Reads the data of one server-sent event.
pub(super) fn read(data: &str) -> Result<Vec<Event>, String> {
    let data = data.trim();
    if data == "[DONE]" {
        return Ok(vec![Event::End]);
    }
    let chunk: Chunk = serde_json::from_str(data)
        .map_err(|_| "an event of the stream was not understood".to_owned())?;
    if let Some(error) = chunk.error {
        return Ok(vec![Event::Failed(error_text(&error))]);
    }
    let mut events = Vec::new();
    for choice in chunk.choices.unwrap_or_default() {
        let text = choice.delta.and_then(|d| d.content).unwrap_or_default();
        if !text.is_empty() {
            events.push(Event::Text(text));
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("length") => events.push(Event::Failed("it may say no more than this".to_owned())),
            Some("content_filter") => events.push(Event::Failed("a filter ended it".to_owned())),
            Some(_) => events.push(Event::Finished),
        }
    }
    if let Some(usage) = chunk.usage {
        events.push(Event::Used(Used {
            prompt: usage.prompt_tokens.unwrap_or(0),
            completion: usage.completion_tokens.unwrap_or(0),
        }));
    }
    if events.is_empty() {
        events.push(Event::Nothing);
    }
    Ok(events)
}

/// What went wrong, in the server's words, short enough for a log line.
pub(super) fn error_text(error: &Value) -> String {
    let text = error
        .get("message")
        .or_else(|| error.pointer("/error/message"))
        .and_then(Value::as_str)
        .or_else(|| error.as_str())
        .unwrap_or("no reason given");
    text.chars().take(200).collect()
}

fn role(role: ChatRole) -> &'static str {
    match role {
        ChatRole::System => "system",
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
    }
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}
