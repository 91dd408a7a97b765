//! Which instructions this machine has, and which of them the engine should use.
//!
//! Knows names and CPU flags; doesn't know what any kernel does with them.

use std::fmt;
use std::str::FromStr;

/// One way of computing the encoder. Every variant exists on every machine, so that settings can
/// name it; [`available`] says which can run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// 512-bit vectors with `vpdpbusd` (Ice Lake, Zen 4 and later).
    Avx512Vnni,
    /// 256-bit vectors with the VEX form of `vpdpbusd` (Alder Lake, Zen 5 and later).
    AvxVnni,
    /// 256-bit vectors with multiply-add on 16-bit numbers (Haswell, Zen and later).
    Avx2,
    /// 128-bit vectors with `sdot` (ARMv8.2 and later).
    NeonDotprod,
    /// Plain Rust, for whatever the compiler can make of it.
    Portable,
}

impl InstructionSet {
    /// All of them, fastest first.
    pub const ALL: [Self; 5] = [
        Self::Avx512Vnni,
        Self::AvxVnni,
        Self::Avx2,
        Self::NeonDotprod,
        Self::Portable,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512Vnni => "avx512-vnni",
            Self::AvxVnni => "avx-vnni",
            Self::Avx2 => "avx2",
            Self::NeonDotprod => "neon-dotprod",
            Self::Portable => "portable",
        }
    }

    /// Whether this machine can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
                    && Self::Avx2.is_available()
            }
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => is_x86_feature_detected!("avxvnni") && Self::Avx2.is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDotprod => std::arch::is_aarch64_feature_detected!("dotprod"),
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }
}

/// The fastest instruction set of this machine.
pub fn detect() -> InstructionSet {
    InstructionSet::ALL
        .into_iter()
        .find(|isa| isa.is_available())
        .unwrap_or(InstructionSet::Portable)
}

/// Every instruction set this machine can run, fastest first.
pub fn available() -> Vec<InstructionSet> {
    InstructionSet::ALL
        .into_iter()
        .filter(|isa| isa.is_available())
        .collect()
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is not the name of an instruction set.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown instruction set {0:?}; known are avx512-vnni, avx-vnni, avx2, neon-dotprod, portable"
)]
pub struct UnknownInstructionSet(String);

impl FromStr for InstructionSet {
    type Err = UnknownInstructionSet;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|isa| isa.name() == text)
            .ok_or_else(|| UnknownInstructionSet(text.to_owned()))
    }
}
