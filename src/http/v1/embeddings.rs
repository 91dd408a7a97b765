//! `POST /v1/embeddings`: the encoder that the index is made with, for programs of one's own.
//!
//! The encoder tells questions from passages. `<encoder>-query` and `<encoder>-passage` say which
//! in the model's name; the plain name means questions, the encoder's own advice for texts that
//! are compared with one another, unless `input_type` says otherwise.

use super::refusal::{Refusal, RefusalBody};
use crate::embedding::{EmbedError, InputKind, ModelIdentity};
use crate::http::caller::Asker;
use crate::http::extract::Body;
use crate::http::problem::{Code, Problem};
use crate::http::{Server, limits, request_id};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// Texts of one request at most: OpenAI's own limit.
const MAX_INPUTS: usize = 2_048;
/// Tokens of one request at most: a second or two of one core, which readers' questions overtake.
const MAX_TOKENS: usize = 32_768;

/// Texts to be embedded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpenAiEmbeddingRequest)]
pub struct EmbeddingBody {
    model: String,
    #[schema(value_type = InputBody)]
    input: Value,
    /// `float` or `base64` (little-endian 32-bit floats).
    encoding_format: Option<FormatBody>,
    /// Keep only the first so many numbers, scaled to length 1 again.
    #[schema(minimum = 1)]
    dimensions: Option<usize>,
    /// `query` or `passage`, where the model's name does not say it.
    input_type: Option<InputTypeBody>,
    /// Ignored.
    #[allow(dead_code)]
    user: Option<String>,
}

/// One text, or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = OpenAiEmbeddingInput)]
pub enum InputBody {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OpenAiEncodingFormat)]
pub enum FormatBody {
    Float,
    Base64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InputType)]
pub enum InputTypeBody {
    Query,
    Passage,
}

/// The vectors, in the order of the texts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiEmbeddingList)]
pub struct EmbeddingsBody {
    /// `list`.
    object: &'static str,
    data: Vec<VectorBody>,
    model: String,
    usage: EmbeddingUsageBody,
}

/// One text's vector, of length 1.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiEmbedding)]
struct VectorBody {
    /// `embedding`.
    object: &'static str,
    index: usize,
    embedding: NumbersBody,
}

/// Numbers, or their bytes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = OpenAiVector)]
enum NumbersBody {
    Floats(Vec<f32>),
    Base64(String),
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiEmbeddingUsage)]
struct EmbeddingUsageBody {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// The names under which the encoder can be asked for.
pub fn names(server: &Server) -> [String; 3] {
    let name = &server.embeddings.embedder().identity().name;
    [
        name.clone(),
        format!("{name}-query"),
        format!("{name}-passage"),
    ]
}

/// Turns texts into vectors.
#[utoipa::path(
    post, path = "/v1/embeddings", operation_id = "create_embedding", tag = "openai", request_body = EmbeddingBody,
    responses(
        (status = 200, description = "The vectors", body = EmbeddingsBody),
        (status = 400, description = "A parameter is wrong or unsupported", body = RefusalBody),
        (status = 401, description = "An unknown key", body = RefusalBody),
        (status = 403, description = "A key that may not ask", body = RefusalBody),
        (status = 404, description = "No such model", body = RefusalBody),
        (status = 413, description = "Too large", body = RefusalBody),
        (status = 415, description = "Not application/json", body = RefusalBody),
        (status = 429, description = "Too many requests; see Retry-After", body = RefusalBody),
        (status = 500, description = "A fault on the server", body = RefusalBody),
        (status = 503, description = "Busy; see Retry-After", body = RefusalBody),
    )
)]
pub async fn embed(
    State(server): State<Server>,
    Asker(caller): Asker,
    Body(body): Body<EmbeddingBody>,
) -> Result<Response, Refusal> {
    let embedder = server.embeddings.embedder();
    let identity = embedder.identity();
    let kind = kind(&body, &identity.name)?;
    let dimensions = dimensions(&body, identity)?;
    let texts = texts(body.input)?;
    // Counting takes as long as reading: off the async threads.
    let (texts, tokens) = tokio::task::spawn_blocking({
        let embedder = Arc::clone(embedder);
        move || {
            let tokens: Vec<usize> = texts.iter().map(|t| embedder.count_tokens(t)).collect();
            (texts, tokens)
        }
    })
    .await
    .expect("counting tokens does not panic");
    let total = counted(&tokens, identity)?;
    let decision = match limits::take(&server, &caller, None).await {
        Ok(decision) => decision,
        Err(refused) => return Ok(*refused),
    };
    let mut vectors = match kind {
        InputKind::Passage => server.embeddings.embed_passages(texts).await,
        InputKind::Query => {
            let queries = texts.into_iter().map(|t| server.embeddings.embed_query(t));
            futures::future::try_join_all(queries).await
        }
    }
    .map_err(failed)?;
    vectors
        .iter_mut()
        .for_each(|vector| shorten(vector, dimensions));
    let format = body.encoding_format.unwrap_or(FormatBody::Float);
    let data = vectors
        .into_iter()
        .enumerate()
        .map(|(index, vector)| VectorBody {
            object: "embedding",
            index,
            embedding: match format {
                FormatBody::Float => NumbersBody::Floats(vector),
                FormatBody::Base64 => NumbersBody::Base64(base64(&vector)),
            },
        })
        .collect();
    let list = Json(EmbeddingsBody {
        object: "list",
        data,
        model: body.model,
        usage: EmbeddingUsageBody {
            prompt_tokens: total,
            total_tokens: total,
        },
    });
    Ok(limits::with_headers(list.into_response(), &decision))
}

fn kind(body: &EmbeddingBody, encoder: &str) -> Result<InputKind, Refusal> {
    let named = match body.model.strip_prefix(encoder) {
        Some("") => None,
        Some("-query") => Some(InputTypeBody::Query),
        Some("-passage") => Some(InputTypeBody::Passage),
        _ => return Err(Refusal::no_such_model(&body.model)),
    };
    match (named, body.input_type) {
        (Some(named), Some(said)) if named != said => Err(Refusal::invalid(
            "input_type",
            "'input_type' contradicts the model's name; leave one of them out.",
        )),
        (Some(InputTypeBody::Passage), _) | (None, Some(InputTypeBody::Passage)) => {
            Ok(InputKind::Passage)
        }
        _ => Ok(InputKind::Query),
    }
}

fn dimensions(body: &EmbeddingBody, identity: &ModelIdentity) -> Result<usize, Refusal> {
    let wanted = body.dimensions.unwrap_or(identity.dimension);
    if (1..=identity.dimension).contains(&wanted) {
        return Ok(wanted);
    }
    Err(Refusal::invalid(
        "dimensions",
        format!("'dimensions' must be from 1 to {}.", identity.dimension),
    ))
}

fn texts(input: Value) -> Result<Vec<String>, Refusal> {
    let texts = match serde_json::from_value(input) {
        Ok(InputBody::One(text)) => vec![text],
        Ok(InputBody::Several(texts)) => texts,
        Err(_) => {
            return Err(Refusal::invalid(
                "input",
                "'input' must be a text or a list of texts: tokens of other models mean nothing to \
                 this one (LangChain: OpenAIEmbeddings(check_embedding_ctx_length=False)).",
            ));
        }
    };
    if texts.is_empty() || texts.len() > MAX_INPUTS {
        return Err(Refusal::invalid(
            "input",
            format!("'input' must hold from 1 to {MAX_INPUTS} texts."),
        ));
    }
    if texts.iter().any(|text| text.trim().is_empty()) {
        return Err(Refusal::invalid(
            "input",
            "'input' must not hold empty texts.",
        ));
    }
    Ok(texts)
}

/// All tokens; refuses a text that would lose its end unseen.
fn counted(tokens: &[usize], identity: &ModelIdentity) -> Result<usize, Refusal> {
    // The prefix and the marks of beginning and end need some of the model's length.
    let longest = identity.max_tokens.saturating_sub(RESERVED_TOKENS);
    if let Some(at) = tokens.iter().position(|count| *count > longest) {
        return Err(Refusal::about(
            "input",
            "context_length_exceeded",
            format!(
                "This model's maximum context length is {longest} tokens; text {at} has {}. Cut it \
                 into passages.",
                tokens[at]
            ),
        ));
    }
    let total = tokens.iter().sum();
    if total > MAX_TOKENS {
        return Err(Refusal::about(
            "input",
            "max_tokens_per_request",
            format!(
                "A request has at most {MAX_TOKENS} tokens; this one has {total}. Send fewer texts at once."
            ),
        ));
    }
    Ok(total)
}

/// `passage: ` is three tokens of the embedded model, and each text has two special ones; other
/// models' prefixes are as short.
const RESERVED_TOKENS: usize = 6;

/// Keeps the first `dimensions` numbers, at length 1.
fn shorten(vector: &mut Vec<f32>, dimensions: usize) {
    if dimensions >= vector.len() {
        return;
    }
    vector.truncate(dimensions);
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}

fn failed(error: EmbedError) -> Refusal {
    /// Seconds after which a full queue is worth asking again.
    const SOON_S: u64 = 2;
    match error {
        EmbedError::Overloaded | EmbedError::Stopped => Problem::new(
            Code::Overloaded,
            "Too many texts are waiting; try again in a moment.",
        )
        .retry_after(SOON_S)
        .into(),
        EmbedError::Model(reason) | EmbedError::Upstream(reason) => {
            tracing::error!(
                request_id = request_id::current(),
                reason,
                "embedding failed"
            );
            Problem::internal().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_vector_has_length_one() {
        let mut vector = vec![0.6, 0.0, 0.8];
        shorten(&mut vector, 2);
        assert_eq!(vector, [1.0, 0.0]);
    }

    #[test]
    fn bytes_are_little_endian_floats() {
        assert_eq!(base64(&[1.0]), "AACAPw==");
    }
}
