//! What can be set about embedding, and what is used when nothing is.

use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Who computes the vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmbedderKind {
    /// A model in this process.
    #[default]
    Local,
    /// A server that speaks OpenAI's `/v1/embeddings`.
    OpenAi,
}

/// How the local model is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// The fastest this machine can run.
    #[default]
    Auto,
    /// candle in f32, the reference.
    Candle,
    Portable,
    Avx2,
    AvxVnni,
    Avx512Vnni,
    NeonDotprod,
}

#[derive(Debug, Clone)]
pub struct Options {
    /// A folder with another model; the embedded one without.
    pub model_dir: Option<PathBuf>,
    pub embedder: EmbedderKind,
    pub engine: EngineKind,
    /// Model threads; 0 for one per core.
    pub threads: usize,
    /// Queries that may wait before the next is refused, and passages before an indexer waits.
    pub queue_len: usize,
    /// With or without the closing `/v1`.
    pub openai_base_url: String,
    pub openai_api_key: Secret,
    pub openai_model: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model_dir: None,
            embedder: EmbedderKind::default(),
            engine: EngineKind::default(),
            threads: 0,
            // A query takes milliseconds: 256 of them wait for about a second at most, after which
            // a reader has more of an honest 503.
            queue_len: 256,
            openai_base_url: "https://api.openai.com/v1".to_owned(),
            openai_api_key: Secret::new(""),
            openai_model: "text-embedding-3-small".to_owned(),
        }
    }
}

impl Options {
    /// The number of model threads these options come to on this machine.
    pub fn model_threads(&self) -> usize {
        match (self.threads, self.embedder) {
            (0, EmbedderKind::Local) => std::thread::available_parallelism().map_or(1, Into::into),
            // These threads only wait for a server; OpenAI's lowest tier allows far more requests.
            (0, EmbedderKind::OpenAi) => 4,
            (set, _) => set,
        }
    }
}

const EMBEDDERS: [(&str, EmbedderKind); 2] = [
    ("local", EmbedderKind::Local),
    ("openai", EmbedderKind::OpenAi),
];

const ENGINES: [(&str, EngineKind); 7] = [
    ("auto", EngineKind::Auto),
    ("candle", EngineKind::Candle),
    ("portable", EngineKind::Portable),
    ("avx2", EngineKind::Avx2),
    ("avx-vnni", EngineKind::AvxVnni),
    ("avx512-vnni", EngineKind::Avx512Vnni),
    ("neon-dotprod", EngineKind::NeonDotprod),
];

impl FromStr for EmbedderKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(&EMBEDDERS, text)
    }
}

impl FromStr for EngineKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(&ENGINES, text)
    }
}

impl fmt::Display for EmbedderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&EMBEDDERS, *self))
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&ENGINES, *self))
    }
}

fn named<T: Copy>(table: &[(&str, T)], text: &str) -> Result<T, String> {
    let found = table.iter().find(|(name, _)| *name == text);
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

fn name_of<T: Copy + PartialEq>(table: &[(&'static str, T)], kind: T) -> &'static str {
    let found = table.iter().find(|(_, k)| *k == kind);
    found.expect("every kind is in its table").0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for (name, kind) in ENGINES {
            assert_eq!(name.parse::<EngineKind>(), Ok(kind));
            assert_eq!(kind.to_string(), name);
            let json = serde_json::to_string(&kind).expect("a unit variant serialises");
            assert_eq!(json, format!("\"{name}\""));
        }
        for (name, kind) in EMBEDDERS {
            assert_eq!(name.parse::<EmbedderKind>(), Ok(kind));
            let json = serde_json::to_string(&kind).expect("a unit variant serialises");
            assert_eq!(json, format!("\"{name}\""));
        }
    }

    #[test]
    fn a_wrong_engine_is_answered_with_the_right_ones() {
        let error = "cuda".parse::<EngineKind>().expect_err("no such engine");
        assert!(error.contains("portable"), "{error}");
    }
}
