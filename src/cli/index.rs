//! `index`: brings the index up to date and stops.

use super::progress;
use crate::app::App;
use crate::config::Config;
use crate::index::Index;
use crate::ingest::Phase;
use anyhow::Context;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Arguments {
    /// The outcome as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let app = App::open(config).await?;
    app.start_indexing(false);
    let progress = progress::follow(Arc::clone(app.library())).await;
    if progress.phase == Phase::Failed {
        anyhow::bail!(
            progress
                .last_error
                .unwrap_or_else(|| "indexing failed".to_owned())
        );
    }
    let index = app.library().index().context("nothing was indexed")?;
    let summary = index.summary();
    let seconds = started.elapsed().as_secs_f64();
    if arguments.json {
        let mut outcome = serde_json::to_value(summary)?;
        outcome["seconds"] = serde_json::json!(seconds);
        println!("{outcome}");
    } else {
        println!(
            "{} documents, {} sections, {} chunks indexed in {seconds:.1} s",
            summary.documents, summary.sections, summary.chunks
        );
    }
    Ok(ExitCode::SUCCESS)
}
