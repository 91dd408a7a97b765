//! An answer as OpenAI's completion, whole or in chunks: linked citations in the text, and the same
//! citations as `annotations`.

use super::refusal::Refusal;
use crate::answer::{Answer, AnswerEvent, Linker, Source, absolute};
use crate::http::answered::{observe, observe_failure};
use crate::http::hearing::Hearing;
use crate::http::problem::Problem;
use crate::http::public_address::SiteAddress;
use crate::http::stream::sse;
use axum::response::Response;
use axum::response::sse::Event;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

/// A whole completion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiCompletion)]
pub struct CompletionBody {
    id: String,
    /// `chat.completion`.
    object: &'static str,
    /// Unix time.
    created: i64,
    model: String,
    choices: Vec<ChoiceBody>,
    usage: UsageBody,
}

/// The one choice there is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiChoice)]
struct ChoiceBody {
    index: u32,
    message: AnswerMessageBody,
    #[schema(required = true)]
    logprobs: Option<String>,
    /// `stop`.
    finish_reason: &'static str,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiAnswer)]
struct AnswerMessageBody {
    /// `assistant`.
    role: &'static str,
    /// Markdown, with citations as links: `[[1]](https://…)`.
    content: String,
    #[schema(required = true)]
    refusal: Option<String>,
    annotations: Vec<AnnotationBody>,
}

/// A citation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiAnnotation)]
struct AnnotationBody {
    /// `url_citation`.
    #[serde(rename = "type")]
    kind: &'static str,
    url_citation: CitationBody,
}

/// What is cited, and where in the text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiUrlCitation)]
struct CitationBody {
    /// First letter of the link in the text.
    start_index: usize,
    /// The letter after its last.
    end_index: usize,
    title: String,
    url: String,
}

/// Tokens used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiUsage)]
struct UsageBody {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

/// Writes one answer.
pub struct Writer {
    id: String,
    model: String,
    created: i64,
    root: String,
    sources: Vec<Source>,
    linker: Linker,
}

impl Writer {
    pub fn new(model: &str, site: &SiteAddress) -> Self {
        Self {
            id: format!("chatcmpl-{}", uuid::Uuid::new_v4().simple()),
            model: model.to_owned(),
            created: jiff::Timestamp::now().as_second(),
            root: site.root.clone(),
            sources: Vec::new(),
            linker: Linker::new(&site.root, Vec::new()),
        }
    }

    /// Learns what the numbers in the text stand for. Comes before the text.
    fn cite(&mut self, sources: &[Source]) {
        let addresses = sources
            .iter()
            .map(|source| (source.id, absolute(&self.root, &source.url)))
            .collect();
        self.sources = sources.to_vec();
        self.linker = Linker::new(&self.root, addresses);
    }

    /// The next piece of text, as far as it is decided.
    fn write(&mut self, piece: &str) -> String {
        self.linker.push(piece)
    }

    /// The end of the text. What the reader should know about the answer stands below it: this
    /// protocol has no other place for it.
    fn finish(&mut self, answer: &Answer) -> String {
        let mut text = self.linker.finish();
        if let Some(notice) = &answer.notice {
            text.push_str(&format!("\n\n_{notice}_"));
        }
        text
    }

    /// The whole answer at once.
    pub fn whole(&mut self, answer: &Answer) -> CompletionBody {
        self.cite(&answer.sources);
        let content = self.write(&answer.text) + &self.finish(answer);
        CompletionBody {
            object: "chat.completion",
            created: self.created,
            model: self.model.clone(),
            choices: vec![ChoiceBody {
                index: 0,
                message: AnswerMessageBody {
                    role: "assistant",
                    content,
                    refusal: None,
                    annotations: self.annotations(),
                },
                logprobs: None,
                finish_reason: "stop",
            }],
            usage: usage(answer),
            id: self.id.clone(),
        }
    }

    /// The response that goes on until the answer is done. When the client goes, the body is
    /// dropped, and with it the receiver: the work stops.
    pub fn stream(
        self,
        hearing: Hearing,
        place: OwnedSemaphorePermit,
        include_usage: bool,
    ) -> Response {
        let opening = self.chunk(
            &json!({"role": "assistant", "content": ""}),
            None,
            include_usage,
        );
        let first = futures::stream::once(async move { Ok(opening) });
        let state = Some((self, hearing, place));
        let rest = futures::stream::unfold(state, move |state| async move {
            let (mut writer, mut hearing, place) = state?;
            let event = hearing.next().await;
            let (chunks, last) = writer.translate(event, include_usage);
            let rest = (!last).then_some((writer, hearing, place));
            Some((futures::stream::iter(chunks.into_iter().map(Ok)), rest))
        });
        sse(futures::StreamExt::chain(
            first,
            futures::StreamExt::flatten(rest),
        ))
    }

    /// The chunks of one event, and whether they are the last.
    fn translate(
        &mut self,
        event: Result<AnswerEvent, Problem>,
        include_usage: bool,
    ) -> (Vec<Event>, bool) {
        let text_chunk = |writer: &Self, text: String| {
            writer.chunk(&json!({ "content": text }), None, include_usage)
        };
        match event {
            Ok(AnswerEvent::Session(_) | AnswerEvent::Failed(_)) => (Vec::new(), false),
            Ok(AnswerEvent::Sources(sources)) => {
                self.cite(&sources);
                (Vec::new(), false)
            }
            Ok(AnswerEvent::Token(piece)) => {
                let text = self.write(&piece);
                let chunk = (!text.is_empty()).then(|| text_chunk(self, text));
                (chunk.into_iter().collect(), false)
            }
            Ok(AnswerEvent::Done(answer)) => {
                observe(&answer);
                let mut chunks = Vec::new();
                let rest = self.finish(&answer);
                if !rest.is_empty() {
                    chunks.push(text_chunk(self, rest));
                }
                let cited = json!({ "annotations": self.annotations() });
                chunks.push(self.chunk(&cited, Some("stop"), include_usage));
                if include_usage {
                    let used = json!(usage(&answer));
                    chunks.push(data(&self.frame(json!([]), Some(used))));
                }
                chunks.push(Event::default().data("[DONE]"));
                (chunks, true)
            }
            Err(problem) => (vec![failed(problem)], true),
        }
    }

    fn chunk(&self, delta: &Value, finish_reason: Option<&str>, include_usage: bool) -> Event {
        let choice = json!([{
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason,
        }]);
        // With `include_usage` every chunk has the field, and all but the last say nothing in it.
        data(&self.frame(choice, include_usage.then_some(Value::Null)))
    }

    fn frame(&self, choices: Value, usage: Option<Value>) -> Value {
        let mut frame = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created,
            "model": self.model, "choices": choices,
        });
        if let Some(usage) = usage {
            frame["usage"] = usage;
        }
        frame
    }

    fn annotations(&self) -> Vec<AnnotationBody> {
        let annotation = |link: &crate::answer::Link| {
            let source = self.sources.iter().find(|one| one.id == link.source)?;
            Some(AnnotationBody {
                kind: "url_citation",
                url_citation: CitationBody {
                    start_index: link.start,
                    end_index: link.end,
                    title: title(source),
                    url: absolute(&self.root, &source.url),
                },
            })
        };
        self.linker.links().iter().filter_map(annotation).collect()
    }
}

/// Page and section, as far as they differ.
fn title(source: &Source) -> String {
    if source.section.is_empty() || source.section == source.title {
        source.title.clone()
    } else {
        format!("{} › {}", source.title, source.section)
    }
}

fn usage(answer: &Answer) -> UsageBody {
    let prompt = answer.usage.embedding + answer.usage.prompt;
    UsageBody {
        prompt_tokens: prompt,
        completion_tokens: answer.usage.completion,
        total_tokens: prompt + answer.usage.completion,
    }
}

fn data(chunk: &Value) -> Event {
    Event::default().data(chunk.to_string())
}

fn failed(problem: Problem) -> Event {
    observe_failure(problem.code());
    data(&json!(Refusal::from(problem).body()))
}
