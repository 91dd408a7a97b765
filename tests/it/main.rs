//! Integration tests: one binary, one module per subject.

mod answer;
mod corpus_trees;
mod embedding;
mod http_errors;
mod http_query;
mod http_stream;
mod store;
mod test_app;
mod library;
