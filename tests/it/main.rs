//! Integration tests: one binary, one module per subject.

mod access;
mod answer;
mod architecture;
mod budget;
mod built_site;
mod cli;
mod corpus_bad_input;
mod corpus_chunks;
mod corpus_routes;
mod corpus_trees;
mod documented;
mod embedding;
mod eval_sets;
mod http_errors;
mod http_query;
mod http_stream;
mod killed;
mod library;
mod listener;
mod plain_folder;
mod site_build;
mod site_pages;
mod store;
mod test_app;
mod tls;
mod trouble;
