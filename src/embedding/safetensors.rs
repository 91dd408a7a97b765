//! Reads an encoder from a sentence-transformers folder: safetensors and the JSON files beside it.
//!
//! Covers BERT and its RoBERTa-shaped relatives (which only count positions from another row).
//! What it can't honour (a dense layer after pooling, relative positions) is refused by name rather
//! than ignored, because a wrong vector looks just like a right one.

use super::EmbedError;
use super::weights::{Activation, Encoding, Pooling, Shape, Tensor, Weights, names};
use bytes::Bytes;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

/// What a folder says besides its tensors.
#[derive(Debug)]
pub struct Folder {
    pub weights: Weights,
    /// Longest input in tokens, if a file limits it further than the position table does.
    pub max_tokens: Option<usize>,
    pub query_prefix: String,
    pub passage_prefix: String,
}

/// The weight file's name in a folder.
pub const WEIGHTS_FILE: &str = "model.safetensors";

/// Puts the folder's files together; `weights` are the bytes of [`WEIGHTS_FILE`].
pub fn read(folder: &Path, weights: Bytes) -> Result<Folder, EmbedError> {
    let config: Config = required(folder, "config.json")?;
    let first_position = match config.model_type.as_deref() {
        None | Some("bert") => 0,
        // RoBERTa's positions start behind the padding index.
        Some("roberta" | "xlm-roberta" | "camembert") => config.pad_token_id.unwrap_or(1) + 1,
        Some(other) => {
            return Err(EmbedError::Model(format!(
                "config.json says model_type `{other}`; bert, roberta, xlm-roberta and camembert can be used"
            )));
        }
    };
    if let Some(other) = config.position_embedding_type.filter(|t| t != "absolute") {
        return Err(EmbedError::Model(format!(
            "config.json says position_embedding_type `{other}`; only absolute can be used"
        )));
    }
    let activation = match config.hidden_act.as_str() {
        "gelu" => Activation::Gelu,
        "gelu_new" | "gelu_pytorch_tanh" => Activation::GeluTanh,
        "relu" => Activation::Relu,
        other => {
            return Err(EmbedError::Model(format!(
                "config.json says hidden_act `{other}`; gelu, gelu_new and relu can be used"
            )));
        }
    };
    let shape = Shape {
        hidden: config.hidden_size,
        layers: config.num_hidden_layers,
        heads: config.num_attention_heads,
        feed_forward: config.intermediate_size,
        vocabulary: config.vocab_size,
        positions: config
            .max_position_embeddings
            .saturating_sub(first_position),
        token_types: config.type_vocab_size,
        epsilon: config.layer_norm_eps,
        activation,
        pooling: pooling(folder)?,
    };
    let limits: Option<Limits> = optional(folder, "sentence_bert_config.json")?;
    let prompts = optional::<SentenceConfig>(folder, "config_sentence_transformers.json")?
        .unwrap_or_default()
        .prompts;
    let prompt = |names: &[&str]| {
        let found = names.iter().find_map(|name| prompts.get(*name));
        found.cloned().flatten().unwrap_or_default()
    };
    Ok(Folder {
        weights: Weights::new(shape, tensors(weights, first_position)?)?,
        max_tokens: limits.and_then(|l| l.max_seq_length),
        query_prefix: prompt(&["query"]),
        passage_prefix: prompt(&["passage", "document"]),
    })
}

fn tensors(bytes: Bytes, first_position: usize) -> Result<BTreeMap<String, Tensor>, EmbedError> {
    let views = SafeTensors::deserialize(&bytes).map_err(|e| {
        EmbedError::Model(format!(
            "{WEIGHTS_FILE} is cut off or not a safetensors file ({e})"
        ))
    })?;
    let mut tensors = BTreeMap::new();
    for (name, view) in views.tensors() {
        let encoding = match view.dtype() {
            Dtype::F32 => Encoding::F32,
            Dtype::F16 => Encoding::F16,
            Dtype::BF16 => Encoding::Bf16,
            // Position numbers are stored beside the weights by old versions; others are missed
            // by name if they matter.
            _ => continue,
        };
        let Some(tensor) = Tensor::new(
            view.shape().to_vec(),
            encoding,
            bytes.slice_ref(view.data()),
        ) else {
            continue;
        };
        let name = ["bert.", "roberta.", "model."]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(&name)
            .to_owned();
        let tensor = match name == names::POSITIONS && first_position > 0 {
            true => tensor
                .skip_rows(first_position)
                .ok_or_else(|| EmbedError::Model(format!("tensor `{name}` has too few rows")))?,
            false => tensor,
        };
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// sentence-transformers' steps after the encoder. Normalising is done in any case.
fn pooling(folder: &Path) -> Result<Pooling, EmbedError> {
    let Some(modules) = optional::<Vec<Module>>(folder, "modules.json")? else {
        return Ok(Pooling::Mean);
    };
    let mut pooling = Pooling::Mean;
    for module in modules {
        match module.kind.rsplit('.').next() {
            Some("Transformer" | "Normalize") => {}
            Some("Pooling") => {
                let file = format!("{}/config.json", module.path);
                pooling = required::<PoolingConfig>(folder, &file)?.choice(&file)?;
            }
            _ => {
                return Err(EmbedError::Model(format!(
                    "modules.json asks for `{}`, which is not supported",
                    module.kind
                )));
            }
        }
    }
    Ok(pooling)
}

#[derive(Deserialize)]
struct Config {
    model_type: Option<String>,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "bert_epsilon")]
    layer_norm_eps: f32,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
}

/// BERT's defaults for keys that old files leave out.
fn two() -> usize {
    2
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn bert_epsilon() -> f32 {
    1e-12
}

#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
struct PoolingConfig {
    /// Later versions name the mode; earlier ones have a switch for each.
    pooling_mode: Option<String>,
    #[serde(flatten)]
    switches: BTreeMap<String, serde_json::Value>,
}

impl PoolingConfig {
    fn choice(&self, file: &str) -> Result<Pooling, EmbedError> {
        let mut on: Vec<&str> = self
            .switches
            .iter()
            .filter(|(key, value)| {
                key.starts_with("pooling_mode_") && **value == serde_json::Value::Bool(true)
            })
            .map(|(key, _)| key.as_str())
            .collect();
        on.extend(self.pooling_mode.as_deref());
        match on[..] {
            ["mean" | "pooling_mode_mean_tokens"] => Ok(Pooling::Mean),
            ["cls" | "pooling_mode_cls_token"] => Ok(Pooling::Cls),
            _ => Err(EmbedError::Model(format!(
                "{file} asks for {on:?}; mean or CLS pooling alone can be used"
            ))),
        }
    }
}

#[derive(Deserialize)]
struct Limits {
    max_seq_length: Option<usize>,
}

#[derive(Deserialize, Default)]
struct SentenceConfig {
    #[serde(default)]
    prompts: BTreeMap<String, Option<String>>,
}

fn required<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, EmbedError> {
    optional(folder, name)?.ok_or_else(|| EmbedError::Model(format!("{name} is missing")))
}

fn optional<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, EmbedError> {
    let bytes = match std::fs::read(folder.join(name)) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(EmbedError::Model(format!("{name} cannot be read ({e})"))),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|e| EmbedError::Model(format!("{name} is not understood ({e})")))
}
