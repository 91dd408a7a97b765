//! Our engines as one of the contenders of `compare.py`, and the report on their quality.
//!
//!     engine_peer serve            # answers compare.py's requests on stdin, one JSON object a line
//!     engine_peer quality FILE     # cosines to candle's f32 over the texts of FILE, one a line
//!
//! Knows no other contender.

use rag_chatbot::embedding::engine::available;
use rag_chatbot::embedding::{self, EmbedderKind, Encoder, EngineKind, InputKind, Options};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::Instant;

/// "Run `engine` on these sequences `repeats` times with so many threads."
#[derive(Deserialize)]
struct Request {
    engine: String,
    threads: usize,
    sequences: Vec<Vec<u32>>,
    repeats: usize,
}

fn main() -> anyhow::Result<()> {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(),
        ["quality", file] => quality(&std::fs::read_to_string(file)?),
        _ => {
            eprintln!("engine_peer serve | engine_peer quality FILE (see benches/peers/README.md)");
            Ok(())
        }
    }
}

/// Answers each request with its times in milliseconds and the last vectors.
fn serve() -> anyhow::Result<()> {
    let weights = embedding::embedded_weights()?;
    let mut encoders: HashMap<(String, usize), Box<dyn Encoder>> = HashMap::new();
    let mut stdout = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let key = (request.engine.clone(), request.threads);
        if !encoders.contains_key(&key) {
            let kind = request.engine.parse().map_err(anyhow::Error::msg)?;
            // candle takes its number of threads from RAYON_NUM_THREADS, which compare.py sets.
            let encoder = embedding::encoder(&weights, kind, request.threads)?;
            encoders.insert(key.clone(), encoder);
        }
        let encoder = &encoders[&key];
        let mut times_ms = Vec::new();
        let mut vectors = Vec::new();
        for _ in 0..request.repeats {
            let start = Instant::now();
            vectors = encoder.encode(&request.sequences)?;
            times_ms.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let answer = serde_json::json!({"times_ms": times_ms, "vectors": vectors});
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}

fn quality(texts: &str) -> anyhow::Result<()> {
    let texts: Vec<String> = texts.lines().map(str::to_owned).collect();
    let embed = |engine: EngineKind| -> anyhow::Result<Vec<Vec<f32>>> {
        let options = Options {
            embedder: EmbedderKind::Local,
            engine,
            ..Options::default()
        };
        Ok(embedding::open(&options)?.embed(InputKind::Passage, &texts)?)
    };
    let expected = embed(EngineKind::Candle)?;
    for isa in available() {
        let kind = isa.name().parse().map_err(anyhow::Error::msg)?;
        let mut cosines: Vec<f32> = embed(kind)?
            .iter()
            .zip(&expected)
            .map(|(a, b)| a.iter().zip(b).map(|(x, y)| x * y).sum())
            .collect();
        cosines.sort_by(f32::total_cmp);
        let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
        let lowest = cosines.first().copied().unwrap_or(f32::NAN);
        println!(
            "{isa}: {} texts, mean cosine {mean:.5}, lowest {lowest:.5}",
            cosines.len()
        );
    }
    Ok(())
}
