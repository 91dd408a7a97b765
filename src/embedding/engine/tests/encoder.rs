//! Whole encoders.

use super::super::{EngineError, InstructionSet, Int8Encoder, available};
use super::reference::{encode, shape, weights, weights_of};
use crate::embedding::weights::{Activation, Pooling, Shape};

const HIDDEN: usize = 96;
const VOCABULARY: usize = 50;
const POSITIONS: usize = 64;

/// Sequences of many lengths, one token and the full position table among them.
fn sequences() -> Vec<Vec<u32>> {
    [1usize, 2, 7, 12, 13, 31, 32, 33, 50, 64, 5, 64]
        .iter()
        .enumerate()
        .map(|(i, n)| {
            (0..*n)
                .map(|t| ((t * 7 + i * 13) % VOCABULARY) as u32)
                .collect()
        })
        .collect()
}

fn encode_all(encoder: &Int8Encoder, sequences: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let borrowed: Vec<&[u32]> = sequences.iter().map(Vec::as_slice).collect();
    let mut out = vec![f32::NAN; sequences.len() * HIDDEN];
    encoder.encode_into(&borrowed, &mut out);
    out.chunks(HIDDEN).map(<[f32]>::to_vec).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn every_path_agrees_with_bert_written_out() {
    let sequences = sequences();
    for isa in available() {
        let encoder = Int8Encoder::new(&weights(5), isa, 1).expect("the engine takes them");
        let found = encode_all(&encoder, &sequences);
        for (tokens, found) in sequences.iter().zip(found) {
            let expected = encode(&weights(5), tokens);
            let cosine = cosine(&found, &expected);
            assert!(cosine > 0.998, "{isa}, {} tokens: {cosine}", tokens.len());
        }
    }
}

#[test]
fn a_sequence_gets_the_same_vector_alone_and_in_company() {
    let sequences = sequences();
    for isa in available() {
        let encoder = Int8Encoder::new(&weights(6), isa, 1).expect("the engine takes them");
        let together = encode_all(&encoder, &sequences);
        for (tokens, together) in sequences.iter().zip(together) {
            let alone = encode_all(&encoder, std::slice::from_ref(tokens));
            assert_eq!(alone[0], together, "{isa}, {} tokens", tokens.len());
        }
    }
}

#[test]
fn threads_and_repeated_calls_change_no_bit() {
    let many: Vec<Vec<u32>> = std::iter::repeat_with(sequences)
        .take(6)
        .flatten()
        .collect();
    let isa = super::super::detect();
    let one = Int8Encoder::new(&weights(7), isa, 1).expect("the engine takes them");
    let three = Int8Encoder::new(&weights(7), isa, 3).expect("the engine takes them");
    let expected = encode_all(&one, &many);
    assert_eq!(encode_all(&three, &many), expected);
    assert_eq!(
        encode_all(&three, &many),
        expected,
        "again, in used scratch"
    );
    let concurrent: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| encode_all(&one, &many)))
            .collect();
        calls
            .into_iter()
            .map(|call| call.join().expect("no call panics"))
            .collect()
    });
    for found in concurrent {
        assert_eq!(found, expected, "beside other calls");
    }
}

#[test]
fn vectors_have_length_one_and_odd_sequences_do_no_harm() {
    for isa in available() {
        let encoder = Int8Encoder::new(&weights(8), isa, 2).expect("the engine takes them");
        let long: Vec<u32> = (0..500).map(|t| t % VOCABULARY as u32).collect();
        let odd = vec![vec![], vec![u32::MAX, 1], long.clone(), vec![3]];
        let found = encode_all(&encoder, &odd);
        assert_eq!(found[0], vec![0.0; HIDDEN], "{isa}: nothing gives zeros");
        for vector in &found[1..] {
            assert!((cosine(vector, vector) - 1.0).abs() < 1e-5, "{isa}");
        }
        let cut = encode_all(&encoder, &[long[..POSITIONS].to_vec()]);
        assert_eq!(
            cut[0], found[2],
            "{isa}: a long sequence is cut to the position table"
        );
        encoder.encode_into(&[], &mut []);
    }
}

#[test]
fn a_model_pooled_by_its_first_token_is_pooled_so() {
    let first = Shape {
        pooling: Pooling::Cls,
        ..shape()
    };
    let weights = weights_of(first, 11);
    let encoder =
        Int8Encoder::new(&weights, super::super::detect(), 1).expect("the engine takes it");
    for (tokens, found) in sequences().iter().zip(encode_all(&encoder, &sequences())) {
        let cosine = cosine(&found, &encode(&weights, tokens));
        assert!(cosine > 0.995, "{} tokens: {cosine}", tokens.len());
    }
}

#[test]
fn models_the_kernels_cannot_run_are_refused_by_name() {
    let narrow = Shape {
        heads: 6,
        ..shape()
    };
    let error = Int8Encoder::new(&weights_of(narrow, 9), InstructionSet::Portable, 1).err();
    let error = error
        .expect("heads of 16 numbers don't fill a panel")
        .to_string();
    assert!(error.starts_with("a head's size is 16"), "{error}");
    let tanh = Shape {
        activation: Activation::GeluTanh,
        ..shape()
    };
    let error = Int8Encoder::new(&weights_of(tanh, 9), InstructionSet::Portable, 1).err();
    assert!(matches!(
        error,
        Some(EngineError::Activation(Activation::GeluTanh))
    ));
}

#[test]
fn instruction_sets_are_known_by_their_names() {
    for isa in InstructionSet::ALL {
        assert_eq!(
            isa.name().parse::<InstructionSet>().expect("its own name"),
            isa
        );
    }
    assert!("sse9".parse::<InstructionSet>().is_err());
    assert!(available().contains(&InstructionSet::Portable));
    let foreign = if cfg!(target_arch = "x86_64") {
        InstructionSet::NeonDotprod
    } else {
        InstructionSet::Avx2
    };
    let error = Int8Encoder::new(&weights(1), foreign, 1).err();
    assert!(
        matches!(error, Some(EngineError::InstructionSet(_))),
        "{error:?}"
    );
}
