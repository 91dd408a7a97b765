//! The kernels of x86-64. Knows lanes, not rows' meaning; who calls has seen the features.

use std::arch::x86_64::*;

/// Rows whose sums are added up together: sixteen sums of sixteen lanes turn into one register of
/// results, where one row alone would spend more on its horizontal sum than on its products.
const ROWS: usize = 16;

/// Bytes that come from memory together.
const CACHE_LINE: usize = 64;

/// Components that [`dot_rows_vnni`] takes at a time; the dimension is a multiple of it.
pub const VNNI_STEP: usize = 64;

/// Components that [`dot_rows_avx2`] takes at a time; the dimension is a multiple of it.
pub const AVX2_STEP: usize = 32;

/// # Safety
/// The machine has the features; `query.len()` is a multiple of [`VNNI_STEP`], `rows.len()` one of
/// `query.len()`.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub unsafe fn dot_rows_vnni(query: &[i8], rows: &[u8], shift: i32, out: &mut Vec<i32>) {
    let dimension = query.len();
    let shift_lanes = _mm512_set1_epi32(shift);
    let mut blocks = rows.chunks_exact(ROWS * dimension);
    for block in &mut blocks {
        let mut sums = [_mm512_setzero_si512(); ROWS];
        for at in (0..dimension).step_by(VNNI_STEP) {
            // SAFETY: `at + 64 <= dimension`, the length of the query and of each of the block's
            // rows; loads are unaligned.
            unsafe {
                let q = _mm512_loadu_si512(query.as_ptr().add(at).cast());
                for (row, sum) in sums.iter_mut().enumerate() {
                    let codes = block.as_ptr().add(row * dimension + at);
                    *sum = _mm512_dpbusd_epi32(*sum, _mm512_loadu_si512(codes.cast()), q);
                }
            }
        }
        let totals = _mm512_sub_epi32(add_across(sums), shift_lanes);
        let mut results = [0i32; ROWS];
        // SAFETY: `results` is 64 bytes.
        unsafe { _mm512_storeu_si512(results.as_mut_ptr().cast(), totals) };
        out.extend_from_slice(&results);
    }
    for row in blocks.remainder().chunks_exact(dimension) {
        // SAFETY: as above.
        out.push(unsafe { dot_row_vnni(query, row) } - shift);
    }
}

/// One row; the rows' shift is still in the result.
///
/// # Safety
/// The machine has the features; both slices have one length, a multiple of [`VNNI_STEP`].
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub unsafe fn dot_row_vnni(query: &[i8], row: &[u8]) -> i32 {
    let mut sum = _mm512_setzero_si512();
    for at in (0..query.len()).step_by(VNNI_STEP) {
        // SAFETY: `at + 64` is at most the length of both slices; loads are unaligned.
        unsafe {
            let q = _mm512_loadu_si512(query.as_ptr().add(at).cast());
            let codes = _mm512_loadu_si512(row.as_ptr().add(at).cast());
            sum = _mm512_dpbusd_epi32(sum, codes, q);
        }
    }
    _mm512_reduce_add_epi32(sum)
}

/// Lane `i` of the result is the sum of all lanes of `sums[i]`: a transpose by halves, each step
/// adding what it has brought together.
#[target_feature(enable = "avx512f")]
fn add_across(sums: [__m512i; ROWS]) -> __m512i {
    // Pairs of rows within each 128-bit lane: 32-bit, then 64-bit interleaving.
    let mut pairs = [_mm512_setzero_si512(); 8];
    for (at, pair) in pairs.iter_mut().enumerate() {
        let (a, b) = (sums[2 * at], sums[2 * at + 1]);
        *pair = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    }
    let mut fours = [_mm512_setzero_si512(); 4];
    for (at, four) in fours.iter_mut().enumerate() {
        let (a, b) = (pairs[2 * at], pairs[2 * at + 1]);
        *four = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    }
    // Each 128-bit lane of `fours[i]` holds a part of the rows 4i..4i+4; add the four lanes.
    let low = _mm512_add_epi32(
        _mm512_shuffle_i32x4::<0b10_00_10_00>(fours[0], fours[1]),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(fours[0], fours[1]),
    );
    let high = _mm512_add_epi32(
        _mm512_shuffle_i32x4::<0b10_00_10_00>(fours[2], fours[3]),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(fours[2], fours[3]),
    );
    _mm512_add_epi32(
        _mm512_shuffle_i32x4::<0b10_00_10_00>(low, high),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(low, high),
    )
}

/// # Safety
/// The machine has the features; `query.len()` is a multiple of [`AVX2_STEP`], `rows.len()` one of
/// `query.len()`.
#[target_feature(enable = "avx2")]
pub unsafe fn dot_rows_avx2(query: &[i8], rows: &[u8], shift: i32, out: &mut Vec<i32>) {
    for row in rows.chunks_exact(query.len()) {
        // SAFETY: as above.
        out.push(unsafe { dot_row_avx2(query, row) } - shift);
    }
}

/// One row; the rows' shift is still in the result.
///
/// # Safety
/// The machine has the feature; both slices have one length, a multiple of [`AVX2_STEP`].
#[target_feature(enable = "avx2")]
pub unsafe fn dot_row_avx2(query: &[i8], row: &[u8]) -> i32 {
    let mut sums = [_mm256_setzero_si256(); 2];
    for at in (0..query.len()).step_by(AVX2_STEP) {
        for (half, sum) in sums.iter_mut().enumerate() {
            // SAFETY: `at + 32 <= dimension`, the length of both slices; loads are unaligned.
            let (q, r) = unsafe {
                (
                    _mm_loadu_si128(query.as_ptr().add(at + 16 * half).cast()),
                    _mm_loadu_si128(row.as_ptr().add(at + 16 * half).cast()),
                )
            };
            let product = _mm256_madd_epi16(_mm256_cvtepi8_epi16(q), _mm256_cvtepu8_epi16(r));
            *sum = _mm256_add_epi32(*sum, product);
        }
    }
    let sum = _mm256_add_epi32(sums[0], sums[1]);
    let sum = _mm_add_epi32(
        _mm256_castsi256_si128(sum),
        _mm256_extracti128_si256::<1>(sum),
    );
    let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b01_00_11_10>(sum));
    let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b10_11_00_01>(sum));
    _mm_cvtsi128_si32(sum)
}

/// Asks for the cache lines of `bytes` before they are needed.
pub fn fetch(bytes: &[u8]) {
    for line in bytes.chunks(CACHE_LINE) {
        // SAFETY: a prefetch reads nothing and faults nowhere; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

/// # Safety
/// The machine has the feature; `a` and `b` have one length.
#[target_feature(enable = "avx512f")]
pub unsafe fn dot_f32_avx512(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [_mm512_setzero_ps(); 4];
    let mut whole = 0;
    while whole + 4 * LANES <= a.len() {
        for (turn, sum) in sums.iter_mut().enumerate() {
            // SAFETY: the four loads end at `whole + 64`, at most the length of both slices.
            let (x, y) = unsafe { load_512(a, b, whole + turn * LANES) };
            *sum = _mm512_fmadd_ps(x, y, *sum);
        }
        whole += 4 * LANES;
    }
    while whole + LANES <= a.len() {
        // SAFETY: `whole + 16` is at most the length of both slices.
        let (x, y) = unsafe { load_512(a, b, whole) };
        sums[0] = _mm512_fmadd_ps(x, y, sums[0]);
        whole += LANES;
    }
    // The lanes behind the end are masked, and read as zeros.
    let mask = (1u16 << (a.len() - whole)) - 1;
    // SAFETY: only the first `len - whole` lanes are read.
    let (x, y) = unsafe {
        (
            _mm512_maskz_loadu_ps(mask, a.as_ptr().add(whole)),
            _mm512_maskz_loadu_ps(mask, b.as_ptr().add(whole)),
        )
    };
    sums[0] = _mm512_fmadd_ps(x, y, sums[0]);
    _mm512_reduce_add_ps(_mm512_add_ps(
        _mm512_add_ps(sums[0], sums[1]),
        _mm512_add_ps(sums[2], sums[3]),
    ))
}

/// # Safety
/// The machine has the features; `a` and `b` have one length.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn dot_f32_avx2(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [_mm256_setzero_ps(); 4];
    let mut whole = 0;
    while whole + 4 * LANES <= a.len() {
        for (turn, sum) in sums.iter_mut().enumerate() {
            let at = whole + turn * LANES;
            // SAFETY: the four loads end at `whole + 32`, at most the length of both slices.
            let (x, y) = unsafe {
                (
                    _mm256_loadu_ps(a.as_ptr().add(at)),
                    _mm256_loadu_ps(b.as_ptr().add(at)),
                )
            };
            *sum = _mm256_fmadd_ps(x, y, *sum);
        }
        whole += 4 * LANES;
    }
    let sum = _mm256_add_ps(
        _mm256_add_ps(sums[0], sums[1]),
        _mm256_add_ps(sums[2], sums[3]),
    );
    let mut lanes = [0f32; LANES];
    // SAFETY: `lanes` is 32 bytes.
    unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), sum) };
    let rest: f32 = a[whole..].iter().zip(&b[whole..]).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

/// # Safety
/// The machine has the feature; both slices have 16 values from `at` on.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn load_512(a: &[f32], b: &[f32], at: usize) -> (__m512, __m512) {
    // SAFETY: as above.
    unsafe {
        (
            _mm512_loadu_ps(a.as_ptr().add(at)),
            _mm512_loadu_ps(b.as_ptr().add(at)),
        )
    }
}
