//! # The map
//!
//! `rag-chatbot` turns a folder of documentation into a site you can talk to.
//! One process, one story: documentation flows down once, questions flow across it many times.
//!
//! ```text
//!  docs folder ─► corpus ─► chunks ─► embeddings ─► index (a generation on disk, swapped whole)
//!                                                     │
//!  reader ─► http ─► answer ◄──── retrieval ◄─────────┘
//!             │        └─► generator: OpenAI-compatible server │ quoting
//!           site + widget
//! ```
//!
//! ## The import law
//!
//! A module imports only from lower layers; siblings of one layer do not import each other, except
//! `corpus`'s plain types. `tests/it/architecture.rs` reads the `use crate::` lines and holds this.
//!
//! | layer | modules | what lives there |
//! |---|---|---|
//! | 6 | `app`, `config`, `cli` | composition: settings → parts → process |
//! | 5 | `http` | routes, wire types, the site; the only folder that knows axum |
//! | 4 | `answer`, `eval`, `gaps` | the online story: question → stream of `AnswerEvent`; how good retrieval is; what the documentation lacks |
//! | 3 | `ingest`, `retrieval` | the offline story; hybrid search |
//! | 2 | `index`, `guard`, `backup` | the searchable snapshot; who may ask, and how much; a second copy of what must not be lost |
//! | 1 | `corpus`, `embedding`, `store` | what documentation is; text → vector; what must not be lost |
//! | 0 | `cache`, `language`, `secret`, `telemetry` | what is remembered for a while; script and language of a text; hidden strings; logs, metric names, traces, fault reports |
//! | −1 | `outbound` | the one way to other servers, for those of layer 0 too |
//!
//! ## Glossary (one word per idea)
//!
//! - **Document**: one page of documentation in one locale and version.
//! - **Section**: a heading and the text under it up to the next heading; the unit of citing.
//! - **Chunk**: a section, or a part of a long one, small enough for the embedding model.
//! - **Detail**: a chunk's heading, or a few of its sentences, with a vector of its own.
//! - **Passage**: a chunk together with the scores one question gave it.
//! - **Turn**: one question and its answer within a session.
//! - **Generation**: one complete index on disk; replaced whole, never repaired.
//! - **Gap**: a question that readers asked in vain: not answered, or answered so that they rated it down.
//! - **Scope**: the part of the documentation a question is asked of (locale, version, path).
#![deny(unsafe_code)]

pub mod outbound;

pub mod cache;
pub mod language;
pub mod secret;
pub mod telemetry;

pub mod corpus;
pub mod embedding;
pub mod store;

pub mod backup;
pub mod guard;
pub mod index;

pub mod ingest;
pub mod retrieval;

pub mod answer;
pub mod eval;
pub mod gaps;

pub mod http;

pub mod app;
pub mod cli;
pub mod config;
