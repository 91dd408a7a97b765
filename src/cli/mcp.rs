//! `mcp`: the documentation for one agent that starts this process and speaks over its standard
//! streams. Logs go to standard error, as always.

use crate::app::App;
use crate::config::Config;
use anyhow::Context;
use rmcp::ServiceExt;
use std::process::ExitCode;

pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let app = App::open(config).await?;
    app.start_indexing(config.watch);
    let streams = (tokio::io::stdin(), tokio::io::stdout());
    let session = app
        .agent()
        .serve(streams)
        .await
        .context("the agent did not open a session")?;
    // Ends when the agent closes our input.
    session.waiting().await?;
    app.stop();
    Ok(ExitCode::SUCCESS)
}
