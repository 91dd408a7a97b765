//! The "model" part of a tokenizer.json: ours for unigram vocabularies, the crate's for all others.
//!
//! Only reading is done here. Vocabularies of 100,000 pieces go straight from the JSON text into
//! their arrays, without a tree of values in between.

use super::unigram::{PieceList, Unigram};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use tokenizers::models::{ModelWrapper, TrainerWrapper};
use tokenizers::{Model, Result, Token};

pub enum Pieces {
    Unigram(Unigram),
    Other(Box<ModelWrapper>),
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(PiecesVisitor)
    }
}

struct PiecesVisitor;

impl<'de> Visitor<'de> for PiecesVisitor {
    type Value = Pieces;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a tokenizer's model")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Pieces, A::Error> {
        let mut keys = Map::new();
        let mut list = None;
        while let Some(key) = map.next_key::<String>()? {
            // Every tokenizer.json has its type first; one that hasn't takes the longer way.
            if key == "vocab" && keys.get("type") == Some(&json!("Unigram")) {
                list = Some(map.next_value_seed(VocabularySeed)?);
            } else {
                keys.insert(key, map.next_value()?);
            }
        }
        if let Some(list) = list {
            let plain = keys.get("byte_fallback").is_none_or(|v| *v == json!(false));
            let unknown = keys.get("unk_id").and_then(Value::as_u64);
            if let (true, Some(unknown)) = (plain, unknown) {
                let unknown = usize::try_from(unknown).map_err(A::Error::custom)?;
                return Unigram::new(list, unknown)
                    .map(Pieces::Unigram)
                    .ok_or_else(|| A::Error::custom("unk_id is not in the vocabulary"));
            }
            let vocabulary = list.iter().map(|(piece, score)| json!([piece, score]));
            keys.insert("vocab".to_owned(), vocabulary.collect());
        }
        ModelWrapper::deserialize(Value::Object(keys))
            .map(|model| Pieces::Other(Box::new(model)))
            .map_err(A::Error::custom)
    }
}

struct VocabularySeed;

impl<'de> DeserializeSeed<'de> for VocabularySeed {
    type Value = PieceList;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<PieceList, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for VocabularySeed {
    type Value = PieceList;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of pieces with their scores")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<PieceList, A::Error> {
        #[derive(Deserialize)]
        struct Scored<'a>(#[serde(borrow)] Cow<'a, str>, f64);
        let mut list = PieceList::default();
        while let Some(Scored(piece, score)) = seq.next_element()? {
            list.push(&piece, score);
        }
        Ok(list)
    }
}

impl Model for Pieces {
    type Trainer = TrainerWrapper;

    fn tokenize(&self, word: &str) -> Result<Vec<Token>> {
        match self {
            Self::Unigram(model) => model.tokenize(word),
            Self::Other(model) => model.tokenize(word),
        }
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        match self {
            Self::Unigram(model) => model.token_to_id(token),
            Self::Other(model) => model.token_to_id(token),
        }
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        match self {
            Self::Unigram(model) => model.id_to_token(id),
            Self::Other(model) => model.id_to_token(id),
        }
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        match self {
            Self::Unigram(model) => model.get_vocab(),
            Self::Other(model) => model.get_vocab(),
        }
    }

    fn get_vocab_size(&self) -> usize {
        match self {
            Self::Unigram(model) => model.get_vocab_size(),
            Self::Other(model) => model.get_vocab_size(),
        }
    }

    fn save(&self, folder: &Path, prefix: Option<&str>) -> Result<Vec<PathBuf>> {
        match self {
            Self::Unigram(model) => model.save(folder, prefix),
            Self::Other(model) => model.save(folder, prefix),
        }
    }

    fn get_trainer(&self) -> TrainerWrapper {
        match self {
            Self::Unigram(model) => model.get_trainer().into(),
            Self::Other(model) => model.get_trainer(),
        }
    }
}
