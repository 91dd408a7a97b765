//! Vectors of details: each row of the index has a group of them, for what it says in its parts.
//!
//! They only refine what the rows found, so their int8 codes are precise enough (a dot product is
//! off by about .001), and they stay in the file until they are asked for. It knows rows and
//! groups, not what the details are.

use super::Kernel;
use super::dot::{ROW_SHIFT, shift};
use super::exact::{map_file, quantise};
use crate::index::IndexError;
use memmap2::Mmap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Bytes of a detail's scale, behind its codes.
const SCALE_BYTES: usize = size_of::<f32>();

/// Bytes of a group's place in the file.
const START_BYTES: usize = size_of::<u32>();

/// The groups of a generation, mapped: where each begins (one more for the end), then the details.
pub struct Details {
    dimension: usize,
    groups: usize,
    file: Mmap,
    kernel: Kernel,
}

impl Details {
    /// A group as it is kept: the codes of each vector, followed by their scale.
    pub fn encode(vectors: &[Vec<f32>]) -> Vec<u8> {
        let mut group = Vec::new();
        for vector in vectors {
            let (codes, scale) = quantise(vector);
            group.extend(codes.map(|code| (i32::from(code) + ROW_SHIFT) as u8));
            group.extend(scale.to_le_bytes());
        }
        group
    }

    /// Bytes of one detail within a group.
    pub fn row_bytes(dimension: usize) -> usize {
        dimension + SCALE_BYTES
    }

    /// Writes the groups, in their order.
    pub fn write(path: &Path, dimension: usize, groups: &[Vec<u8>]) -> Result<(), IndexError> {
        let context = || format!("cannot write {}", path.display());
        let file = File::create(path).map_err(IndexError::io(context()))?;
        let mut out = BufWriter::new(file);
        let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(IndexError::io(context()));
        let mut start = 0u32;
        write(&start.to_le_bytes())?;
        for group in groups {
            start += (group.len() / Self::row_bytes(dimension)) as u32;
            write(&start.to_le_bytes())?;
        }
        for group in groups {
            write(group)?;
        }
        out.flush().map_err(IndexError::io(context()))
    }

    /// Maps `path`, which holds so many groups.
    pub fn open(path: &Path, dimension: usize, groups: usize) -> Result<Self, IndexError> {
        let context = || format!("cannot read {}", path.display());
        let file = File::open(path).map_err(IndexError::io(context()))?;
        let file = map_file(&file).map_err(IndexError::io(context()))?;
        let damaged = || IndexError::Damaged("details: not whole groups".into());
        if file.len() < (groups + 1) * START_BYTES {
            return Err(damaged());
        }
        let details = Self {
            dimension,
            groups,
            file,
            kernel: Kernel::detect(),
        };
        let in_order = (0..groups).all(|group| details.start(group) <= details.start(group + 1));
        let end = details.offset(details.start(groups));
        if !in_order || end != details.file.len() {
            return Err(damaged());
        }
        Ok(details)
    }

    /// A group as [`Details::encode`] made it.
    pub fn group(&self, group: u32) -> &[u8] {
        let group = group as usize;
        let (start, end) = (self.start(group), self.start(group + 1));
        &self.file[self.offset(start)..self.offset(end)]
    }

    /// A question, to be compared with groups.
    pub fn asked(&self, question: &[f32]) -> Asked<'_> {
        let (codes, scale) = quantise(question);
        let codes: Vec<i8> = codes.collect();
        Asked {
            details: self,
            shift: shift(&codes),
            codes,
            scale,
        }
    }

    fn start(&self, group: usize) -> usize {
        let at = group * START_BYTES;
        let bytes = self.file[at..at + START_BYTES].try_into();
        u32::from_le_bytes(bytes.expect("four bytes")) as usize
    }

    fn offset(&self, row: usize) -> usize {
        (self.groups + 1) * START_BYTES + row * Self::row_bytes(self.dimension)
    }
}

/// A question in codes.
pub struct Asked<'d> {
    details: &'d Details,
    codes: Vec<i8>,
    shift: i32,
    scale: f32,
}

impl Asked<'_> {
    /// The largest dot product with a detail of the group; `None` for an empty one.
    pub fn nearest(&self, group: u32) -> Option<f32> {
        let rows = self.details.group(group);
        rows.chunks_exact(Details::row_bytes(self.codes.len()))
            .map(|row| {
                let (codes, scale) = row.split_at(self.codes.len());
                let scale = f32::from_le_bytes(scale.try_into().expect("four bytes"));
                let dot = self.details.kernel.dot_row(&self.codes, codes) - self.shift;
                dot as f32 * scale * self.scale
            })
            .max_by(f32::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_detail_of_a_group_is_found_and_empty_groups_have_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("details.i8");
        let groups = [
            Details::encode(&[vec![1.0, 0.0], vec![0.6, 0.8]]),
            Vec::new(),
            Details::encode(&[vec![0.0, 1.0]]),
        ];
        Details::write(&path, 2, &groups).expect("writes");
        let details = Details::open(&path, 2, 3).expect("opens");
        let asked = details.asked(&[0.0, 1.0]);
        let near = |group: u32, expected: f32| {
            let found = asked.nearest(group).expect("a detail");
            assert!((found - expected).abs() < 0.01, "{found}");
        };
        near(0, 0.8);
        near(2, 1.0);
        assert_eq!(asked.nearest(1), None);
        assert_eq!(details.group(0), groups[0]);
    }

    #[test]
    fn a_file_of_another_size_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("details.i8");
        Details::write(&path, 2, &[Details::encode(&[vec![1.0, 0.0]])]).expect("writes");
        assert!(Details::open(&path, 2, 2).is_err());
        assert!(Details::open(&path, 3, 1).is_err());
        std::fs::write(&path, [0; 3]).expect("writes");
        assert!(Details::open(&path, 2, 1).is_err());
    }
}
