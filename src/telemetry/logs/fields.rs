//! The words of the log that tools can rely on: the fields of a request's line, and the events.

/// A word with what it means.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub name: &'static str,
    pub help: &'static str,
}

const fn named(name: &'static str, help: &'static str) -> Named {
    Named { name, help }
}

/// The fields of every line, then those of a request's. A field without a value is left out.
pub const FIELDS: [Named; 26] = [
    named("timestamp", "When it was written, in UTC"),
    named("level", "`ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`"),
    named("target", "The part of the program that says it"),
    named(
        "message",
        "What happened; `request` for a request's own line",
    ),
    named(
        "request_id",
        "The request that it was written for, as in `X-Request-Id`",
    ),
    named("event", "What kind of thing this is, from the list below"),
    named("error", "What went wrong, where something did"),
    named(
        "method",
        "The request's method; `other` for one that no route knows",
    ),
    named(
        "route",
        "The route's template, such as `/sessions/{id}`; `site` for all pages",
    ),
    named(
        "status",
        "The response's status; 499 where the reader left before it",
    ),
    named("latency_ms", "Time to the response's head"),
    named("duration_ms", "Time to the last event of a streamed answer"),
    named("complete", "Whether a streamed answer was sent to its end"),
    named("session", "A hash of the conversation's id"),
    named("key", "The id of the key that was shown"),
    named("embed_ms", "Time to embed the question"),
    named("words_ms", "Time to search by words"),
    named("vectors_ms", "Time to search by vectors"),
    named("fuse_ms", "Time to fuse and judge what was found"),
    named("prompt_ms", "Time to write the prompt"),
    named(
        "first_token_ms",
        "Time from sending the prompt to the model's first word",
    ),
    named(
        "generation_ms",
        "Time to write the whole answer, by a model or by quoting",
    ),
    named("generator", "Who wrote the answer: `quoting` or `openai`"),
    named("abstained", "Whether the documentation does not say"),
    named("cached", "Whether the answer was remembered"),
    named(
        "sample",
        "Of so many requests that succeeded this is one; absent where all are logged",
    ),
];

/// Values of `event`. Those of security and of performance say so in their first word.
pub const EVENTS: [Named; 10] = [
    named("request", "A request that is over"),
    named(
        "security.refused",
        "A request without the right it needs, or for another server's name",
    ),
    named("security.limited", "A request turned away by a limit"),
    named(
        "security.audit",
        "Something that is in the audit log as well",
    ),
    named(
        "performance.slow",
        "A request that took longer than the service level allows",
    ),
    named(
        "performance.overloaded",
        "A request turned away because the server is busy or starting",
    ),
    named(
        "performance.database_busy",
        "The chat database could not be locked for writing",
    ),
    named(
        "performance.upstream_failed",
        "A model's server failed; the answer was quoted instead",
    ),
    named("cost.budget_low", "A budget is nearly used up"),
    named(
        "index.failed",
        "The documentation could not be indexed; the last index still answers, if there is one",
    ),
];
