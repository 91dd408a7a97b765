//! The tools as agents see them: names, descriptions, shapes. All of them only read.

use super::{ask, fetch, search};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use rmcp::schemars::JsonSchema;
use serde_json::Value;
use std::any::Any;
use std::sync::{Arc, LazyLock};

pub const SEARCH_DOCS: &str = "search_docs";
/// The name that some connectors ask for.
pub const SEARCH: &str = "search";
pub const FETCH: &str = "fetch";
pub const ASK_DOCS: &str = "ask_docs";

/// Every tool.
pub fn all() -> Vec<Tool> {
    static ALL: LazyLock<Vec<Tool>> = LazyLock::new(|| {
        vec![
            tool::<search::Arguments, search::Found>(
                SEARCH_DOCS,
                "Search the documentation",
                "Finds the sections of the documentation that say most about a question, best first: \
                 id, title, url, and the part that was found. Ask in full words, in any of the \
                 documentation's languages. `fetch` reads what is found.",
            ),
            tool::<fetch::Arguments, fetch::Page>(
                FETCH,
                "Read a section or a page",
                "Reads a section or a whole page of the documentation as Markdown, by the id or the \
                 url that a search gave. An id with a # is one section; without it, the page.",
            ),
            tool::<search::AliasArguments, search::Found>(
                SEARCH,
                "Search the documentation",
                "The same as search_docs, with a query alone.",
            ),
            tool::<ask::Arguments, ask::Answered>(
                ASK_DOCS,
                "Ask the documentation",
                "Answers a question from the documentation in a few sentences, each with the section \
                 it comes from; says so when the documentation does not hold the answer.",
            ),
        ]
    });
    ALL.clone()
}

fn tool<Input: JsonSchema + Any, Output: JsonSchema + Any>(
    name: &'static str,
    title: &str,
    description: &'static str,
) -> Tool {
    let hints = ToolAnnotations::with_title(title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        // The documentation is all there is: no web behind it.
        .open_world(false);
    let mut tool = Tool::new(name, description, JsonObject::default())
        .with_title(title)
        .with_input_schema::<Input>()
        .with_output_schema::<Output>()
        .with_annotations(hints);
    tool.input_schema = Arc::new(plain(&tool.input_schema));
    tool.output_schema = tool.output_schema.map(|schema| Arc::new(plain(&schema)));
    tool
}

/// The schema without the names of Rust's number types (`uint`), at which clients' validators wonder.
fn plain(schema: &JsonObject) -> JsonObject {
    schema
        .iter()
        .filter(|(key, value)| *key != "format" || !value.is_string())
        .map(|(key, value)| {
            let value = match value {
                Value::Object(inner) => Value::Object(plain(inner)),
                other => other.clone(),
            };
            (key.clone(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_only_reads_and_says_what_comes_in_and_out() {
        for tool in all() {
            let hints = tool.annotations.expect("hints");
            assert_eq!(hints.read_only_hint, Some(true));
            assert_eq!(tool.input_schema["type"], "object");
            assert_eq!(tool.input_schema["additionalProperties"], false);
            let shapes = (tool.input_schema, tool.output_schema.expect("a shape"));
            assert_eq!(shapes.1["type"], "object");
            assert!(!format!("{shapes:?}").contains("uint"), "{shapes:?}");
        }
    }
}
