//! Each kernel beside its twin in plain Rust, and whole encoders beside BERT written out in f64,
//! on every instruction set of the machine that runs the tests.

mod encoder;
mod kernels;
mod quality;
mod reference;

use super::kernels::Kernels;
use super::{InstructionSet, available};

/// The kernels of every instruction set this machine has.
fn every_path() -> impl Iterator<Item = (InstructionSet, &'static Kernels)> {
    available()
        .into_iter()
        .map(|isa| (isa, Kernels::of(isa).expect("available() checked it")))
}

/// A repeatable stream of numbers in −1..1 (a linear congruential generator, Knuth's constants).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn take(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| self.next() * scale).collect()
    }
}

/// Φ(x), from erf's series: exact to f64 rounding for the |x| ≤ 6 it is used on.
fn normal_cdf(x: f64) -> f64 {
    let z = x.clamp(-6.0, 6.0) / std::f64::consts::SQRT_2;
    let mut term = z;
    let mut sum = z;
    for n in 1..200 {
        term *= -z * z / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    0.5 + sum / std::f64::consts::PI.sqrt()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * b.abs().max(1.0),
            "{what}, number {i}: {a}, not {b}"
        );
    }
}
