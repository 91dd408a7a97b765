//! Dot products of int8 and f32 rows, in the widest instructions the machine has.
//!
//! Every kernel has the scalar form as its twin; a property test compares them.
#![allow(unsafe_code)]

/// Which instructions compute the int8 dot product.
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
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Scalar
    }

    /// Dot products of `query` with each row of `rows`, appended to `out`.
    /// `rows.len()` is a multiple of `query.len()`.
    pub fn dot_rows(self, query: &[i8], rows: &[i8], out: &mut Vec<i32>) {
        assert!(!query.is_empty() && rows.len().is_multiple_of(query.len()));
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni if query.len().is_multiple_of(64) => {
                // SAFETY: `detect` saw the features; the slices hold whole rows (asserted above).
                unsafe { dot_rows_vnni(query, rows, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if query.len().is_multiple_of(32) => {
                // SAFETY: as above.
                unsafe { dot_rows_avx2(query, rows, out) }
            }
            _ => out.extend(rows.chunks_exact(query.len()).map(|row| dot_i8(query, row))),
        }
    }
}

/// The scalar twin.
fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| i32::from(a) * i32::from(b))
        .sum()
}

/// `vpdpbusd` multiplies unsigned by signed bytes: rows are shifted by 128 and the shift's
/// product with the query is taken off again.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn dot_rows_vnni(query: &[i8], rows: &[i8], out: &mut Vec<i32>) {
    use std::arch::x86_64::*;
    let shift: i32 = 128 * query.iter().map(|&q| i32::from(q)).sum::<i32>();
    let flip = _mm512_set1_epi8(i8::MIN);
    let dimension = query.len();
    for row in rows.chunks_exact(dimension) {
        let mut sums = [_mm512_setzero_si512(); 2];
        for (at, sum) in (0..dimension).step_by(64).zip([0, 1].into_iter().cycle()) {
            // SAFETY: `at + 64 <= dimension`, the length of both slices; loads are unaligned.
            let (q, r) = unsafe {
                (
                    _mm512_loadu_si512(query.as_ptr().add(at).cast()),
                    _mm512_loadu_si512(row.as_ptr().add(at).cast()),
                )
            };
            sums[sum] = _mm512_dpbusd_epi32(sums[sum], _mm512_xor_si512(r, flip), q);
        }
        out.push(_mm512_reduce_add_epi32(_mm512_add_epi32(sums[0], sums[1])) - shift);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn dot_rows_avx2(query: &[i8], rows: &[i8], out: &mut Vec<i32>) {
    use std::arch::x86_64::*;
    let dimension = query.len();
    for row in rows.chunks_exact(dimension) {
        let mut sums = [_mm256_setzero_si256(); 2];
        for at in (0..dimension).step_by(32) {
            for (half, sum) in sums.iter_mut().enumerate() {
                // SAFETY: `at + 32 <= dimension`, the length of both slices; loads are unaligned.
                let (q, r) = unsafe {
                    (
                        _mm_loadu_si128(query.as_ptr().add(at + 16 * half).cast()),
                        _mm_loadu_si128(row.as_ptr().add(at + 16 * half).cast()),
                    )
                };
                let product = _mm256_madd_epi16(_mm256_cvtepi8_epi16(q), _mm256_cvtepi8_epi16(r));
                *sum = _mm256_add_epi32(*sum, product);
            }
        }
        let mut lanes = [0i32; 8];
        // SAFETY: `lanes` is 32 bytes.
        unsafe {
            _mm256_storeu_si256(
                lanes.as_mut_ptr().cast(),
                _mm256_add_epi32(sums[0], sums[1]),
            );
        }
        out.push(lanes.iter().sum());
    }
}

/// f32 dot product; sixteen running sums let the compiler use vector registers.
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
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

    proptest::proptest! {
        #[test]
        fn every_kernel_equals_the_scalar_twin(
            bytes in proptest::collection::vec(-127i8..=127, 64 * 6 * 4),
            dimension in proptest::sample::select(vec![32usize, 64, 96, 384]),
        ) {
            let (query, rows) = bytes.split_at(dimension);
            let rows = &rows[..rows.len() / dimension * dimension];
            let expected: Vec<i32> = rows.chunks(dimension).map(|row| dot_i8(query, row)).collect();
            let mut kernels = vec![Kernel::Scalar, Kernel::detect()];
            if Kernel::detect() == Kernel::Avx512Vnni {
                kernels.push(Kernel::Avx2);
            }
            for kernel in kernels {
                let mut found = Vec::new();
                kernel.dot_rows(query, rows, &mut found);
                proptest::prop_assert_eq!(&found, &expected, "{:?}", kernel);
            }
        }
    }
}
