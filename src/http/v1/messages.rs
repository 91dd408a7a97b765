//! OpenAI's list of messages → a question, the turns before it and the application's wishes.

use super::refusal::Refusal;
use crate::answer::Exchange;
use serde::Deserialize;
use utoipa::ToSchema;

/// Messages of one request at most: OpenAI's own limit for lists.
const MAX_MESSAGES: usize = 2_048;

/// One message of a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OpenAiMessage)]
pub struct MessageBody {
    role: RoleBody,
    /// The text; `null` where an assistant called tools.
    content: Option<ContentBody>,
    // What else SDKs put into messages (`name`, `tool_call_id`, `annotations`) says nothing here.
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OpenAiRole)]
pub enum RoleBody {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    Function,
}

/// A text, or its parts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = OpenAiContent)]
pub enum ContentBody {
    Text(String),
    Parts(Vec<PartBody>),
}

/// A part of a message's content; only text can be read here.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OpenAiContentPart)]
pub struct PartBody {
    /// `text`, or what an assistant refused with.
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

/// What a list of messages asks.
#[derive(Debug, Default, PartialEq)]
pub struct Asked {
    pub question: String,
    pub earlier: Vec<Exchange>,
    pub instructions: String,
}

/// Reads the messages; the last one of the user is the question.
pub fn read(messages: Vec<MessageBody>) -> Result<Asked, Refusal> {
    if messages.len() > MAX_MESSAGES {
        return Err(Refusal::about(
            "messages",
            "array_above_max_length",
            format!(
                "'messages' has at most {MAX_MESSAGES} elements; this one has {}.",
                messages.len()
            ),
        ));
    }
    let mut asked = Asked::default();
    for (at, message) in messages.into_iter().enumerate() {
        let text = text(message.content, at)?;
        match message.role {
            RoleBody::System | RoleBody::Developer => {
                if !asked.instructions.is_empty() {
                    asked.instructions.push('\n');
                }
                asked.instructions.push_str(&text);
            }
            RoleBody::User => asked.earlier.push(Exchange::new(text, String::new())),
            RoleBody::Assistant => {
                if let Some(last) = asked.earlier.last_mut() {
                    last.answer.push_str(&text);
                }
            }
            // Outcomes of tools are of no use: nothing here has called any.
            RoleBody::Tool | RoleBody::Function => {}
        }
    }
    let last = asked.earlier.pop().ok_or_else(|| {
        Refusal::invalid(
            "messages",
            "'messages' must hold a message of the role 'user': the question.",
        )
    })?;
    asked.question = last.question;
    Ok(asked)
}

fn text(content: Option<ContentBody>, at: usize) -> Result<String, Refusal> {
    let parts = match content {
        None => return Ok(String::new()),
        Some(ContentBody::Text(text)) => return Ok(text),
        Some(ContentBody::Parts(parts)) => parts,
    };
    let mut texts = Vec::with_capacity(parts.len());
    for (n, part) in parts.into_iter().enumerate() {
        match (part.kind.as_str(), part.text) {
            ("text", Some(text)) => texts.push(text),
            // An assistant's earlier refusal has no `text`.
            ("refusal", _) => {}
            (kind, _) => {
                return Err(Refusal::invalid(
                    format!("messages[{at}].content[{n}].type"),
                    format!("Only parts of the type 'text' can be read here, not '{kind}'."),
                ));
            }
        }
    }
    Ok(texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(json: serde_json::Value) -> Vec<MessageBody> {
        serde_json::from_value(json).expect("messages")
    }

    #[test]
    fn the_last_message_of_the_user_is_the_question_and_the_rest_is_conversation() {
        let asked = read(messages(serde_json::json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How long does the battery last?"},
            {"role": "assistant", "content": "Nine hours."},
            {"role": "developer", "content": [{"type": "text", "text": "No lists."}]},
            {"role": "user", "content": [{"type": "text", "text": "And how is"}, {"type": "text", "text": "it charged?"}]},
        ])))
        .expect("a question");
        assert_eq!(asked.question, "And how is\nit charged?");
        assert_eq!(asked.instructions, "Be brief.\nNo lists.");
        let turn = Exchange::new(
            "How long does the battery last?".to_owned(),
            "Nine hours.".to_owned(),
        );
        assert_eq!(asked.earlier, [turn]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let pictured = messages(serde_json::json!([
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]},
        ]));
        let refusal = read(pictured).expect_err("no text");
        let body = serde_json::to_value(refusal.body()).expect("serialises");
        assert_eq!(body["error"]["param"], "messages[0].content[0].type");
        assert!(
            read(messages(
                serde_json::json!([{"role": "system", "content": "Hi"}])
            ))
            .is_err()
        );
    }
}
