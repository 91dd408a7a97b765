//! An embedder in this process: a tokenizer, an encoder and the prefixes that go between them.

use super::model::Model;
use super::tokenizer::Tokenizer;
use super::{EmbedError, Embedder, Encoder, InputKind, ModelIdentity};

/// A model's tokenizer with whatever engine runs its weights.
pub struct Local {
    identity: ModelIdentity,
    tokenizer: Tokenizer,
    encoder: Box<dyn Encoder>,
}

impl Local {
    /// Keeps the tokenizer and the encoder; the weights are the encoder's to keep or to drop.
    pub fn new(model: Model, encoder: Box<dyn Encoder>) -> Self {
        Self {
            identity: model.identity,
            tokenizer: model.tokenizer,
            encoder,
        }
    }
}

impl Embedder for Local {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer.count(text)
    }

    fn unknown_share(&self, text: &str) -> f32 {
        self.tokenizer.unknown_share(text)
    }

    fn embed(&self, kind: InputKind, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let prefix = match kind {
            InputKind::Query => &self.identity.query_prefix,
            InputKind::Passage => &self.identity.passage_prefix,
        };
        let sequences = texts
            .iter()
            .map(|text| self.tokenizer.encode(prefix, text))
            .collect::<Result<Vec<_>, _>>()?;
        self.encoder.encode(&sequences)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::Reference;
    use super::super::{model, weights};
    use super::*;
    use std::sync::LazyLock;

    static LOCAL: LazyLock<Local> = LazyLock::new(|| {
        let model = model::embedded().expect("the embedded model is whole");
        let encoder = Reference::new(&model.weights).expect("candle runs it");
        Local::new(model, Box::new(encoder))
    });

    fn embed(kind: InputKind, texts: &[&str]) -> Vec<Vec<f32>> {
        let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
        LOCAL.embed(kind, &texts).expect("it embeds any text")
    }

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn the_embedded_model_says_what_it_is() {
        let identity = LOCAL.identity();
        assert_eq!(identity.name, "multilingual-e5-small");
        assert_eq!((identity.dimension, identity.max_tokens), (384, 512));
        assert_eq!(identity.query_prefix, "query: ");
        assert_eq!(identity.passage_prefix, "passage: ");
    }

    #[test]
    fn a_question_is_nearest_to_its_answer_in_either_language() {
        let passages = embed(
            InputKind::Passage,
            &[
                "To install the package, run `npm install --save-dev jest` in your project.",
                "The robot's arm has six joints, and each joint is turned by a servo motor.",
                "پیکج انسٹال کرنے کے لیے اپنے پروجیکٹ میں npm install چلائیں۔",
                "روبوٹ کے بازو میں چھ جوڑ ہوتے ہیں اور ہر جوڑ کو ایک سروو موٹر گھماتی ہے۔",
            ],
        );
        for (question, near) in [
            ("How do I install it?", [0, 2]),
            ("How many joints does the robot arm have?", [1, 3]),
            ("میں اسے کیسے انسٹال کروں؟", [0, 2]),
            ("روبوٹ کے بازو میں کتنے جوڑ ہیں؟", [1, 3]),
        ] {
            let query = &embed(InputKind::Query, &[question])[0];
            let score = |i: usize| dot(query, &passages[i]);
            let far = (0..4).filter(|i| !near.contains(i)).map(score);
            let far = far.fold(f32::MIN, f32::max);
            for i in near {
                assert!(score(i) > far, "{question}: {} against {far}", score(i));
            }
        }
    }

    #[test]
    fn a_vector_has_length_one_and_does_not_depend_on_its_company() {
        let texts = [
            "short",
            "a sentence that is a good deal longer than the other one",
            "",
        ];
        let together = embed(InputKind::Passage, &texts);
        for (text, vector) in texts.iter().zip(&together) {
            assert_eq!(vector.len(), 384);
            assert!((dot(vector, vector) - 1.0).abs() < 1e-5);
            let alone = &embed(InputKind::Passage, &[text])[0];
            assert!(dot(alone, vector) > 0.99999, "{text}");
        }
    }

    #[test]
    fn our_reading_of_q4_0_is_candle_s() {
        use candle_core::quantized::{GgmlDType, QStorage, QTensor};
        let model = model::embedded().expect("the embedded model is whole");
        let name = weights::names::weight(3, weights::names::UP);
        let ours = model.weights.tensor(&name);
        let storage = QStorage::from_data(
            ours.bytes().to_vec().into(),
            &candle_core::Device::Cpu,
            GgmlDType::Q4_0,
        )
        .expect("whole blocks");
        let theirs = QTensor::new(storage, ours.shape().to_vec())
            .and_then(|t| t.dequantize(&candle_core::Device::Cpu))
            .and_then(|t| t.flatten_all()?.to_vec1::<f32>())
            .expect("candle unpacks Q4_0");
        assert_eq!(ours.to_f32(), theirs);
    }
}
