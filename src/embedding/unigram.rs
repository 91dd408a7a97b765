//! A unigram vocabulary in a few megabytes: the segmentation of XLM-R and its relatives.
//!
//! Same pieces, scores and results as the tokenizers crate's own `Unigram`, to which a property
//! test holds it. That one keeps a hash map for every node of its trie: for the embedded model's
//! 130,086 pieces ten times this memory, at several times the time to load. Here the trie is three
//! arrays. It doesn't normalise or split into words; the rest of tokenizer.json does.

use tokenizers::models::unigram::UnigramTrainer;
use tokenizers::{Model, Result, Token};

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

/// What an unknown character costs more than the unlikeliest piece (SentencePiece's constant).
const UNKNOWN_PENALTY: f64 = 10.0;

/// No piece ends at this node.
const NONE: u32 = u32::MAX;

/// Pieces in the order of their ids, while they are read.
#[derive(Default)]
pub struct PieceList {
    text: String,
    ends: Vec<u32>,
    scores: Vec<f64>,
}

impl PieceList {
    pub fn push(&mut self, piece: &str, score: f64) {
        self.text.push_str(piece);
        self.ends.push(self.text.len() as u32);
        self.scores.push(score);
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, id: usize) -> &str {
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[id] as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        (0..self.len()).map(|id| (self.get(id), self.scores[id]))
    }
}

/// A vocabulary ready to segment words.
pub struct Unigram {
    pieces: PieceList,
    trie: Trie,
    unknown: u32,
    unknown_score: f64,
}

/// The last step of the best path to a byte of the word.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    start: u32,
    piece: u32,
}

impl Unigram {
    /// `None` when `unknown` is no piece, or there are more bytes than the arrays can count.
    pub fn new(mut pieces: PieceList, unknown: usize) -> Option<Self> {
        if unknown >= pieces.len() || u32::try_from(pieces.text.len()).is_err() {
            return None;
        }
        pieces.text.shrink_to_fit();
        pieces.ends.shrink_to_fit();
        pieces.scores.shrink_to_fit();
        let lowest = pieces.scores.iter().copied().fold(f64::INFINITY, f64::min);
        Some(Self {
            trie: Trie::new(&pieces),
            unknown: unknown as u32,
            unknown_score: lowest - UNKNOWN_PENALTY,
            pieces,
        })
    }

    /// The likeliest pieces of a word: (id, start, end), unknown neighbours joined.
    fn segment(&self, word: &str) -> Vec<(u32, usize, usize)> {
        const UNREACHED: Step = Step {
            score: 0.0,
            start: u32::MAX,
            piece: NONE,
        };
        let bytes = word.as_bytes();
        let mut best = vec![UNREACHED; bytes.len() + 1];
        for (start, character) in word.char_indices() {
            let so_far = best[start].score;
            let after = start + character.len_utf8();
            let mut alone = false;
            let mut reach = |end: usize, piece: u32, score: f64| {
                let step = &mut best[end];
                if step.start == u32::MAX || so_far + score > step.score {
                    *step = Step {
                        score: so_far + score,
                        start: start as u32,
                        piece,
                    };
                }
            };
            self.trie.prefixes(&bytes[start..], |length, piece| {
                reach(start + length, piece, self.pieces.scores[piece as usize]);
                alone |= start + length == after;
            });
            if !alone {
                reach(after, self.unknown, self.unknown_score);
            }
        }
        let mut path: Vec<(u32, usize, usize)> = Vec::new();
        let mut end = bytes.len();
        while end > 0 {
            let Step { start, piece, .. } = best[end];
            let start = start as usize;
            match path.last_mut() {
                Some(last) if piece == self.unknown && last.0 == piece => last.1 = start,
                _ => path.push((piece, start, end)),
            }
            end = start;
        }
        path.reverse();
        path
    }
}

impl Model for Unigram {
    type Trainer = UnigramTrainer;

    fn tokenize(&self, word: &str) -> Result<Vec<Token>> {
        if u32::try_from(word.len()).is_err() {
            return Err("a word of more than 4 GiB".into());
        }
        let path = self.segment(word).into_iter();
        Ok(path
            .map(|(id, start, end)| Token::new(id, word[start..end].to_owned(), (start, end)))
            .collect())
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        let mut found = None;
        self.trie.prefixes(token.as_bytes(), |length, piece| {
            if length == token.len() {
                found = Some(piece);
            }
        });
        found
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        let id = id as usize;
        (id < self.pieces.len()).then(|| self.pieces.get(id).to_owned())
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        let names = self.pieces.iter().map(|(piece, _)| piece.to_owned());
        names.zip(0..).collect()
    }

    fn get_vocab_size(&self) -> usize {
        self.pieces.len()
    }

    fn save(&self, _folder: &Path, _prefix: Option<&str>) -> Result<Vec<PathBuf>> {
        Err("a vocabulary is read here, never written".into())
    }

    fn get_trainer(&self) -> UnigramTrainer {
        UnigramTrainer::default()
    }
}

/// All pieces by their bytes. Nodes are numbered level by level, so the children of node `n` are
/// the nodes `first_child[n]..first_child[n + 1]`, in the order of their labels.
struct Trie {
    labels: Vec<u8>,
    first_child: Vec<u32>,
    /// The piece that ends at the node, or [`NONE`].
    pieces: Vec<u32>,
}

impl Trie {
    fn new(list: &PieceList) -> Self {
        let mut order: Vec<u32> = (0..list.len() as u32).collect();
        order.sort_unstable_by_key(|&id| list.get(id as usize));
        let bytes_of = |at: usize| list.get(order[at] as usize).as_bytes();
        let mut trie = Self {
            labels: vec![0],
            first_child: Vec::new(),
            pieces: Vec::new(),
        };
        // Each node is a stretch of the sorted pieces that share their first `depth` bytes.
        let mut open = VecDeque::from([(0, order.len(), 0)]);
        while let Some((mut from, to, depth)) = open.pop_front() {
            let mut piece = NONE;
            while from < to && bytes_of(from).len() == depth {
                // Of equal pieces the last one counts, as in the crate.
                piece = order[from].max(if piece == NONE { 0 } else { piece });
                from += 1;
            }
            trie.pieces.push(piece);
            trie.first_child.push(trie.labels.len() as u32);
            while from < to {
                let label = bytes_of(from)[depth];
                let mut end = from + 1;
                while end < to && bytes_of(end)[depth] == label {
                    end += 1;
                }
                trie.labels.push(label);
                open.push_back((from, end, depth + 1));
                from = end;
            }
        }
        trie.first_child.push(trie.labels.len() as u32);
        trie.labels.shrink_to_fit();
        trie.first_child.shrink_to_fit();
        trie.pieces.shrink_to_fit();
        trie
    }

    /// Calls `found(length, piece)` for every piece that `bytes` begins with, shortest first.
    fn prefixes(&self, bytes: &[u8], mut found: impl FnMut(usize, u32)) {
        let mut node = 0;
        for (depth, byte) in bytes.iter().enumerate() {
            let from = self.first_child[node] as usize;
            let labels = &self.labels[from..self.first_child[node + 1] as usize];
            let Ok(at) = labels.binary_search(byte) else {
                return;
            };
            node = from + at;
            if self.pieces[node] != NONE {
                found(depth + 1, self.pieces[node]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokenizers::models::unigram::Unigram as Theirs;

    fn ours(pieces: &[(String, f64)]) -> Unigram {
        let mut list = PieceList::default();
        pieces
            .iter()
            .for_each(|(piece, score)| list.push(piece, *score));
        Unigram::new(list, 0).expect("the first piece is <unk>")
    }

    /// Few letters of different lengths in UTF-8, so that pieces overlap often.
    const LETTERS: &str = "[abéہ🙂]{1,5}";

    proptest! {
        #[test]
        fn a_word_is_segmented_as_by_the_crate(
            pieces in prop::collection::hash_map(LETTERS, -20.0..-1.0f64, 1..40),
            words in prop::collection::vec("[abéہ🙂x]{0,24}", 1..8),
        ) {
            let mut all = vec![("<unk>".to_owned(), 0.0)];
            all.extend(pieces);
            let ours = ours(&all);
            let theirs = Theirs::from(all.clone(), Some(0), false).expect("a vocabulary");
            for word in &words {
                let (a, b) = (ours.tokenize(word), theirs.tokenize(word));
                prop_assert_eq!(a.expect("segments"), b.expect("segments"));
            }
            for (piece, _) in &all {
                prop_assert_eq!(ours.token_to_id(piece), theirs.token_to_id(piece));
            }
            prop_assert_eq!(ours.token_to_id("no such piece"), None);
            prop_assert_eq!(ours.get_vocab(), theirs.get_vocab());
        }
    }

    #[test]
    fn every_id_has_its_piece_back() {
        let pieces: Vec<(String, f64)> = ["<unk>", "a", "ab", "b", "ہے"]
            .iter()
            .map(|piece| ((*piece).to_owned(), -1.0))
            .collect();
        let ours = ours(&pieces);
        for (id, (piece, _)) in (0..).zip(&pieces) {
            assert_eq!(ours.id_to_token(id).as_ref(), Some(piece));
        }
        assert_eq!(ours.id_to_token(5), None);
    }

    #[test]
    fn an_unknown_id_outside_the_vocabulary_is_no_model() {
        assert!(Unigram::new(PieceList::default(), 0).is_none());
    }
}
