//! `key`: makes, lists, exchanges and revokes the keys of programs.
//!
//! It works on the chat database itself, beside a running server, which notices at once.

use super::serve::nobody;
use crate::app;
use crate::config::Config;
use crate::guard::audit::Action as Done;
use crate::guard::keys::{Issued, Wanted};
use crate::guard::{Audit, Keys};
use crate::store::{self, ApiKey, KeyLimits, Right, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::process::ExitCode;
use std::sync::Arc;

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
    /// Make a key and show it this once
    Create {
        /// What it is for, to recognise it in the list
        name: String,
        /// What it may do: read:queries, read:sessions, write:documents, admin
        #[arg(
            long = "scope",
            required = true,
            value_delimiter = ',',
            value_name = "SCOPE"
        )]
        scopes: Vec<Right>,
        /// Days until it ends; without it, it does not
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires_in_days: Option<u32>,
        /// Questions a minute instead of the readers' limit; 0 for none
        #[arg(long, value_name = "N")]
        queries_per_minute: Option<u32>,
        /// Questions a day instead of the readers' limit; 0 for none
        #[arg(long, value_name = "N")]
        queries_per_day: Option<u32>,
        /// Questions in a calendar month (UTC)
        #[arg(long, value_name = "N")]
        queries_per_month: Option<u32>,
    },
    /// Show every key there ever was, without the keys themselves
    List,
    /// Exchange a key for a new one; the old one works on for a while
    Rotate {
        /// The key's id, from the list
        id: String,
        /// Hours for which the old key still works
        #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=744))]
        overlap_hours: u32,
    },
    /// End a key now, and the streams that run with it
    Revoke {
        /// The key's id, from the list
        id: String,
    },
}

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let store = store::open(&app::store_options(config))?;
    let keys = Keys::new(Arc::clone(&store.keys), None);
    let audit = Audit::new(Arc::clone(&store.audit));
    let note = async |action, id: &str| audit.note(nobody("terminal"), action, id, "done").await;
    let named = |id: &str| {
        let id = id.to_owned();
        move |error| match error {
            StoreError::NotFound => anyhow::anyhow!(
                "there is no key `{id}` that still counts; see rag-chatbot key list"
            ),
            other => other.into(),
        }
    };
    match arguments.action {
        Action::Create {
            name,
            scopes,
            expires_in_days,
            queries_per_minute,
            queries_per_day,
            queries_per_month,
        } => {
            let wanted = Wanted {
                name,
                rights: scopes,
                limits: KeyLimits {
                    queries_per_minute,
                    queries_per_day,
                    queries_per_month,
                },
                expires_at: expires_in_days.map(|days| {
                    Timestamp::now() + SignedDuration::from_hours(24 * i64::from(days))
                }),
            };
            let made = keys.issue(wanted).await?;
            note(Done::KeyCreate, &made.key.id).await;
            show(&made, arguments.json);
        }
        Action::Rotate { id, overlap_hours } => {
            let overlap = SignedDuration::from_hours(i64::from(overlap_hours));
            let rotated = keys.rotate(&id, overlap).await.map_err(named(&id))?;
            note(Done::KeyRotate, &id).await;
            show(&rotated, arguments.json);
        }
        Action::Revoke { id } => {
            keys.revoke(&id).await.map_err(named(&id))?;
            note(Done::KeyRevoke, &id).await;
            eprintln!("revoked {id}");
        }
        Action::List => list(&keys.list().await?, arguments.json),
    }
    Ok(ExitCode::SUCCESS)
}

/// The key alone on stdout, so that a script can take it; what a person should know beside it.
fn show(issued: &Issued, json: bool) {
    if json {
        let mut about = as_json(&issued.key, 0);
        about["key"] = issued.token.expose().into();
        println!("{about}");
        return;
    }
    println!("{}", issued.token.expose());
    eprintln!(
        "This is {}. It is not shown again: only its hash is kept.",
        issued.key.id
    );
}

fn list(keys: &[(ApiKey, u64)], json: bool) {
    if json {
        let keys: Vec<_> = keys
            .iter()
            .map(|(key, queries)| as_json(key, *queries))
            .collect();
        println!("{}", serde_json::json!({ "keys": keys }));
        return;
    }
    let now = Timestamp::now();
    let day =
        |at: Option<Timestamp>| at.map_or("–".to_owned(), |at| at.strftime("%F").to_string());
    for (key, queries) in keys {
        println!(
            "{}  {:8}  ends {:10}  used {:10}  {queries} this month  {}  {}",
            key.id,
            key.state_at(now),
            day(key.expires_at),
            day(key.last_used_at),
            scopes(key).join(","),
            key.name,
        );
    }
}

fn as_json(key: &ApiKey, queries: u64) -> serde_json::Value {
    serde_json::json!({
        "id": key.id,
        "name": key.name,
        "scopes": scopes(key),
        "queries_per_minute": key.limits.queries_per_minute,
        "queries_per_day": key.limits.queries_per_day,
        "queries_per_month": key.limits.queries_per_month,
        "queries_this_month": queries,
        "state": key.state_at(Timestamp::now()),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    })
}

fn scopes(key: &ApiKey) -> Vec<&'static str> {
    key.rights.iter().map(|right| right.name()).collect()
}
