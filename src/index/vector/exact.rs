//! Exact nearest neighbours: an int8 scan of every row, then f32 on the best.
//!
//! A row's int8 codes carry its direction to about 1 in 127 of its largest component; the f32
//! pass over the best [`RERANKED`] brings the order back to that of a full f32 scan.

use super::dot::{ROW_SHIFT, fetch, shift};
use super::{Hit, Kernel, dot_f32};
use crate::index::IndexError;
use memmap2::Mmap;
use rayon::prelude::*;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

/// Rows re-ranked in f32, at least; 40 gave the full scan's top 10 in over 99.9 % of queries.
const RERANKED: usize = 40;

/// Rows scored per step, so that the scores stay in the first-level cache.
const BLOCK_ROWS: usize = 512;

/// Rows compared with the worst of the best together.
const STEP_ROWS: usize = 16;

/// All vectors of a generation: f32 mapped from the file, int8 in memory.
pub struct Exact {
    dimension: usize,
    rows: usize,
    file: Option<Mmap>,
    codes: Vec<u8>,
    scales: Vec<f32>,
    kernel: Kernel,
}

impl Exact {
    /// Maps `path`: rows of `dimension` little-endian f32.
    pub fn open(path: &Path, dimension: usize) -> Result<Self, IndexError> {
        let context = || format!("cannot read {}", path.display());
        let file = File::open(path).map_err(IndexError::io(context()))?;
        let length = file.metadata().map_err(IndexError::io(context()))?.len() as usize;
        if dimension == 0 || !length.is_multiple_of(dimension * size_of::<f32>()) {
            return Err(IndexError::Damaged("vectors: not whole rows".into()));
        }
        let rows = length / (dimension * size_of::<f32>());
        let map = (rows > 0)
            .then(|| map_file(&file))
            .transpose()
            .map_err(IndexError::io(context()))?;
        let mut exact = Self {
            dimension,
            rows,
            file: map,
            codes: Vec::new(),
            scales: Vec::new(),
            kernel: Kernel::detect(),
        };
        let mut codes = vec![0u8; rows * dimension];
        let mut scales = vec![0f32; rows];
        codes
            .par_chunks_mut(dimension)
            .zip(&mut scales)
            .enumerate()
            .for_each(|(row, (codes, scale))| {
                let (values, found) = quantise(exact.row(row as u32));
                for (code, value) in codes.iter_mut().zip(values) {
                    *code = (i32::from(value) + ROW_SHIFT) as u8;
                }
                *scale = found;
            });
        (exact.codes, exact.scales) = (codes, scales);
        Ok(exact)
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// One row in f32.
    pub fn row(&self, row: u32) -> &[f32] {
        let start = row as usize * self.dimension;
        &self.all()[start..start + self.dimension]
    }

    #[allow(unsafe_code)]
    fn all(&self) -> &[f32] {
        let Some(map) = &self.file else { return &[] };
        // SAFETY: the map is page-aligned and holds `rows * dimension` f32 (checked in `open`);
        // every bit pattern is a valid f32. Little-endian machines only, as stated below.
        unsafe { std::slice::from_raw_parts(map.as_ptr().cast(), self.rows * self.dimension) }
    }

    /// The `limit` rows with the largest dot product, best first. `allowed` is asked per row.
    pub fn search(
        &self,
        query: &[f32],
        limit: usize,
        allowed: Option<&(dyn Fn(u32) -> bool + Sync)>,
    ) -> Vec<Hit> {
        let all = 0..self.rows as u32;
        self.search_in(query, limit, std::slice::from_ref(&all), allowed)
    }

    /// The same among the rows of `ranges`, which alone are read.
    pub fn search_in(
        &self,
        query: &[f32],
        limit: usize,
        ranges: &[Range<u32>],
        allowed: Option<&(dyn Fn(u32) -> bool + Sync)>,
    ) -> Vec<Hit> {
        if self.rows == 0 || query.len() != self.dimension {
            return Vec::new();
        }
        let asked = self.asked(query);
        let mut best = Best::of(limit.max(RERANKED));
        let mut dots = Vec::with_capacity(BLOCK_ROWS);
        let mut scores: Vec<f32> = Vec::with_capacity(BLOCK_ROWS);
        let blocks = ranges.iter().flat_map(|range| {
            let starts = range.clone().step_by(BLOCK_ROWS);
            starts.map(|start| start..range.end.min(start + BLOCK_ROWS as u32))
        });
        for block in blocks {
            let (first, end) = (block.start as usize, block.end as usize);
            dots.clear();
            let codes = &self.codes[first * self.dimension..end * self.dimension];
            self.kernel.dot_rows(&asked.codes, codes, &mut dots);
            scores.clear();
            let scaled = dots.iter().zip(&self.scales[first..end]);
            scores.extend(scaled.map(|(&dot, &scale)| dot as f32 * scale * asked.scale));
            for (step, scores) in scores.chunks(STEP_ROWS).enumerate() {
                // Nearly all steps hold nothing good enough, and are told so by one comparison.
                if scores.iter().fold(f32::MIN, |most, &s| most.max(s)) <= best.floor {
                    continue;
                }
                for (at, &score) in scores.iter().enumerate() {
                    let row = (first + step * STEP_ROWS + at) as u32;
                    if score > best.floor && allowed.is_none_or(|allowed| allowed(row)) {
                        best.add((row, score));
                    }
                }
            }
        }
        self.rerank(query, best.hits, limit)
    }

    /// A query in the rows' codes, to be compared with single rows.
    pub(super) fn asked(&self, query: &[f32]) -> Asked<'_> {
        let (codes, scale) = quantise(query);
        let codes: Vec<i8> = codes.collect();
        Asked {
            rows: self,
            shift: shift(&codes),
            codes,
            scale,
        }
    }

    /// Exact dot products of the given rows, best first.
    pub fn rerank(&self, query: &[f32], rows: Vec<Hit>, limit: usize) -> Vec<Hit> {
        let mut hits: Vec<Hit> = rows
            .into_iter()
            .map(|(row, _)| (row, dot_f32(query, self.row(row))))
            .collect();
        hits.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        hits.truncate(limit);
        hits
    }
}

/// A query in codes.
pub(super) struct Asked<'r> {
    rows: &'r Exact,
    codes: Vec<i8>,
    shift: i32,
    scale: f32,
}

impl Asked<'_> {
    /// The dot product with one row, as its codes have it.
    pub fn score(&self, row: u32) -> f32 {
        let dot = self.rows.kernel.dot_row(&self.codes, self.row(row)) - self.shift;
        dot as f32 * self.rows.scales[row as usize] * self.scale
    }

    /// Says that this row comes next.
    pub fn fetch(&self, row: u32) {
        fetch(self.row(row));
    }

    fn row(&self, row: u32) -> &[u8] {
        let dimension = self.rows.dimension;
        &self.rows.codes[row as usize * dimension..][..dimension]
    }
}

/// The best so far: up to twice as many as are kept, so that they are rarely put in order.
struct Best {
    keep: usize,
    hits: Vec<Hit>,
    /// What a row must exceed to be among them.
    floor: f32,
}

impl Best {
    fn of(keep: usize) -> Self {
        Self {
            keep,
            hits: Vec::with_capacity(keep * 2),
            floor: f32::MIN,
        }
    }

    fn add(&mut self, hit: Hit) {
        self.hits.push(hit);
        if self.hits.len() == self.keep * 2 {
            self.hits
                .select_nth_unstable_by(self.keep - 1, |a, b| b.1.total_cmp(&a.1));
            self.hits.truncate(self.keep);
            self.floor = self.hits.iter().map(|hit| hit.1).fold(f32::MAX, f32::min);
        }
    }
}

/// Codes of −127…127 and the scale that gives the values back.
pub(super) fn quantise(values: &[f32]) -> (impl Iterator<Item = i8> + '_, f32) {
    let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (values.iter().map(move |v| (v / scale).round() as i8), scale)
}

#[cfg(target_endian = "big")]
compile_error!("vectors are mapped as little-endian f32");

#[allow(unsafe_code)]
pub(super) fn map_file(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: generations are never written to after they are published, and only removed, which
    // leaves the mapping intact.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit_rows(rows: usize, dimension: usize) -> Vec<f32> {
        let mut state = 7u64;
        let mut values = Vec::with_capacity(rows * dimension);
        for _ in 0..rows {
            let row: Vec<f32> = (0..dimension)
                .map(|_| {
                    state = state
                        .wrapping_mul(6364136223846793005)
                        .wrapping_add(1442695040888963407);
                    (state >> 40) as f32 / (1 << 24) as f32 - 0.5
                })
                .collect();
            let norm = dot_f32(&row, &row).sqrt();
            values.extend(row.iter().map(|v| v / norm));
        }
        values
    }

    #[test]
    fn the_int8_scan_finds_what_a_full_f32_scan_finds() {
        let (rows, dimension) = (3_000, 384);
        let values = unit_rows(rows, dimension);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("vectors.f32");
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        std::fs::write(&path, bytes).expect("writes");
        let exact = Exact::open(&path, dimension).expect("opens");
        let queries = unit_rows(200, dimension);
        let mut equal = 0;
        for query in queries.chunks(dimension) {
            let mut full: Vec<Hit> = (0..rows as u32)
                .map(|row| (row, dot_f32(query, exact.row(row))))
                .collect();
            full.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            full.truncate(10);
            equal += usize::from(exact.search(query, 10, None) == full);
        }
        assert!(equal >= 199, "{equal} of 200");
        let even = exact.search(&queries[..dimension], 5, Some(&|row| row % 2 == 0));
        assert!(even.iter().all(|(row, _)| row % 2 == 0) && even.len() == 5);
        let ranges = [3..4, 700..1_900, 2_999..3_000];
        let within = |row: u32| ranges.iter().any(|range| range.contains(&row));
        for query in queries.chunks(dimension) {
            assert_eq!(
                exact.search_in(query, 10, &ranges, None),
                exact.search(query, 10, Some(&within))
            );
        }
    }
}
