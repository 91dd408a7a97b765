//! Which versions a docs instance has, where each lies and where it is served.

use super::settings::Instance;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

pub(super) const CURRENT: &str = "current";

#[derive(Debug, Clone)]
pub(super) struct DocsVersion {
    pub name: String,
    pub label: String,
    pub folder: PathBuf,
    /// Folder below `i18n/<locale>/docusaurus-plugin-content-docs/`.
    pub localized: String,
    /// Part of the route behind the instance's.
    pub route: String,
    pub latest: bool,
}

/// Newest first. A version without a folder is left out and named in `missing`.
pub(super) fn of(
    instance: &Instance,
    root: &Path,
    current: PathBuf,
    missing: &mut Vec<String>,
) -> Vec<DocsVersion> {
    let prefix = if instance.is_default() {
        String::new()
    } else {
        format!("{}_", instance.id)
    };
    let archive = root.join(format!("{prefix}versioned_docs"));
    let listed = std::fs::read_to_string(root.join(format!("{prefix}versions.json")))
        .ok()
        .and_then(|text| serde_json::from_str::<Vec<String>>(&text).ok());
    let from_file = listed.is_some();
    let mut names = if instance.disable_versioning {
        Vec::new()
    } else {
        listed.unwrap_or_else(|| folders(&archive))
    };
    names.retain(|name| !name.contains(['/', '\\']) && name != "." && name != "..");
    if instance.include_current && !names.iter().any(|n| n == CURRENT) {
        names.insert(0, CURRENT.into());
    }
    if let Some(only) = &instance.only_versions {
        names.retain(|name| only.contains(name));
    }
    let released = |name: &&String| *name != CURRENT;
    let last = instance
        .last_version
        .clone()
        // Without versions.json the order is a guess, so a pre-release is not taken for the latest.
        .or_else(|| {
            names
                .iter()
                .filter(released)
                .find(|n| from_file || !n.contains('-'))
                .cloned()
        })
        .or_else(|| names.iter().find(released).cloned())
        .unwrap_or_else(|| CURRENT.into());
    names
        .into_iter()
        .filter_map(|name| {
            let is_current = name == CURRENT;
            let folder = if is_current {
                current.clone()
            } else {
                archive.join(format!("version-{name}"))
            };
            if !folder.is_dir() {
                missing.push(name);
                return None;
            }
            let latest = name == last;
            let (label, path) = instance.versions.get(&name).cloned().unwrap_or_default();
            let default_path = match (latest, is_current) {
                (true, _) => String::new(),
                (false, true) => "next".into(),
                (false, false) => name.clone(),
            };
            Some(DocsVersion {
                label: label.unwrap_or_else(|| {
                    if is_current {
                        "Next".into()
                    } else {
                        name.clone()
                    }
                }),
                localized: if is_current {
                    CURRENT.into()
                } else {
                    format!("version-{name}")
                },
                route: path.unwrap_or(default_path),
                folder,
                latest,
                name,
            })
        })
        .collect()
}

fn folders(archive: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(archive) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()?
                .strip_prefix("version-")
                .map(str::to_owned)
        })
        .collect();
    names.sort_by(|a, b| newer_first(a, b));
    names
}

/// `10.0` before `9.1`, `3.0.0` before `3.0.0-alpha.0`.
fn newer_first(a: &str, b: &str) -> Ordering {
    let split = |name: &str| {
        let (number, rest) = name
            .split_once('-')
            .map_or((name, None), |(n, r)| (n, Some(r.to_owned())));
        let parts: Vec<u64> = number
            .split('.')
            .map(|p| p.trim_end_matches('x').parse().unwrap_or(0))
            .collect();
        (parts, rest.is_none(), rest)
    };
    split(b).cmp(&split(a)).then_with(|| b.cmp(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_and_releases_come_before_their_candidates() {
        let mut names = vec!["9.1", "10.0", "3.0.0-alpha.0", "3.0.0", "29.7"];
        names.sort_by(|a, b| newer_first(a, b));
        assert_eq!(names, ["29.7", "10.0", "9.1", "3.0.0", "3.0.0-alpha.0"]);
    }
}
