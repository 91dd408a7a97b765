//! Integration tests: one binary, one module per subject.

mod answer;
mod built_site;
mod corpus_bad_input;
mod corpus_chunks;
mod corpus_routes;
mod corpus_trees;
mod embedding;
mod http_errors;
mod http_query;
mod http_stream;
mod library;
mod store;
mod test_app;
