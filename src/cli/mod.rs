//! One file per subcommand; this one reads the arguments and picks it.
//!
//! Results go to stdout, logs and progress to stderr. Exit codes: 0 done, 1 failed, 2 wrong use.

mod ask;
mod backup;
mod completions;
mod doctor;
mod eval;
mod health;
mod history;
mod index;
mod key;
mod mcp;
mod progress;
mod remote;
mod search;
mod serve;

use crate::app;
use crate::config::{Config, Settings};
use crate::telemetry;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Turns a folder of documentation into a site you can talk to.
#[derive(Parser)]
#[command(name = "rag-chatbot", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Settings file; rag-chatbot.toml in the current folder is read if it is there
    #[arg(long, global = true, env = "RAG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show the settings and where each came from, secrets redacted, and stop
    #[arg(long, global = true)]
    print_config: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the site, the widget and the API (what happens without a command, too)
    Serve,
    /// Bring the index up to date and stop
    Index(index::Arguments),
    /// Answer one question here in the terminal
    Ask(ask::Arguments),
    /// Show the sections a question finds
    Search(search::Arguments),
    /// Measure retrieval on labelled questions
    Eval(eval::Arguments),
    /// Check that everything this needs is there, or with --url that a running server works
    Doctor(doctor::Arguments),
    /// Make, list, exchange and revoke the keys of programs
    Key(key::Arguments),
    /// Make, look into and restore copies of what was said
    Backup(backup::Arguments),
    /// Encrypt conversations, and exchange the key for it
    History(history::Arguments),
    /// Serve one agent over standard input and output (Model Context Protocol)
    Mcp,
    /// Ask a running server whether it is healthy
    Health,
    /// Write completions for a shell
    Completions(completions::Arguments),
}

/// Exit code for a wrong use of the command line or the settings, as clap's own.
const WRONG_USE: u8 = 2;

/// Reads the arguments and runs the command they name.
pub fn run() -> ExitCode {
    let matches = command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    if let Some(Command::Completions(arguments)) = &arguments.command {
        completions::run(arguments, command());
        return ExitCode::SUCCESS;
    }
    let config = match Config::load(&matches, arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return fail(&error, WRONG_USE),
    };
    if arguments.print_config {
        print!("{}", config.printed());
        return ExitCode::SUCCESS;
    }
    let command = arguments.command.unwrap_or(Command::Serve);
    // What asks a running server and stops has nothing to tell.
    let tells = !matches!(command, Command::Health);
    // Kept to the end: what is left to send is sent when it is dropped.
    let _telemetry = match telemetry::start(&app::telemetry_options(&config, tells)) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error, WRONG_USE),
    };
    for setting in &config.unused {
        tracing::warn!(setting, "this version has no use for this setting");
    }
    match execute(command, &config) {
        Ok(code) => code,
        Err(error) => fail(error.as_ref(), 1),
    }
}

fn execute(command: Command, config: &Config) -> anyhow::Result<ExitCode> {
    if let Command::Health = command {
        return Ok(health::run(config));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match command {
            Command::Serve => serve::run(config).await,
            Command::Index(arguments) => index::run(&arguments, config).await,
            Command::Ask(arguments) => ask::run(arguments, config).await,
            Command::Search(arguments) => search::run(arguments, config).await,
            Command::Eval(arguments) => eval::run(&arguments, config).await,
            Command::Key(arguments) => key::run(arguments, config).await,
            Command::Backup(arguments) => backup::run(arguments, config).await,
            Command::Doctor(arguments) => doctor::run(arguments, config).await,
            Command::History(arguments) => history::run(arguments, config).await,
            Command::Mcp => mcp::run(config).await,
            Command::Health | Command::Completions(_) => Ok(ExitCode::SUCCESS),
        }
    })
}

/// The command with the defaults in its help, and empty variables taken for absent ones: container
/// platforms set `OPENAI_API_KEY=` for "none".
fn command() -> clap::Command {
    let defaults = crate::config::documented();
    Arguments::command().mut_args(|arg| {
        let empty = arg
            .get_env()
            .is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
        let arg = if empty {
            arg.env(None::<&'static str>)
        } else {
            arg
        };
        let key = arg.get_id().as_str().to_owned();
        let default = defaults
            .iter()
            .find(|s| s.key == key)
            .and_then(|s| s.default.clone());
        match (default, arg.get_help().map(ToString::to_string)) {
            (Some(default), Some(help)) => arg.help(format!("{help} [default: {default}]")),
            _ => arg,
        }
    })
}

/// One sentence, with the causes that say something new.
fn fail(error: &dyn std::error::Error, code: u8) -> ExitCode {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !sentence.contains(&text) {
            sentence = format!("{sentence}: {text}");
        }
        cause = inner.source();
    }
    eprintln!("rag-chatbot: {sentence}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_or_after_the_command() {
        for line in [
            ["rag-chatbot", "--data", "docs", "index"],
            ["rag-chatbot", "index", "--data", "docs"],
        ] {
            let parsed = Arguments::try_parse_from(line).expect("valid");
            assert_eq!(parsed.settings.data, Some(PathBuf::from("docs")));
            assert!(matches!(parsed.command, Some(Command::Index(_))));
        }
    }
}
