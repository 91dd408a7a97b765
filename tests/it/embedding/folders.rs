//! `--model DIR`: what is honoured, and what is said when a folder cannot be used.

use super::small_bert::{self, HIDDEN, Precision};
use rag_chatbot::embedding::{self, Embedder, EngineKind, InputKind, Options};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

fn open(folder: &Path) -> Result<Arc<dyn Embedder>, String> {
    let options = Options {
        model_dir: Some(folder.to_owned()),
        engine: EngineKind::Candle,
        ..Options::default()
    };
    embedding::open(&options).map_err(|e| e.to_string())
}

fn opened(folder: &Path) -> Arc<dyn Embedder> {
    open(folder).expect("the folder is complete")
}

fn vector(embedder: &Arc<dyn Embedder>, kind: InputKind, text: &str) -> Vec<f32> {
    let vectors = embedder.embed(kind, &[text.to_owned()]);
    vectors.expect("a small text is embedded").remove(0)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    small_bert::write(folder.path());
    folder
}

#[test]
fn a_plain_bert_is_mean_pooled_without_prefixes() {
    let folder = folder();
    let embedder = opened(folder.path());
    let identity = embedder.identity();
    assert_eq!((identity.dimension, identity.max_tokens), (HIDDEN, 24));
    assert_eq!(
        (&*identity.query_prefix, &*identity.passage_prefix),
        ("", "")
    );
    let query = vector(&embedder, InputKind::Query, "install the package");
    let passage = vector(&embedder, InputKind::Passage, "install the package");
    assert_eq!(query, passage);
    assert!((dot(&query, &query) - 1.0).abs() < 1e-5);
    // The tokenizer's own truncation (5) and padding (8) are not applied to counting.
    assert_eq!(embedder.count_tokens("the robot arm the robot arm"), 6);
    assert_eq!(embedder.unknown_share("the flying robot"), 6.0 / 14.0);
}

#[test]
fn pooling_prompts_and_length_follow_sentence_transformers_files() {
    let folder = folder();
    let mean = vector(&opened(folder.path()), InputKind::Passage, "robot arm");
    small_bert::write_json(
        folder.path(),
        "modules.json",
        &json!([
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ]),
    );
    small_bert::write_json(
        folder.path(),
        "1_Pooling/config.json",
        &json!({"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": true,
                "pooling_mode_mean_tokens": false, "include_prompt": true}),
    );
    small_bert::write_json(
        folder.path(),
        "config_sentence_transformers.json",
        &json!({"prompts": {"query": "ask: ", "document": ""}, "default_prompt_name": null}),
    );
    small_bert::write_json(
        folder.path(),
        "sentence_bert_config.json",
        &json!({"max_seq_length": 12, "do_lower_case": false}),
    );
    let embedder = opened(folder.path());
    let cls = vector(&embedder, InputKind::Passage, "robot arm");
    assert!(dot(&mean, &cls) < 0.999, "pooling made no difference");
    assert_eq!(embedder.identity().max_tokens, 12);
    let prompted = vector(&embedder, InputKind::Query, "robot arm");
    let spelled = vector(&embedder, InputKind::Passage, "ask: robot arm");
    assert_eq!(prompted, spelled);
    assert_ne!(prompted, cls);
    let long = "robot ".repeat(40);
    let cut = "robot ".repeat(10);
    assert_eq!(
        vector(&embedder, InputKind::Passage, &long),
        vector(&embedder, InputKind::Passage, &cut)
    );
}

#[test]
fn another_pooling_makes_another_identity() {
    let folder = folder();
    let before = opened(folder.path()).identity().clone();
    small_bert::write_json(
        folder.path(),
        "modules.json",
        &json!([{"path": "pool", "type": "sentence_transformers.models.Pooling"}]),
    );
    small_bert::write_json(
        folder.path(),
        "pool/config.json",
        &json!({"pooling_mode": "cls"}),
    );
    assert_ne!(opened(folder.path()).identity().hash, before.hash);
}

#[test]
fn a_roberta_counts_its_positions_behind_the_padding() {
    let folder = folder();
    let bert = vector(&opened(folder.path()), InputKind::Passage, "the robot arm");
    small_bert::write_config(
        folder.path(),
        json!({"model_type": "xlm-roberta", "pad_token_id": 1, "max_position_embeddings": 26}),
    );
    small_bert::write_weights(folder.path(), "roberta.", 2, Precision::Full);
    let roberta = vector(&opened(folder.path()), InputKind::Passage, "the robot arm");
    assert_eq!(bert, roberta);
}

#[test]
fn half_precision_weights_give_nearly_the_same_vectors() {
    let folder = folder();
    let full = vector(&opened(folder.path()), InputKind::Passage, "the robot arm");
    small_bert::write_weights(folder.path(), "bert.", 0, Precision::Half);
    let half = vector(&opened(folder.path()), InputKind::Passage, "the robot arm");
    assert!(dot(&full, &half) > 0.999);
}

/// The message when `break_it` has been done to a good folder.
fn refusal(break_it: impl FnOnce(&Path)) -> String {
    let folder = folder();
    break_it(folder.path());
    let message = open(folder.path())
        .err()
        .expect("the folder cannot be used");
    let shown = folder.path().display().to_string();
    assert!(
        message.contains(&shown) && message.contains("--model"),
        "{message}"
    );
    message
}

#[test]
fn what_is_missing_is_named() {
    for name in ["tokenizer.json", "config.json", "model.safetensors"] {
        let message = refusal(|folder| {
            std::fs::remove_file(folder.join(name)).expect("it was written");
        });
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn a_cut_off_weight_file_is_refused() {
    let message = refusal(|folder| {
        let path = folder.join("model.safetensors");
        let bytes = std::fs::read(&path).expect("it was written");
        std::fs::write(&path, &bytes[..bytes.len() - 100]).expect("the folder is writable");
    });
    assert!(
        message.contains("model.safetensors is cut off"),
        "{message}"
    );
}

#[test]
fn a_cut_off_gguf_is_refused_wherever_it_ends() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/multilingual-e5-small-q4");
    let whole = std::fs::read(committed.join("model.gguf")).expect("it is committed");
    for length in [
        0,
        3,
        20,
        1_000,
        9_000,
        20_000,
        whole.len() / 2,
        whole.len() - 1,
    ] {
        let message = refusal(|folder| {
            std::fs::copy(
                committed.join("tokenizer.json"),
                folder.join("tokenizer.json"),
            )
            .expect("it is committed");
            std::fs::write(folder.join("model.gguf"), &whole[..length]).expect("writable");
        });
        assert!(message.contains("model.gguf"), "{length}: {message}");
    }
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/multilingual-e5-small-q4");
    let message = refusal(|folder| {
        std::fs::copy(
            committed.join("tokenizer.json"),
            folder.join("tokenizer.json"),
        )
        .expect("it is committed");
    });
    assert!(message.contains("don't belong together"), "{message}");
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    let message = refusal(|folder| {
        let dense = json!([{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]);
        small_bert::write_json(folder, "modules.json", &dense);
    });
    assert!(message.contains("models.Dense"), "{message}");
    for (changes, named) in [
        (json!({"model_type": "mpnet"}), "mpnet"),
        (json!({"hidden_act": "silu"}), "silu"),
        (
            json!({"position_embedding_type": "relative_key"}),
            "relative_key",
        ),
        (json!({"num_attention_heads": 5}), "5 heads"),
        (json!({"num_hidden_layers": 3}), "encoder.layer.2"),
        (json!({"intermediate_size": 64}), "intermediate.dense"),
    ] {
        let message = refusal(|folder| small_bert::write_config(folder, changes));
        assert!(message.contains(named), "{message}");
    }
}
