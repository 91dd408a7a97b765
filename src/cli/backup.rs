//! `backup`: makes copies of what was said, looks into them, and puts one back.
//!
//! It works on the files, beside a running server or without one; only `restore` needs the server
//! to be stopped.

use super::serve::nobody;
use crate::app;
use crate::backup::{self, Backups, Checked, Identities, Name, Restored, Stored};
use crate::config::Config;
use crate::guard::Audit;
use crate::guard::audit::Action as Done;
use crate::store;
use anyhow::Context;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The outcome as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a backup now, beside a running server, and open it to be sure
    Create {
        /// Folder or s3://bucket/prefix, instead of the one in the settings
        #[arg(long, value_name = "PLACE")]
        to: Option<String>,
    },
    /// Show every backup, the newest first
    List {
        #[command(flatten)]
        from: Source,
    },
    /// Read a backup, open it and count what is in it
    Verify {
        #[command(flatten)]
        from: Source,
        /// File with the private key, where the backup is encrypted
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
    },
    /// Delete what is older than the settings keep
    Prune {
        #[command(flatten)]
        from: Source,
    },
    /// Put a backup in the place of what is there; the server must be stopped
    Restore {
        #[command(flatten)]
        from: Source,
        /// File with the private key, where the backup is encrypted
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
        /// Also where there is a database; it is kept beside under another name
        #[arg(long)]
        replace: bool,
    },
    /// Make a pair of keys: the private one for a safe place, the public one for the settings
    Keygen,
}

#[derive(clap::Args)]
struct Source {
    /// Folder or s3://bucket/prefix with backups (the newest counts), or one backup in it; for
    /// restore, also a database file that another tool has made
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let as_json = arguments.json;
    match arguments.action {
        Action::Create { to } => {
            let started = Instant::now();
            let made = open(config, to)?.create().await?;
            show_checked(&made, started, as_json);
        }
        Action::List { from } => {
            let (backups, _) = from.open(config)?;
            show_list(&backups.list().await?, "backups", as_json);
        }
        Action::Verify { from, identity } => {
            let started = Instant::now();
            let (backups, name) = from.open(config)?;
            let checked = backups.verify(name.as_ref(), identities(identity)?).await?;
            show_checked(&checked, started, as_json);
        }
        Action::Prune { from } => {
            let (backups, _) = from.open(config)?;
            show_list(&backups.prune().await?, "deleted", as_json);
        }
        Action::Restore {
            from,
            identity,
            replace,
        } => {
            let restored = match from.database() {
                Some(file) => {
                    backup::restore_database(&app::backup_options(config), &file, replace).await?
                }
                None => {
                    let (backups, name) = from.open(config)?;
                    let identities = identities(identity)?;
                    backups.restore(name.as_ref(), identities, replace).await?
                }
            };
            note(config, &restored.name).await?;
            show_restored(&restored, as_json);
        }
        Action::Keygen => {
            let (private, public) = backup::new_pair();
            // As age-keygen writes it, so that either can stand for the other.
            println!("# public key: {public}\n{}", private.expose());
            eprintln!("public key: {public}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(config: &Config, place: Option<String>) -> anyhow::Result<Arc<Backups>> {
    let mut options = app::backup_options(config);
    if let Some(place) = place {
        options.to = place;
    }
    Ok(Backups::open(options)?)
}

impl Source {
    /// The file that was named, if it is no backup of this program but a database itself.
    fn database(&self) -> Option<PathBuf> {
        let path = PathBuf::from(self.from.as_ref()?);
        let name = path.file_name()?.to_str()?;
        (Name::parse(name).is_none() && path.is_file()).then_some(path)
    }

    /// The backups at the place, and the one that it names.
    fn open(self, config: &Config) -> anyhow::Result<(Arc<Backups>, Option<Name>)> {
        let Some(place) = self.from else {
            return Ok((open(config, None)?, None));
        };
        let (folder, last) = place.rsplit_once('/').unwrap_or((".", &place));
        match Name::parse(last) {
            Some(name) => Ok((open(config, Some(folder.to_owned()))?, Some(name))),
            None if Path::new(&place).is_file() => {
                anyhow::bail!("{place} has not the name of a backup (rag-chatbot-TIME-….tar.gz)")
            }
            None => Ok((open(config, Some(place))?, None)),
        }
    }
}

fn identities(file: Option<PathBuf>) -> anyhow::Result<Identities> {
    Ok(file
        .map(|file| Identities::read(&file))
        .transpose()?
        .unwrap_or_default())
}

/// In the log of what was restored, for whoever wonders later.
async fn note(config: &Config, name: &str) -> anyhow::Result<()> {
    let store = store::open(&app::store_options(config))
        .context("the backup is in place, but cannot be used")?;
    Audit::new(store.audit)
        .note(nobody("terminal"), Done::BackupRestore, name, "done")
        .await;
    Ok(())
}

fn show_checked(checked: &Checked, started: Instant, as_json: bool) {
    let (stored, manifest) = (&checked.stored, &checked.manifest);
    let seconds = started.elapsed().as_secs_f64();
    if as_json {
        let mut about = json!(stored);
        about["schema"] = manifest.database.schema.into();
        about["rows"] = json!(manifest.database.rows);
        about["documents"] = manifest.documents().into();
        about["version"] = manifest.version.clone().into();
        about["seconds"] = seconds.into();
        println!("{about}");
        return;
    }
    println!("{}", stored.name);
    eprintln!(
        "{} rows and {} added documents, {} bytes, opened and counted in {seconds:.1} s",
        manifest.rows(),
        manifest.documents(),
        stored.size_bytes,
    );
}

fn show_list(backups: &[Stored], word: &str, as_json: bool) {
    if as_json {
        println!("{}", json!({ word: backups }));
        return;
    }
    for stored in backups {
        println!(
            "{}  {:>12} bytes  {}",
            stored.made_at.strftime("%F %T UTC"),
            stored.size_bytes,
            stored.name
        );
    }
}

fn show_restored(restored: &Restored, as_json: bool) {
    if as_json {
        println!(
            "{}",
            json!({
                "name": restored.name,
                "rows": restored.database.rows,
                "documents": restored.documents,
                "kept": restored.kept,
            })
        );
        return;
    }
    println!("{}", restored.name);
    let rows: u64 = restored.database.rows.values().sum();
    match restored.documents {
        Some(documents) => {
            eprintln!("restored {rows} rows and {documents} added documents; start the server");
        }
        None => eprintln!("restored {rows} rows; start the server"),
    }
    for kept in &restored.kept {
        eprintln!("kept what was there: {}", kept.display());
    }
}
