//! The encoder as candle computes it, in f32: slow, plain and right.
//!
//! It is the oracle the int8 engine is held to, and runs anywhere (`--embed-engine candle`). All
//! tensors are unpacked to f32, the word table included, so it needs far more memory.

use super::weights::{Activation, Pooling, Shape, Weights};
use super::{EmbedError, Encoder};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, HiddenAct, PositionEmbeddingType};
use std::collections::HashMap;

/// Tokens in one forward pass, padding included. Larger batches gain nothing on a CPU and cost
/// memory for attention: 2,048 tokens of 128 are 16 × 12 × 128² scores, 12 MiB in f32.
const MAX_BATCH_TOKENS: usize = 2048;

/// candle's BERT.
pub struct Reference {
    model: BertModel,
    pooling: Pooling,
}

impl Reference {
    /// Unpacks the weights.
    pub fn new(weights: &Weights) -> Result<Self, EmbedError> {
        let tensors = weights
            .iter()
            .map(|(name, tensor)| {
                let unpacked = Tensor::from_vec(tensor.to_f32(), tensor.shape(), &Device::Cpu)?;
                Ok((name.to_owned(), unpacked))
            })
            .collect::<candle_core::Result<HashMap<_, _>>>()
            .map_err(failed)?;
        let variables = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let model = BertModel::load(variables, &config(weights.shape())).map_err(failed)?;
        Ok(Self {
            model,
            pooling: weights.shape().pooling,
        })
    }

    fn forward(&self, sequences: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let longest = sequences.iter().map(|s| s.len()).max().unwrap_or(0);
        let shape = (sequences.len(), longest);
        let mut ids = vec![0u32; sequences.len() * longest];
        let mut mask = vec![0f32; sequences.len() * longest];
        for (i, sequence) in sequences.iter().enumerate() {
            let at = i * longest;
            ids[at..at + sequence.len()].copy_from_slice(sequence);
            mask[at..at + sequence.len()].fill(1.0);
        }
        let ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
        let mask = Tensor::from_vec(mask, shape, &Device::Cpu)?;
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let pooled = match self.pooling {
            Pooling::Cls => hidden.narrow(1, 0, 1)?.squeeze(1)?,
            Pooling::Mean => {
                let sum = hidden.broadcast_mul(&mask.unsqueeze(2)?)?.sum(1)?;
                sum.broadcast_div(&mask.sum_keepdim(1)?)?
            }
        };
        let norm = pooled.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
        pooled.broadcast_div(&norm)?.to_vec2()
    }
}

impl Encoder for Reference {
    fn encode(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        // Neighbours in length share a pass, so that little is padded.
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&i| sequences[i].len());
        let mut vectors = vec![Vec::new(); sequences.len()];
        let mut rest = &order[..];
        while !rest.is_empty() {
            let fits = (1..=rest.len())
                .take_while(|&n| n == 1 || n * sequences[rest[n - 1]].len() <= MAX_BATCH_TOKENS)
                .last()
                .unwrap_or(1);
            let (batch, later) = rest.split_at(fits);
            let inputs: Vec<&[u32]> = batch.iter().map(|&i| &sequences[i][..]).collect();
            let outputs = self.forward(&inputs).map_err(failed)?;
            for (&i, vector) in batch.iter().zip(outputs) {
                vectors[i] = vector;
            }
            rest = later;
        }
        Ok(vectors)
    }
}

fn config(shape: &Shape) -> Config {
    Config {
        vocab_size: shape.vocabulary,
        hidden_size: shape.hidden,
        num_hidden_layers: shape.layers,
        num_attention_heads: shape.heads,
        intermediate_size: shape.feed_forward,
        hidden_act: match shape.activation {
            Activation::Gelu => HiddenAct::Gelu,
            Activation::GeluTanh => HiddenAct::GeluApproximate,
            Activation::Relu => HiddenAct::Relu,
        },
        hidden_dropout_prob: 0.0,
        max_position_embeddings: shape.positions,
        type_vocab_size: shape.token_types,
        initializer_range: 0.02,
        layer_norm_eps: f64::from(shape.epsilon),
        pad_token_id: 0,
        position_embedding_type: PositionEmbeddingType::Absolute,
        use_cache: false,
        classifier_dropout: None,
        model_type: Some("bert".to_owned()),
    }
}

fn failed(error: candle_core::Error) -> EmbedError {
    EmbedError::Model(format!("candle cannot run the model ({error})"))
}
