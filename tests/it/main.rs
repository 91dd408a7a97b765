//! Integration tests: one binary, one module per subject.

mod corpus_trees;
mod embedding;
