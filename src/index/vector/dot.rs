//! Dot products of coded and f32 rows, in the widest instructions the machine has.
//!
//! Rows are scanned as bytes: a component's code is its rounded value plus 128, because the
//! machine's byte products are of an unsigned and a signed factor. Every kernel has a scalar twin;
//! property tests compare them.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
#[path = "dot_x86.rs"]
mod x86;

/// What is added to a row's components so that they are unsigned.
pub const ROW_SHIFT: i32 = 128;

/// Which instructions compute dot products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    Avx512Vnni,
    Avx2,
    Scalar,
}

impl Kernel {
    /// The fastest kernel of this machine.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
            {
                return Self::Avx512Vnni;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Scalar
    }

    /// Dot products of `query` with each row of `rows`, appended to `out`. Rows hold codes, the
    /// query plain values; `rows.len()` is a multiple of `query.len()`.
    pub fn dot_rows(self, query: &[i8], rows: &[u8], out: &mut Vec<i32>) {
        assert!(!query.is_empty() && rows.len().is_multiple_of(query.len()));
        let shift = shift(query);
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni if query.len().is_multiple_of(x86::VNNI_STEP) => {
                // SAFETY: `detect` saw the features; the slices hold whole rows (asserted above).
                unsafe { x86::dot_rows_vnni(query, rows, shift, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if query.len().is_multiple_of(x86::AVX2_STEP) => {
                // SAFETY: as above.
                unsafe { x86::dot_rows_avx2(query, rows, shift, out) }
            }
            _ => out.extend(
                rows.chunks_exact(query.len())
                    .map(|row| dot_codes(query, row) - shift),
            ),
        }
    }

    /// Dot product of `query` with one row of codes; the rows' shift (see [`shift`]) is still in it.
    pub fn dot_row(self, query: &[i8], row: &[u8]) -> i32 {
        assert_eq!(query.len(), row.len());
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` saw the features; both slices have the same length.
            Self::Avx512Vnni if query.len().is_multiple_of(x86::VNNI_STEP) => unsafe {
                x86::dot_row_vnni(query, row)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 if query.len().is_multiple_of(x86::AVX2_STEP) => unsafe {
                x86::dot_row_avx2(query, row)
            },
            _ => dot_codes(query, row),
        }
    }

    /// Dot product of two f32 rows of one length.
    pub fn dot_f32(self, a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` saw the features; both slices have the same length.
            Self::Avx512Vnni => unsafe { x86::dot_f32_avx512(a, b) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { x86::dot_f32_avx2(a, b) },
            _ => dot_f32_scalar(a, b),
        }
    }
}

/// What the rows' shift adds to a dot product with `query`.
pub fn shift(query: &[i8]) -> i32 {
    ROW_SHIFT * query.iter().map(|&q| i32::from(q)).sum::<i32>()
}

/// Asks for a row before it is needed, where the machine has a way to.
pub fn fetch(row: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    x86::fetch(row);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

/// Dot product of two f32 rows of one length, with the fastest kernel of this machine.
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    // Detection is one load: the standard library remembers it.
    Kernel::detect().dot_f32(a, b)
}

/// The scalar twin; the rows' shift is still in it.
fn dot_codes(query: &[i8], row: &[u8]) -> i32 {
    query
        .iter()
        .zip(row)
        .map(|(&q, &r)| i32::from(q) * i32::from(r))
        .sum()
}

/// The scalar twin; sixteen running sums let the compiler use what every machine has.
fn dot_f32_scalar(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0f32; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kernels() -> Vec<Kernel> {
        match Kernel::detect() {
            Kernel::Avx512Vnni => vec![Kernel::Avx512Vnni, Kernel::Avx2, Kernel::Scalar],
            Kernel::Avx2 => vec![Kernel::Avx2, Kernel::Scalar],
            Kernel::Scalar => vec![Kernel::Scalar],
        }
    }

    proptest! {
        #[test]
        fn every_kernel_scans_as_its_scalar_twin(
            query in prop::collection::vec(-127i8..=127, 384),
            rows in prop::collection::vec(1u8..=255, 384 * 37),
            dimension in prop::sample::select(vec![32usize, 64, 96, 384]),
        ) {
            let query = &query[..dimension];
            let rows = &rows[..rows.len() / dimension * dimension];
            let plain = |row: &[u8]| -> i32 {
                let pairs = query.iter().zip(row);
                pairs.map(|(&q, &r)| i32::from(q) * (i32::from(r) - ROW_SHIFT)).sum()
            };
            let expected: Vec<i32> = rows.chunks(dimension).map(plain).collect();
            for kernel in kernels() {
                let mut found = Vec::new();
                kernel.dot_rows(query, rows, &mut found);
                prop_assert_eq!(&found, &expected, "{:?}", kernel);
                let one_by_one: Vec<i32> = rows
                    .chunks(dimension)
                    .map(|row| kernel.dot_row(query, row) - shift(query))
                    .collect();
                prop_assert_eq!(&one_by_one, &expected, "{:?}", kernel);
            }
        }

        #[test]
        fn every_kernel_multiplies_floats_as_its_scalar_twin(
            pairs in prop::collection::vec((-1f32..1.0, -1f32..1.0), 0..500),
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            for kernel in kernels() {
                let found = f64::from(kernel.dot_f32(&a, &b));
                prop_assert!((found - expected).abs() < 1e-4, "{:?}: {} {}", kernel, found, expected);
            }
        }
    }
}
