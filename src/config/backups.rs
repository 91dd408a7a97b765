//! The settings of backups.

use super::{Backups, ConfigError, Settings, validation};
use crate::backup;
use std::time::Duration;

/// Backups of the default place, in the state folder.
const FOLDER: &str = "backups";

pub(super) fn backups(all: &Settings) -> Result<Backups, ConfigError> {
    let set = "the defaults set it";
    let to = match all.backup_to.as_deref().map(str::trim) {
        Some(to) if !to.is_empty() => place(to)?,
        _ => {
            let state = all.state.as_ref().expect(set);
            state.join(FOLDER).display().to_string()
        }
    };
    let hours = u64::from(all.backup_every_hours.expect(set));
    let recipients = all.backup_recipient.as_deref().unwrap_or_default();
    Ok(Backups {
        to,
        every: (hours > 0).then(|| Duration::from_secs(hours * 60 * 60)),
        keep: validation::days("backup_keep_days", all.backup_keep_days.expect(set))?,
        recipients: backup::Recipients::parse(recipients).map_err(|reason| {
            ConfigError::Invalid {
                setting: "backup_recipient",
                reason,
            }
        })?,
        s3: backup::S3Access {
            endpoint: endpoint(all)?,
            region: all
                .backup_s3_region
                .clone()
                .filter(|region| !region.is_empty()),
            key_id: all.backup_s3_key_id.clone().filter(|id| !id.is_empty()),
            key: all.backup_s3_key.clone().filter(|key| !key.is_empty()),
        },
    })
}

fn place(to: &str) -> Result<String, ConfigError> {
    match to.split_once("://") {
        None => Ok(to.to_owned()),
        Some(("s3", bucket)) if !bucket.starts_with('/') && !bucket.is_empty() => Ok(to.to_owned()),
        Some(_) => Err(ConfigError::Invalid {
            setting: "backup_to",
            reason: format!("`{to}` is neither a folder nor of the form s3://bucket/prefix"),
        }),
    }
}

fn endpoint(all: &Settings) -> Result<Option<String>, ConfigError> {
    let Some(endpoint) = &all.backup_s3_endpoint else {
        return Ok(None);
    };
    let endpoint = endpoint.expose().trim_end_matches('/');
    match endpoint {
        "" => Ok(None),
        url if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(Some(url.to_owned()))
        }
        _ => Err(ConfigError::Invalid {
            setting: "backup_s3_endpoint",
            reason: "an address starts with http:// or https://".into(),
        }),
    }
}
