//! `doctor`: looks at everything this needs, and says in one line each what is wrong; with `--url`,
//! at a server that runs.

mod page;
mod smoke;

use super::remote;
use crate::app;
use crate::config::Config;
use crate::http::site;
use crate::{embedding, store};
use serde::Serialize;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    /// The findings as JSON
    #[arg(long)]
    json: bool,
    /// Question for the server at --url that its documentation answers; without it, the title of a page
    #[arg(long, value_name = "TEXT", requires = "url")]
    question: Option<String>,
    #[command(flatten)]
    server: remote::Server,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    /// It could not be looked at, which is no fault.
    skipped: bool,
    detail: String,
}

impl Finding {
    fn new<E: std::fmt::Display>(what: &'static str, result: Result<String, E>) -> Self {
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(error) => (false, error.to_string()),
        };
        Self {
            what,
            ok,
            skipped: false,
            detail,
        }
    }

    fn skipped(what: &'static str, why: &str) -> Self {
        Self {
            what,
            ok: true,
            skipped: true,
            detail: why.to_owned(),
        }
    }
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let findings = match arguments.server.remote()? {
        Some(remote) => smoke::examine(&remote, arguments.question.as_deref()).await,
        None => here(config).await?,
    };
    let healthy = findings.iter().all(|finding| finding.ok);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        for finding in &findings {
            let mark = match finding {
                Finding { skipped: true, .. } => "-   ",
                Finding { ok: true, .. } => "ok  ",
                Finding { ok: false, .. } => "FAIL",
            };
            println!("{mark} {}: {}", finding.what, finding.detail);
        }
    }
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What a server started here with the same settings would find.
async fn here(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let config = &app::with_demo(config)?;
    Ok(vec![
        Finding::new("documentation", documentation(config)),
        Finding::new("site", site_build(config)),
        Finding::new("state folder", state_folder(config)),
        Finding::new("chat database", chat_database(config).await),
        Finding::new("model", model(config)),
        Finding::new("address", address(config).await),
        Finding::new("generator", generator(config).await),
    ])
}

fn documentation(config: &Config) -> anyhow::Result<String> {
    let corpus = app::discover(config)?;
    let skipped = match corpus.warnings.len() {
        0 => String::new(),
        n => format!(", {n} skipped"),
    };
    Ok(format!(
        "{} files in {}{skipped}",
        corpus.files.len(),
        corpus.site.data.display()
    ))
}

fn site_build(config: &Config) -> anyhow::Result<String> {
    Ok(
        match app::site_options(config, &app::discover(config)?.site)?.build {
            site::Build::Folder(folder) => format!("the build in {}", folder.display()),
            site::Build::None => "no build; documents are shown as readable pages".to_owned(),
        },
    )
}

fn state_folder(config: &Config) -> anyhow::Result<String> {
    std::fs::create_dir_all(&config.state)
        .and_then(|()| {
            let probe = config.state.join(".doctor");
            std::fs::write(&probe, "x")?;
            std::fs::remove_file(probe)
        })
        .map_err(|e| anyhow::anyhow!("{} cannot be written: {e}", config.state.display()))?;
    Ok(format!("{} can be written", config.state.display()))
}

async fn chat_database(config: &Config) -> anyhow::Result<String> {
    let store = store::open(&app::store_options(config))?;
    let active = store.sessions.count_active().await?;
    Ok(format!("{active} conversations"))
}

fn model(config: &Config) -> anyhow::Result<String> {
    let embedder = embedding::open(&app::embedding_options(config))?;
    let identity = embedder.identity();
    Ok(format!(
        "{}, {} dimensions",
        identity.name, identity.dimension
    ))
}

async fn address(config: &Config) -> anyhow::Result<String> {
    match tokio::net::TcpListener::bind(config.listen).await {
        Ok(_) => Ok(format!("{} is free", config.listen)),
        Err(error) => anyhow::bail!("{} cannot be used: {error}", config.listen),
    }
}

/// Whether the server is there at all; what it would answer costs money to find out.
async fn generator(config: &Config) -> anyhow::Result<String> {
    let Some(openai) = &config.openai else {
        return Ok("none set; answers are quoted from the documentation".to_owned());
    };
    let url = url::Url::parse(openai.base_url.expose())?;
    let (host, port) = url
        .host_str()
        .zip(url.port_or_known_default())
        .ok_or_else(|| anyhow::anyhow!("{} names no host", openai.base_url))?;
    let patience = std::time::Duration::from_secs(5);
    let connect = tokio::net::TcpStream::connect((host, port));
    match tokio::time::timeout(patience, connect).await {
        Ok(Ok(_)) => Ok(format!(
            "{} at {host}:{port} answers the door",
            openai.model
        )),
        Ok(Err(error)) => anyhow::bail!("{host}:{port} cannot be reached: {error}"),
        Err(_) => anyhow::bail!("{host}:{port} did not answer within 5 s"),
    }
}
