//! Writes the vectors of a new generation, and their details.
//!
//! Most rows are taken over from the last generation one after the other, so neighbours are written
//! together. It does not know what the vectors are of.

use super::embedded::{DETAILS_FILE, VECTORS_FILE};
use super::vector::Details;
use super::{IndexError, Ordinal};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Neighbouring rows gathered before they are written.
const GATHERED_BYTES: usize = 1 << 20;

/// Rows of f32, written in any order, and the details of each.
pub struct VectorsFile {
    file: File,
    dimension: usize,
    details_path: PathBuf,
    /// Encoded, by row: they lie in the order of the rows.
    details: Vec<Vec<u8>>,
    /// Rows that are not written yet, and the first of them.
    gathered: Vec<u8>,
    first: Ordinal,
}

impl VectorsFile {
    pub(super) fn create(
        generation: &Path,
        dimension: usize,
        rows: usize,
    ) -> Result<Self, IndexError> {
        let file = File::create(generation.join(VECTORS_FILE)).map_err(wrong())?;
        let bytes = rows * dimension * size_of::<f32>();
        file.set_len(bytes as u64).map_err(wrong())?;
        Ok(Self {
            file,
            dimension,
            details_path: generation.join(DETAILS_FILE),
            details: vec![Vec::new(); rows],
            gathered: Vec::with_capacity(GATHERED_BYTES),
            first: 0,
        })
    }

    pub fn write(
        &mut self,
        row: Ordinal,
        vector: &[f32],
        details: &[u8],
    ) -> Result<(), IndexError> {
        debug_assert_eq!(vector.len(), self.dimension);
        self.details[row as usize] = details.to_vec();
        let gathered = (self.gathered.len() / self.row_bytes()) as Ordinal;
        let is_next = row == self.first + gathered;
        if !is_next || self.gathered.len() + self.row_bytes() > GATHERED_BYTES {
            self.flush()?;
            self.first = row;
        }
        self.gathered
            .extend(vector.iter().flat_map(|v| v.to_le_bytes()));
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), IndexError> {
        self.flush()?;
        Details::write(&self.details_path, self.dimension, &self.details)
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        let at = self.first as usize * self.row_bytes();
        self.file
            .write_all_at(&self.gathered, at as u64)
            .map_err(wrong())?;
        self.gathered.clear();
        Ok(())
    }

    fn row_bytes(&self) -> usize {
        self.dimension * size_of::<f32>()
    }
}

fn wrong() -> impl FnOnce(std::io::Error) -> IndexError {
    IndexError::io("cannot write the vectors")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::vector::Exact;

    #[test]
    fn rows_written_in_any_order_are_all_there() {
        const DIMENSION: usize = 384;
        let rows = (3 * GATHERED_BYTES / (DIMENSION * size_of::<f32>())) as Ordinal;
        let value = |row: Ordinal| vec![row as f32; DIMENSION];
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut file =
            VectorsFile::create(folder.path(), DIMENSION, rows as usize).expect("created");
        // A run of neighbours longer than what is gathered, then backwards.
        let (forwards, backwards) = (0..rows / 2, (rows / 2..rows).rev());
        for row in forwards.chain(backwards) {
            let details = Details::encode(&vec![value(row); row as usize % 3]);
            file.write(row, &value(row), &details).expect("written");
        }
        file.finish().expect("written");
        let written = Exact::open(&folder.path().join(VECTORS_FILE), DIMENSION).expect("opens");
        let details = folder.path().join(DETAILS_FILE);
        let details = Details::open(&details, DIMENSION, rows as usize).expect("opens");
        for row in 0..rows {
            assert_eq!(written.row(row), value(row));
            let bytes = row as usize % 3 * Details::row_bytes(DIMENSION);
            assert_eq!(details.group(row).len(), bytes);
        }
    }
}
