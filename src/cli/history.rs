//! `history`: the keys that conversations are encrypted with.
//!
//! It works on the chat database itself, beside a running server with the same settings.

use crate::app;
use crate::config::Config;
use crate::store::{self, HistoryKey, StoreError};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a key and show it; it is kept nowhere
    Key,
    /// Show which keys something may still be encrypted with
    Status,
    /// Encrypt everything anew with the key that is set, or decrypt it where none is
    Rotate,
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    if let Action::Key = arguments.action {
        println!("{}", HistoryKey::generate().expose());
        return Ok(ExitCode::SUCCESS);
    }
    let store = store::open(&app::store_options(config))?;
    if let Action::Rotate = arguments.action {
        let done = store.history.rekey().await?;
        println!("{} rows written anew", done.rows);
        if done.unreadable > 0 {
            let reason = format!("{} rows cannot be decrypted", done.unreadable);
            return Err(StoreError::Failed(reason).into());
        }
    }
    for id in store.history.keys_in_use().await? {
        let present = match id == config.keyring.current_id() {
            true => ", which new ones are",
            false => "",
        };
        match id.as_str() {
            "" => println!("not encrypted{present}"),
            id => println!("encrypted with {id}{present}"),
        }
    }
    Ok(ExitCode::SUCCESS)
}
