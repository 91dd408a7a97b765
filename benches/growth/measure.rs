//! One size of the index: what it costs to make and to open, and how long a question takes.
//!
//!     growth make CHUNKS FOLDER
//!     growth ask FOLDER
//!
//! Text and vectors are made up (`zipf`, unit vectors around 300 centres with three details each),
//! so this is everything but the model, whose time is the number of chunks times one chunk's. Each
//! prints one JSON object; two processes, so that memory is that of a server which has started.

mod pages;
mod zipf;

use anyhow::Context;
use rag_chatbot::embedding::ModelIdentity;
use rag_chatbot::index::vector::Details;
use rag_chatbot::index::{About, Builder, Embedded, Filter, Probe, State, VectorsManifest};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use zipf::Zipf;

/// That of the embedded model.
const DIMENSION: usize = 384;
const CENTRES: u64 = 300;
/// How far a vector lies from its centre, and a detail from its vector.
const SPREAD: f32 = 0.8;
const DETAILS: usize = 3;
const QUESTIONS: usize = 500;
const WORDS_PER_QUESTION: usize = 8;

fn main() -> anyhow::Result<()> {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let report = match arguments[..] {
        ["make", chunks, folder] => make(chunks.parse()?, Path::new(folder))?,
        ["ask", folder] => ask(Path::new(folder))?,
        _ => {
            eprintln!("growth make CHUNKS FOLDER | growth ask FOLDER (see plot.py)");
            return Ok(());
        }
    };
    println!("{report}");
    Ok(())
}

fn make(chunks: usize, folder: &Path) -> anyhow::Result<Value> {
    let state = State::open(folder)?;
    let mut zipf = Zipf(7);
    let mut builder = Builder::begin(&state)?;
    let mut text_s = 0.0;
    for number in 0..chunks.div_ceil(pages::SECTIONS) {
        let (document, chunks) = pages::page(&mut zipf, number);
        let started = Instant::now();
        builder.add(&document, chunks)?;
        text_s += started.elapsed().as_secs_f64();
    }
    let started = Instant::now();
    let draft = builder.finish(About {
        site_title: String::new(),
        corpus_hash: String::new(),
        chunker_version: rag_chatbot::corpus::CHUNKER_VERSION,
    })?;
    text_s += started.elapsed().as_secs_f64();
    let mut file = draft.vectors(DIMENSION)?;
    for row in 0..draft.chunks() as u32 {
        let vector = vector(u64::from(row), 1);
        let details: Vec<Vec<f32>> = (0..DETAILS)
            .map(|detail| near(&vector, u64::from(row) * 8 + detail as u64))
            .collect();
        file.write(row, &vector, &Details::encode(&details))?;
    }
    file.finish()?;
    let started = Instant::now();
    let made = draft.with_vectors(VectorsManifest {
        model: ModelIdentity {
            name: "made-up".into(),
            hash: String::new(),
            dimension: DIMENSION,
            max_tokens: 512,
            query_prefix: String::new(),
            passage_prefix: String::new(),
        },
        calibration: None,
    })?;
    let graph_s = started.elapsed().as_secs_f64();
    let chunks = made.chunks();
    made.publish(&state)?;
    Ok(json!({
        "chunks": chunks, "text_s": text_s, "graph_s": graph_s,
        "peak_mb": memory_mb("VmHWM")?, "disk_mb": size_mb(folder)?,
    }))
}

fn ask(folder: &Path) -> anyhow::Result<Value> {
    let before_mb = memory_mb("RssAnon")?;
    let path = State::open(folder)?.current().context("no index there")?;
    let started = Instant::now();
    let index = Embedded::open(&path)?;
    let open_ms = started.elapsed().as_secs_f64() * 1e3;
    let opened_mb = memory_mb("RssAnon")? - before_mb;
    let mut zipf = Zipf(99);
    let (mut words, mut vectors, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for question in 0..QUESTIONS {
        let probe = Probe {
            text: zipf.text(WORDS_PER_QUESTION),
            vector: Some(vector(question as u64, 2)),
            filter: Filter::default(),
            depth: 50,
        };
        let started = Instant::now();
        let found = index.search_blocking(&probe)?;
        whole.push(started.elapsed().as_secs_f64() * 1e3);
        words.push(found.words_ms);
        vectors.push(found.vectors_ms);
    }
    Ok(json!({
        "vector_search": index_kind(&index), "open_ms": open_ms,
        "opened_mb": opened_mb, "asked_mb": memory_mb("RssAnon")? - before_mb,
        "mapped_mb": memory_mb("RssFile")?,
        "words_ms": quantiles(words), "vectors_ms": quantiles(vectors), "search_ms": quantiles(whole),
    }))
}

fn index_kind(index: &Embedded) -> &'static str {
    use rag_chatbot::index::Index;
    index.summary().vector_search
}

/// Median and 99th percentile.
fn quantiles(mut times: Vec<f64>) -> Value {
    times.sort_by(f64::total_cmp);
    json!([times[times.len() / 2], times[times.len() * 99 / 100]])
}

/// Uniform numbers from −.5 to .5 (splitmix64).
fn uniform(seed: u64) -> impl Iterator<Item = f32> {
    (1u64..).map(move |step| {
        let mut z = seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    })
}

fn unit(mut values: Vec<f32>) -> Vec<f32> {
    let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
    values.iter_mut().for_each(|v| *v /= length);
    values
}

/// A unit vector around one of the centres.
fn vector(number: u64, kind: u64) -> Vec<f32> {
    let centre = uniform((number % CENTRES) << 40);
    let noise = uniform((number << 8) | kind);
    unit(
        centre
            .zip(noise)
            .take(DIMENSION)
            .map(|(c, n)| c + SPREAD * n)
            .collect(),
    )
}

/// A unit vector near another.
fn near(vector: &[f32], seed: u64) -> Vec<f32> {
    let noise = uniform(seed << 16 | 3);
    let scale = SPREAD / (DIMENSION as f32).sqrt() * 2.0;
    unit(
        vector
            .iter()
            .zip(noise)
            .map(|(v, n)| v + scale * n)
            .collect(),
    )
}

/// Megabytes of this process, by the name that /proc/self/status has for them.
fn memory_mb(name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let line = line.with_context(|| format!("/proc/self/status has no {name}"))?;
    let kilobytes = line.trim_matches([':', ' ', '\t', 'k', 'B']).trim();
    Ok(kilobytes.parse::<u64>()? / 1024)
}

fn size_mb(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => bytes += entry.metadata()?.len(),
            }
        }
    }
    Ok(bytes / 1_000_000)
}
