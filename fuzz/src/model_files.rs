//! A model's folder with one file that is not what it should be: it is refused, or it embeds.
//!
//! The first byte says which file, and whether the rest replaces it or parts of it.

use rag_chatbot::embedding::{self, EngineKind, InputKind, Options};
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::{LazyLock, Mutex, PoisonError};
use tempfile::TempDir;

const HIDDEN: usize = 4;
const WORDS: [&str; 6] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "robot", "arm"];
const FILES: [&str; 4] = [
    "config.json",
    "tokenizer.json",
    "model.safetensors",
    "model.gguf",
];

struct Rig {
    folder: TempDir,
    whole: BTreeMap<&'static str, Vec<u8>>,
}

static RIG: LazyLock<Mutex<Rig>> = LazyLock::new(|| {
    let config = json!({
        "model_type": "bert", "hidden_size": HIDDEN, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": HIDDEN, "vocab_size": WORDS.len(),
        "max_position_embeddings": 8, "type_vocab_size": 1, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12, "pad_token_id": 0,
    });
    Mutex::new(Rig {
        folder: tempfile::tempdir().expect("a temporary folder"),
        whole: BTreeMap::from([
            (FILES[0], config.to_string().into_bytes()),
            (FILES[1], tokenizer().into_bytes()),
            (FILES[2], weights()),
        ]),
    })
});

fn tokenizer() -> String {
    let vocabulary: HashMap<&str, usize> = WORDS.iter().copied().zip(0..).collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary},
    })
    .to_string()
}

fn weights() -> Vec<u8> {
    let mut shapes = vec![
        (
            "embeddings.word_embeddings.weight".to_owned(),
            vec![WORDS.len(), HIDDEN],
        ),
        (
            "embeddings.position_embeddings.weight".to_owned(),
            vec![8, HIDDEN],
        ),
        (
            "embeddings.token_type_embeddings.weight".to_owned(),
            vec![1, HIDDEN],
        ),
    ];
    let at = "encoder.layer.0";
    for part in [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "intermediate.dense",
        "output.dense",
    ] {
        shapes.push((format!("{at}.{part}.weight"), vec![HIDDEN, HIDDEN]));
        shapes.push((format!("{at}.{part}.bias"), vec![HIDDEN]));
    }
    for norm in [
        "embeddings.LayerNorm".to_owned(),
        format!("{at}.attention.output.LayerNorm"),
        format!("{at}.output.LayerNorm"),
    ] {
        shapes.push((format!("{norm}.weight"), vec![HIDDEN]));
        shapes.push((format!("{norm}.bias"), vec![HIDDEN]));
    }
    let values: Vec<Vec<u8>> = shapes
        .iter()
        .map(|(_, shape)| {
            let count = shape.iter().product::<usize>();
            (0..count)
                .flat_map(|n| (0.1 + (n % 5) as f32 / 10.0).to_le_bytes())
                .collect()
        })
        .collect();
    let views: HashMap<&str, TensorView> = shapes
        .iter()
        .zip(&values)
        .map(|((name, shape), bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            (name.as_str(), view.expect("shape and bytes agree"))
        })
        .collect();
    serialize(views, None).expect("the names are unique")
}

pub fn try_on(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    let rig = RIG.lock().unwrap_or_else(PoisonError::into_inner);
    let changed = FILES[usize::from(*kind) % FILES.len()];
    let bytes = match rig.whole.get(changed) {
        Some(whole) if kind & 0x80 != 0 => edited(whole, rest),
        _ => rest.to_vec(),
    };
    for name in FILES {
        let path = rig.folder.path().join(name);
        let written = match rig.whole.get(name) {
            _ if name == changed => Some(&bytes),
            whole => whole,
        };
        match written {
            Some(bytes) => fs::write(path, bytes).expect("written"),
            None => drop(fs::remove_file(path)),
        }
    }
    let engine = if kind & 0x40 != 0 {
        EngineKind::Portable
    } else {
        EngineKind::Candle
    };
    let is_whole = rig.whole.get(changed) == Some(&bytes);
    let opened = embedding::open(&Options {
        model_dir: Some(rig.folder.path().to_owned()),
        engine,
        threads: 1,
        ..Options::default()
    });
    let Ok(embedder) = opened else {
        assert!(
            !is_whole || engine == EngineKind::Portable,
            "a whole model was refused"
        );
        return;
    };
    let dimension = embedder.identity().dimension;
    let texts = ["robot arm".to_owned(), "an unknown word".to_owned()];
    if let Ok(vectors) = embedder.embed(InputKind::Passage, &texts) {
        assert!(vectors.iter().all(|vector| vector.len() == dimension));
    }
}

/// Bytes of `whole` replaced: two bytes say where, one by what; `0xff 0xff` cuts it off.
fn edited(whole: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(edit[0]) << 8 | usize::from(edit[1]);
        if at == 0xffff {
            bytes.truncate(bytes.len() * usize::from(edit[2]) / 256);
        } else if !bytes.is_empty() {
            let at = at % bytes.len();
            bytes[at] = edit[2];
        }
    }
    bytes
}
