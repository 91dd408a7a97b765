//! `search`: the best sections for a question, with the scores of every stage on request.

use super::remote;
use crate::app::App;
use crate::config::Config;
use crate::retrieval::{Passage, Retrieved, Scope};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    /// What to look for
    question: String,
    /// Sections shown
    #[arg(long, default_value_t = 5)]
    limit: usize,
    /// Only pages of this locale
    #[arg(long)]
    locale: Option<String>,
    /// Only pages of this version
    #[arg(long)]
    version_name: Option<String>,
    /// Only pages whose route starts with this path
    #[arg(long)]
    path: Option<String>,
    /// Show each section's ranks and scores per stage, and the times taken
    #[arg(long)]
    explain: bool,
    /// The outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: remote::Server,
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    if let Some(remote) = arguments.server.remote()? {
        anyhow::ensure!(
            !arguments.explain && arguments.path.is_none(),
            "--explain and --path look at the index itself: leave --url out, or leave them out"
        );
        let mut parameters = vec![
            ("q", arguments.question),
            ("limit", arguments.limit.to_string()),
        ];
        parameters.extend(arguments.locale.map(|locale| ("locale", locale)));
        parameters.extend(arguments.version_name.map(|version| ("version", version)));
        return remote.search(&parameters, arguments.json).await;
    }
    let app = App::open(config).await?;
    let library = std::sync::Arc::clone(app.library());
    tokio::task::spawn_blocking(move || library.refresh()).await??;
    let scope = Scope {
        locale: arguments.locale,
        version: arguments.version_name,
        path: arguments.path,
    };
    let limit = arguments.limit.max(1);
    let found = app
        .search()
        .search(&arguments.question, &scope, limit)
        .await?;
    if arguments.json {
        println!("{}", as_json(&found));
    } else {
        print(&found, arguments.explain);
    }
    Ok(ExitCode::from(u8::from(found.passages.is_empty())))
}

fn as_json(found: &Retrieved) -> serde_json::Value {
    let passages: Vec<_> = found
        .passages
        .iter()
        .map(|passage| {
            serde_json::json!({
                "id": passage.id,
                "title": passage.document.title,
                "heading_path": passage.heading_path,
                "url": passage.url(),
                "text": passage.text(),
                "score": passage.score,
                "explain": passage.explain,
            })
        })
        .collect();
    serde_json::json!({
        "passages": passages,
        "answerable": found.answerable,
        "found": found.found,
        "latency": {
            "embed_ms": found.embed_ms,
            "words_ms": found.words_ms,
            "vectors_ms": found.vectors_ms,
            "fuse_ms": found.fuse_ms,
        },
    })
}

fn print(found: &Retrieved, explain: bool) {
    for (at, passage) in found.passages.iter().enumerate() {
        println!("{}. {}  {}", at + 1, passage.breadcrumb, passage.url());
        if explain {
            println!("   {}", stages(passage));
        }
        let text: String = passage.text().chars().take(160).collect();
        println!("   {}", text.replace('\n', " "));
    }
    if found.passages.is_empty() {
        println!("nothing found");
    }
    if explain {
        println!(
            "answerable {:.3} · embed {:.1} ms · words {:.1} ms · vectors {:.1} ms · fuse {:.1} ms",
            found.answerable, found.embed_ms, found.words_ms, found.vectors_ms, found.fuse_ms
        );
    }
}

fn stages(passage: &Passage) -> String {
    let stage = |rank: Option<usize>, score: Option<f32>| match (rank, score) {
        (Some(rank), Some(score)) => format!("#{rank} ({score:.3})"),
        (None, Some(score)) => format!("– ({score:.3})"),
        _ => "–".to_owned(),
    };
    let explain = &passage.explain;
    format!(
        "fused {:.3} · words {} · vectors {}",
        passage.score,
        stage(explain.words_rank, explain.words_score),
        stage(explain.vector_rank, explain.vector_score)
    )
}
