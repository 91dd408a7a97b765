//! Vectors of an indexing run that is not finished, kept so that a crash costs seconds, not the run.
//!
//! An append-only file: a header with the model's identity, then records of key, number of
//! details, vector, details and checksum. A torn last record is dropped; a file of another model is
//! started anew. It is removed once the generation that holds the vectors is published.

use crate::embedding::ModelIdentity;
use crate::index::vector::Details;
use crate::index::{EmbeddingKey, IndexError, Reusable};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const NAME: &str = "embeddings.partial";
const CHECKSUM_BYTES: usize = 8;
const COUNT_BYTES: usize = size_of::<u16>();

/// A vector and its encoded details.
pub type Found = (Vec<f32>, Vec<u8>);

pub struct Partial {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl Partial {
    /// Opens the file in `folder` and returns what an interrupted run left in it.
    pub fn open(
        folder: &Path,
        model: &ModelIdentity,
    ) -> Result<(Self, HashMap<EmbeddingKey, Found>), IndexError> {
        let path = folder.join(NAME);
        let header = header(model);
        let (found, length) = read(&path, &header, model.dimension).unwrap_or_default();
        let context = "cannot write the unfinished embeddings";
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(IndexError::io(context))?;
        file.set_len(length as u64)
            .map_err(IndexError::io(context))?;
        if length == 0 {
            file.write_all(&header).map_err(IndexError::io(context))?;
        } else {
            use std::io::Seek;
            file.seek(std::io::SeekFrom::End(0))
                .map_err(IndexError::io(context))?;
        }
        let writer = BufWriter::new(file);
        Ok((Self { path, writer }, found))
    }

    pub fn append(&mut self, key: &EmbeddingKey, one: Reusable) -> Result<(), IndexError> {
        let details = one.details.len() / Details::row_bytes(one.vector.len());
        let length = key.len() + COUNT_BYTES + one.vector.len() * 4 + one.details.len();
        let mut record = Vec::with_capacity(length + CHECKSUM_BYTES);
        record.extend_from_slice(key);
        record.extend_from_slice(&(details as u16).to_le_bytes());
        record.extend(one.vector.iter().flat_map(|v| v.to_le_bytes()));
        record.extend_from_slice(one.details);
        let checksum = blake3::hash(&record);
        record.extend_from_slice(&checksum.as_bytes()[..CHECKSUM_BYTES]);
        self.writer
            .write_all(&record)
            .map_err(IndexError::io("cannot write the unfinished embeddings"))
    }

    pub fn flush(&mut self) -> Result<(), IndexError> {
        self.writer
            .flush()
            .map_err(IndexError::io("cannot write the unfinished embeddings"))
    }

    /// The vectors are published elsewhere now.
    pub fn remove(self) {
        drop(self.writer);
        let _ = std::fs::remove_file(&self.path);
    }
}

fn header(model: &ModelIdentity) -> Vec<u8> {
    let mut header = serde_json::to_vec(model).expect("an identity serialises");
    header.push(b'\n');
    header
}

/// Complete records and the length of the file up to the last of them.
fn read(
    path: &Path,
    header: &[u8],
    dimension: usize,
) -> Option<(HashMap<EmbeddingKey, Found>, usize)> {
    let mut reader = BufReader::new(File::open(path).ok()?);
    let mut first = vec![0; header.len()];
    reader.read_exact(&mut first).ok()?;
    if first != header {
        return None;
    }
    let mut found = HashMap::new();
    let mut length = header.len();
    while let Some((key, one, bytes)) = read_record(&mut reader, dimension) {
        found.insert(key, one);
        length += bytes;
    }
    Some((found, length))
}

/// The next record and its length; `None` at the end, or where it is torn.
fn read_record(reader: &mut impl Read, dimension: usize) -> Option<(EmbeddingKey, Found, usize)> {
    let mut record = vec![0; size_of::<EmbeddingKey>() + COUNT_BYTES];
    reader.read_exact(&mut record).ok()?;
    let (key, count) = record.split_at(size_of::<EmbeddingKey>());
    let key: EmbeddingKey = key.try_into().ok()?;
    let details = u16::from_le_bytes(count.try_into().ok()?) as usize;
    let head = record.len();
    let body = head + dimension * 4 + details * Details::row_bytes(dimension);
    record.resize(body + CHECKSUM_BYTES, 0);
    reader.read_exact(&mut record[head..]).ok()?;
    let (checked, checksum) = record.split_at(body);
    if &blake3::hash(checked).as_bytes()[..CHECKSUM_BYTES] != checksum {
        return None;
    }
    let (floats, details) = checked[head..].split_at(dimension * 4);
    let (values, _) = floats.as_chunks::<4>();
    let vector = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Some((key, (vector, details.to_vec()), record.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ModelIdentity {
        ModelIdentity {
            name: "test".into(),
            hash: "00".into(),
            dimension: 2,
            max_tokens: 8,
            query_prefix: String::new(),
            passage_prefix: String::new(),
        }
    }

    fn one(vector: &[f32]) -> Reusable<'_> {
        Reusable {
            vector,
            details: &[7; 12],
        }
    }

    #[test]
    fn a_torn_record_is_dropped_and_whole_ones_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut partial, found) = Partial::open(folder.path(), &model()).expect("opens");
        assert!(found.is_empty());
        partial.append(&[1; 16], one(&[0.5, 0.5])).expect("appends");
        partial.append(&[2; 16], one(&[1.0, 0.0])).expect("appends");
        partial.flush().expect("flushes");
        drop(partial);
        let path = folder.path().join(NAME);
        let bytes = std::fs::read(&path).expect("reads");
        std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("writes");
        let (mut partial, found) = Partial::open(folder.path(), &model()).expect("opens");
        assert_eq!(
            found,
            HashMap::from([([1; 16], (vec![0.5, 0.5], vec![7; 12]))])
        );
        partial.append(&[3; 16], one(&[0.0, 1.0])).expect("appends");
        partial.flush().expect("flushes");
        let (_, found) = Partial::open(folder.path(), &model()).expect("opens");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn vectors_of_another_model_are_not_used() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut partial, _) = Partial::open(folder.path(), &model()).expect("opens");
        partial.append(&[1; 16], one(&[0.5, 0.5])).expect("appends");
        partial.flush().expect("flushes");
        let other = ModelIdentity {
            hash: "01".into(),
            ..model()
        };
        let (_, found) = Partial::open(folder.path(), &other).expect("opens");
        assert!(found.is_empty());
    }
}
