//! The settings of the identity provider.

use super::validation::public_url;
use super::{ConfigError, Settings};
use crate::guard::oidc::{ALGORITHMS, Algorithm, Client, Options, Roles, may_be_issuer};
use crate::secret::Secret;
use std::time::Duration;

/// Clocks that differ by more are wrong, and a token's end would mean little.
const MAX_SKEW_SECONDS: u64 = 300;

pub(super) fn oidc(all: &Settings) -> Result<Option<Options>, ConfigError> {
    let invalid = |setting, reason: &str| ConfigError::Invalid {
        setting,
        reason: reason.to_owned(),
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let secret = all.oidc_client_secret.clone();
    let secret = secret.filter(|secret| !secret.is_empty());
    let Some(issuer) = given(&all.oidc_issuer) else {
        let needs = "needs oidc_issuer as well";
        for (setting, is_given) in [
            ("oidc_audience", given(&all.oidc_audience).is_some()),
            ("oidc_roles", given(&all.oidc_roles).is_some()),
            ("oidc_admin_by", given(&all.oidc_admin_by).is_some()),
            ("oidc_client_id", given(&all.oidc_client_id).is_some()),
        ] {
            if is_given {
                return Err(invalid(setting, needs));
            }
        }
        return Ok(None);
    };
    if !may_be_issuer(&issuer) {
        let reason = "an issuer is an https address without a query (or http on this machine)";
        return Err(invalid("oidc_issuer", reason));
    }
    let skew_seconds = all.oidc_clock_skew_seconds.unwrap_or_default();
    if skew_seconds > MAX_SKEW_SECONDS {
        return Err(invalid("oidc_clock_skew_seconds", "must be at most 300"));
    }
    let worth = Roles::worth(all.oidc_roles.as_deref().unwrap_or_default());
    let client = client(all, given(&all.oidc_client_id), secret)?;
    Ok(Some(Options {
        issuer,
        audiences: list(&all.oidc_audience),
        algorithms: algorithms(&list(&all.oidc_algorithms))?,
        clock_skew: Duration::from_secs(skew_seconds),
        roles: Roles {
            claim: all.oidc_roles_claim.clone().unwrap_or_default(),
            worth: worth.map_err(|reason| invalid("oidc_roles", &reason))?,
            admin_by: list(&all.oidc_admin_by),
        },
        client,
    }))
}

fn client(
    all: &Settings,
    id: Option<String>,
    secret: Option<Secret>,
) -> Result<Option<Client>, ConfigError> {
    let Some(id) = id else {
        return match secret {
            Some(_) => Err(ConfigError::Invalid {
                setting: "oidc_client_secret",
                reason: "needs oidc_client_id as well".to_owned(),
            }),
            None => Ok(None),
        };
    };
    let Some(origin) = all.public_url.as_deref() else {
        return Err(ConfigError::Invalid {
            setting: "oidc_client_id",
            reason: "needs public_url, to which the provider sends people back".to_owned(),
        });
    };
    Ok(Some(Client {
        id,
        secret,
        origin: public_url(origin)?,
        // Known once the site is: a project may bring its own.
        base: "/".to_owned(),
    }))
}

fn algorithms(names: &[String]) -> Result<Vec<Algorithm>, ConfigError> {
    let known = ALGORITHMS.map(|(name, _)| name).join(", ");
    let refused = |reason: String| ConfigError::Invalid {
        setting: "oidc_algorithms",
        reason,
    };
    if names.is_empty() {
        return Err(refused(format!("names none of {known}")));
    }
    let find = |name: &String| {
        let found = ALGORITHMS.iter().find(|(known, _)| known == name);
        let found = found.map(|(_, algorithm)| *algorithm);
        found.ok_or_else(|| refused(format!("`{name}` is none of {known}")))
    };
    names.iter().map(find).collect()
}

fn list(text: &Option<String>) -> Vec<String> {
    let parts = text.iter().flat_map(|text| text.split(','));
    parts
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}
