//! A complete sentence encoder of a few kilobytes, made on the spot: two layers, sixteen
//! dimensions, eight words. Its vectors mean nothing, but every file and tensor is real.

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

pub const HIDDEN: usize = 16;
pub const LAYERS: usize = 2;
pub const FEED_FORWARD: usize = 32;
pub const POSITIONS: usize = 24;
const WORDS: [&str; 12] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ask", ":", "robot", "arm", "install", "the",
    "package",
];

/// How to write the weights.
#[derive(Clone, Copy, PartialEq)]
pub enum Precision {
    Full,
    Half,
}

/// Writes config.json, tokenizer.json and model.safetensors.
pub fn write(folder: &Path) {
    write_config(folder, json!({}));
    write_json(folder, "tokenizer.json", &tokenizer());
    write_weights(folder, "", 0, Precision::Full);
}

/// config.json, with some keys replaced or added.
pub fn write_config(folder: &Path, changes: Value) {
    let mut config = json!({
        "model_type": "bert", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": 4, "intermediate_size": FEED_FORWARD, "vocab_size": WORDS.len(),
        "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12, "pad_token_id": 0, "position_embedding_type": "absolute",
    });
    let keys = config.as_object_mut().expect("an object was written above");
    for (key, value) in changes.as_object().expect("changes are an object") {
        keys.insert(key.clone(), value.clone());
    }
    write_json(folder, "config.json", &config);
}

pub fn write_json(folder: &Path, name: &str, value: &Value) {
    let path = folder.join(name);
    let parent = path.parent().expect("a file lies in a folder");
    std::fs::create_dir_all(parent).expect("the temporary folder is writable");
    std::fs::write(&path, value.to_string()).expect("the temporary folder is writable");
}

/// model.safetensors; `extra_positions` rows of zeros go before the position table.
pub fn write_weights(folder: &Path, prefix: &str, extra_positions: usize, precision: Precision) {
    let mut seed = 7u32;
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes()
        .into_iter()
        .map(|(name, mut shape)| {
            let count: usize = shape.iter().product();
            let mut values: Vec<f32> = (0..count).map(|_| random(&mut seed)).collect();
            if name.ends_with("LayerNorm.weight") {
                values.iter_mut().for_each(|x| *x += 1.0);
            }
            if name.contains("position") {
                values.splice(0..0, vec![0.0; extra_positions * HIDDEN]);
                shape[0] += extra_positions;
            }
            let bytes = match precision {
                Precision::Full => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
                Precision::Half => values
                    .iter()
                    .flat_map(|x| half::f16::from_f32(*x).to_le_bytes())
                    .collect(),
            };
            (format!("{prefix}{name}"), shape, bytes)
        })
        .collect();
    let kind = match precision {
        Precision::Full => Dtype::F32,
        Precision::Half => Dtype::F16,
    };
    let views: HashMap<&str, TensorView> = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            let view = TensorView::new(kind, shape.clone(), bytes).expect("shape and bytes agree");
            (name.as_str(), view)
        })
        .collect();
    let file = serialize(views, None).expect("the names are unique");
    std::fs::write(folder.join("model.safetensors"), file).expect("the folder is writable");
}

/// Numbers between −0.5 and 0.5, the same on every machine.
fn random(seed: &mut u32) -> f32 {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*seed >> 8) as f32 / (1 << 24) as f32 - 0.5
}

fn shapes() -> Vec<(String, Vec<usize>)> {
    let norm = |name: &str| {
        [
            (format!("{name}.weight"), vec![HIDDEN]),
            (format!("{name}.bias"), vec![HIDDEN]),
        ]
    };
    let mut shapes = vec![
        (
            "embeddings.word_embeddings.weight".into(),
            vec![WORDS.len(), HIDDEN],
        ),
        (
            "embeddings.position_embeddings.weight".into(),
            vec![POSITIONS, HIDDEN],
        ),
        (
            "embeddings.token_type_embeddings.weight".into(),
            vec![2, HIDDEN],
        ),
    ];
    shapes.extend(norm("embeddings.LayerNorm"));
    for layer in 0..LAYERS {
        let at = format!("encoder.layer.{layer}");
        for (part, out, inward) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", FEED_FORWARD, HIDDEN),
            ("output.dense", HIDDEN, FEED_FORWARD),
        ] {
            shapes.push((format!("{at}.{part}.weight"), vec![out, inward]));
            shapes.push((format!("{at}.{part}.bias"), vec![out]));
        }
        shapes.extend(norm(&format!("{at}.attention.output.LayerNorm")));
        shapes.extend(norm(&format!("{at}.output.LayerNorm")));
    }
    shapes
}

fn tokenizer() -> Value {
    let vocab: serde_json::Map<String, Value> = WORDS
        .iter()
        .enumerate()
        .map(|(id, word)| ((*word).to_owned(), json!(id)))
        .collect();
    let special = |id: usize| {
        json!({"id": id, "content": WORDS[id], "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false, "special": true})
    };
    json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [special(0), special(1), special(2), special(3), special(4)],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocab},
    })
}
