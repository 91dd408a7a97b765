//! A finished graph of near neighbours: searched where it lies, in memory or mapped from its file.
//!
//! It holds row numbers only. The walk compares int8 codes, a quarter of the bytes that f32 would
//! fetch from memory, and the best it meets are put in order in f32. It does not know how the graph
//! was made.
//!
//! ```text
//! hnsw.graph, little-endian u32:
//!   MAGIC rows entry layers, then per layer from the lowest: nodes edges
//!   per layer: row of each node (not in the lowest, which has all), nodes + 1 offsets, edges
//! ```

use super::exact::{Asked, Exact, map_file};
use super::{Hit, is_of_read_text};
use crate::index::IndexError;
use memmap2::Mmap;
use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// Name of the file within a generation.
const FILE: &str = "hnsw.graph";
/// The file's first number; another layout gets another one.
const MAGIC: u32 = u32::from_le_bytes(*b"HNW1");
const HEADER: usize = 4;

/// Candidates kept while searching, at least: the least width at which 100,000 clustered rows give
/// a recall of .98 of the best ten (performance page).
const WIDTH: usize = 160;

/// A graph over the rows of an [`Exact`].
pub struct Graph {
    words: Words,
    rows: usize,
    entry: u32,
    /// From the lowest, which has every row.
    layers: Vec<Layer>,
}

enum Words {
    Built(Vec<u32>),
    Mapped(Mmap),
}

/// Where a layer lies among the words.
struct Layer {
    nodes: Range<usize>,
    offsets: Range<usize>,
    edges: Range<usize>,
}

impl Layer {
    /// Whether everything it names is there: the walk looks nothing up twice.
    fn holds_together(&self, numbers: &[u32], rows: u32) -> bool {
        let (nodes, offsets) = (&numbers[self.nodes.clone()], &numbers[self.offsets.clone()]);
        let edges = &numbers[self.edges.clone()];
        offsets.is_sorted()
            && offsets
                .last()
                .is_some_and(|end| *end as usize == edges.len())
            && nodes.is_sorted_by(|a, b| a < b)
            && nodes.iter().chain(edges).all(|row| *row < rows)
    }
}

/// Neighbours by node, lowest layer first: (row, its neighbours), rows ascending.
pub type Neighbours = Vec<Vec<(u32, Vec<u32>)>>;

impl Graph {
    /// Lays out a graph; the lowest layer has every row.
    pub fn new(entry: u32, layers: &Neighbours) -> Self {
        let rows = layers.first().map_or(0, Vec::len);
        let mut words = vec![MAGIC, rows as u32, entry, layers.len() as u32];
        for layer in layers {
            let edges: usize = layer.iter().map(|(_, near)| near.len()).sum();
            words.extend([layer.len() as u32, edges as u32]);
        }
        for (level, layer) in layers.iter().enumerate() {
            if level > 0 {
                words.extend(layer.iter().map(|(row, _)| row));
            }
            let mut offset = 0;
            words.push(offset);
            for (_, near) in layer {
                offset += near.len() as u32;
                words.push(offset);
            }
            words.extend(layer.iter().flat_map(|(_, near)| near));
        }
        Self::of(Words::Built(words)).expect("it was laid out just now")
    }

    fn of(words: Words) -> Result<Self, IndexError> {
        let damaged = || IndexError::Damaged("hnsw: not a graph of this version".into());
        let numbers = words.all();
        let &[MAGIC, rows, entry, count, ..] = numbers else {
            return Err(damaged());
        };
        let mut at = HEADER + 2 * count as usize;
        let sizes = numbers.get(HEADER..at).ok_or_else(damaged)?;
        let mut layers = Vec::with_capacity(count as usize);
        for (level, size) in sizes.chunks(2).enumerate() {
            let (nodes, edges) = (size[0] as usize, size[1] as usize);
            let named = if level == 0 { 0 } else { nodes };
            let layer = Layer {
                nodes: at..at + named,
                offsets: at + named..at + named + nodes + 1,
                edges: at + named + nodes + 1..at + named + nodes + 1 + edges,
            };
            at = layer.edges.end;
            layers.push(layer);
        }
        let lowest_has_all = sizes.first().is_none_or(|nodes| *nodes == rows);
        let is_whole = at == numbers.len()
            && lowest_has_all
            && (rows == 0 || entry < rows && !layers.is_empty())
            && layers
                .iter()
                .all(|layer| layer.holds_together(numbers, rows));
        if !is_whole {
            return Err(damaged());
        }
        Ok(Self {
            words,
            rows: rows as usize,
            entry,
            layers,
        })
    }

    /// Writes the graph into `generation`.
    pub fn save(&self, generation: &Path) -> Result<(), IndexError> {
        let bytes: Vec<u8> = self
            .words
            .all()
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        let write = || -> std::io::Result<()> {
            let mut file = File::create(generation.join(FILE))?;
            file.write_all(&bytes)?;
            file.sync_all()
        };
        write().map_err(IndexError::io("cannot write the graph"))
    }

    /// Whether `generation` holds a graph.
    pub fn is_saved(generation: &Path) -> bool {
        generation.join(FILE).is_file()
    }

    /// Maps a graph whose checksum was verified.
    pub fn load(generation: &Path) -> Result<Self, IndexError> {
        let context = "cannot read the graph";
        let file = File::open(generation.join(FILE)).map_err(IndexError::io(context))?;
        let map = map_file(&file).map_err(IndexError::io(context))?;
        Self::of(Words::Mapped(map))
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About the `limit` nearest of `rows`, best first. `allowed` is asked per row.
    pub fn search(
        &self,
        rows: &Exact,
        query: &[f32],
        limit: usize,
        allowed: Option<&(dyn Fn(u32) -> bool + Sync)>,
    ) -> Vec<Hit> {
        if self.rows == 0 || rows.len() != self.rows || query.len() != rows.dimension() {
            return Vec::new();
        }
        let asked = rows.asked(query);
        let mut near = Near::to(&asked, self.entry);
        for layer in self.layers.iter().skip(1).rev() {
            near = self.descend(layer, &asked, near);
        }
        let found = VISITED.with_borrow_mut(|visited| {
            visited.begin(self.rows);
            self.walk(&asked, near, WIDTH.max(limit), allowed, visited)
        });
        rows.rerank(query, found, limit)
    }

    /// The nearest node that can be reached by going nearer at every step.
    fn descend(&self, layer: &Layer, asked: &Asked<'_>, from: Near) -> Near {
        let mut near = from;
        loop {
            let better = self
                .neighbours(layer, near.row)
                .iter()
                .map(|row| Near::to(asked, *row))
                .max()
                .filter(|best| *best > near);
            match better {
                Some(best) => near = best,
                None => return near,
            }
        }
    }

    /// The best of the lowest layer that are met on a walk which keeps `width` of them.
    fn walk(
        &self,
        asked: &Asked<'_>,
        from: Near,
        width: usize,
        allowed: Option<&(dyn Fn(u32) -> bool + Sync)>,
        visited: &mut Visited,
    ) -> Vec<Hit> {
        let Some(lowest) = self.layers.first() else {
            return Vec::new();
        };
        let is_allowed = |row: u32| allowed.is_none_or(|allowed| allowed(row));
        let mut ahead = BinaryHeap::from([from]);
        let mut best: BinaryHeap<Reverse<Near>> = BinaryHeap::with_capacity(width + 1);
        visited.add(from.row);
        if is_allowed(from.row) {
            best.push(Reverse(from));
        }
        let mut fresh = Vec::new();
        while let Some(nearest) = ahead.pop() {
            let worst = match best.peek() {
                Some(Reverse(worst)) if best.len() >= width => Some(*worst),
                _ => None,
            };
            if worst.is_some_and(|worst| nearest < worst) {
                break;
            }
            fresh.clear();
            for &row in self.neighbours(lowest, nearest.row) {
                if visited.add(row) {
                    asked.fetch(row);
                    fresh.push(row);
                }
            }
            for &row in &fresh {
                let near = Near::to(asked, row);
                let is_full = best.len() >= width;
                if is_full && best.peek().is_some_and(|Reverse(worst)| near < *worst) {
                    continue;
                }
                ahead.push(near);
                if is_allowed(row) {
                    best.push(Reverse(near));
                    if best.len() > width {
                        best.pop();
                    }
                }
            }
        }
        let found = best.into_iter().map(|Reverse(near)| (near.row, near.score));
        found.filter(|(_, score)| is_of_read_text(*score)).collect()
    }

    fn neighbours(&self, layer: &Layer, row: u32) -> &[u32] {
        let words = self.words.all();
        let node = if layer.nodes.is_empty() {
            row as usize
        } else {
            match words[layer.nodes.clone()].binary_search(&row) {
                Ok(node) => node,
                Err(_) => return &[],
            }
        };
        let offsets = &words[layer.offsets.clone()];
        let (start, end) = (offsets[node] as usize, offsets[node + 1] as usize);
        &words[layer.edges.clone()][start..end]
    }
}

impl Words {
    #[allow(unsafe_code)]
    fn all(&self) -> &[u32] {
        match self {
            Self::Built(words) => words,
            // SAFETY: a map begins at a page, so it is aligned; every bit pattern is a u32; the
            // length is rounded down to whole ones.
            Self::Mapped(map) => unsafe {
                std::slice::from_raw_parts(map.as_ptr().cast(), map.len() / size_of::<u32>())
            },
        }
    }
}

/// A row by how near it is; the larger the nearer.
#[derive(Clone, Copy, PartialEq)]
struct Near {
    score: f32,
    row: u32,
}

impl Near {
    fn to(asked: &Asked<'_>, row: u32) -> Self {
        let score = asked.score(row);
        Self { score, row }
    }
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then(other.row.cmp(&self.row))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

thread_local! {
    /// Kept between searches: clearing four bytes per row each time would cost more than the walk.
    static VISITED: RefCell<Visited> = const { RefCell::new(Visited { turn: 0, turns: Vec::new() }) };
}

/// Which rows the walk has met.
struct Visited {
    turn: u32,
    /// The walk that met each row last.
    turns: Vec<u32>,
}

impl Visited {
    fn begin(&mut self, rows: usize) {
        if self.turns.len() < rows || self.turn == u32::MAX {
            self.turns.clear();
            self.turns.resize(rows, 0);
            self.turn = 0;
        }
        self.turn += 1;
    }

    /// False if the walk has met it before.
    fn add(&mut self, row: u32) -> bool {
        let met = &mut self.turns[row as usize];
        let is_new = *met != self.turn;
        *met = self.turn;
        is_new
    }
}
