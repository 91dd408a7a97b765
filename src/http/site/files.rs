//! The files of a static build: looked up without ever leaving its folder, prepared once, kept
//! while they do not change.
//!
//! It does not know requests; a path in, an [`Asset`] out.

use super::html;
use crate::http::asset::{Asset, Caching};
use axum::http::HeaderValue;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Larger files are read from disk as they are sent: a build's pages and scripts are far smaller,
/// its videos far larger.
const MAX_KEPT_FILE: u64 = 4 * 1024 * 1024;
/// Prepared files kept in memory. A thousand pages of 64 KB; when full, all are prepared anew.
const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;

/// A picture that could run scripts when it is opened by itself.
const SVG: &str = "image/svg+xml";
const SVG_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox";

/// A file of the build, and whether a page in it calls itself by an address ending in a slash.
pub struct Prepared {
    pub asset: Asset,
    pub canonical_slash: bool,
}

/// Reads and prepares the files of one build.
pub struct Files {
    /// Made canonical.
    root: PathBuf,
    base: String,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    bytes: usize,
    files: HashMap<String, (Stamp, Arc<Prepared>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    size: u64,
}

impl Files {
    pub fn new(root: PathBuf, base: &str) -> Self {
        Self {
            root,
            base: base.to_owned(),
            kept: Mutex::default(),
        }
    }

    /// The file at `path` (`docs/intro/index.html`), which [`plain_path`] has passed. Reads the
    /// disk: not for the async threads.
    pub fn get(&self, path: &str) -> Option<Arc<Prepared>> {
        let stamp = self.stamp(path)?;
        if let Some((kept, file)) = self.lock().files.get(path)
            && *kept == stamp
        {
            return Some(Arc::clone(file));
        }
        let file = Arc::new(self.prepare(path, stamp)?);
        let mut kept = self.lock();
        kept.bytes += file.asset.weight();
        if kept.bytes > MAX_KEPT_BYTES {
            kept.files.clear();
            kept.bytes = file.asset.weight();
        }
        kept.files
            .insert(path.to_owned(), (stamp, Arc::clone(&file)));
        Some(file)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A panic inside leaves at worst a wrong byte count, mended at the next clearing.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stamp(&self, path: &str) -> Option<Stamp> {
        let metadata = std::fs::metadata(inside(&self.root, path)?).ok()?;
        metadata.is_file().then_some(Stamp {
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            size: metadata.len(),
        })
    }

    fn prepare(&self, path: &str, stamp: Stamp) -> Option<Prepared> {
        let content_type = content_type(path);
        if stamp.size > MAX_KEPT_FILE {
            let file = inside(&self.root, path)?;
            let since_epoch = stamp.modified.duration_since(SystemTime::UNIX_EPOCH);
            let mark = format!("{path} {} {since_epoch:?}", stamp.size);
            return Some(Prepared {
                asset: Asset::large(file, stamp.size, &mark, &content_type),
                canonical_slash: false,
            });
        }
        let bytes = self.read(path)?;
        if content_type.starts_with("text/html") {
            let canonical_slash = html::canonical(&bytes).is_some_and(|url| url.ends_with('/'));
            let policy = html::policy(&bytes);
            let page = html::with_widget(&bytes, &self.base);
            return Some(Prepared {
                asset: Asset::new(page, &content_type).policy(policy),
                canonical_slash,
            });
        }
        let caching = if is_named_by_content(path) {
            Caching::Immutable
        } else {
            Caching::Revalidate
        };
        let asset = Asset::new(bytes, &content_type)
            .caching(caching)
            .precompressed(
                self.read(&format!("{path}.br")),
                self.read(&format!("{path}.gz")),
            );
        Some(Prepared {
            asset: match content_type.as_str() {
                SVG => asset.policy(HeaderValue::from_static(SVG_POLICY)),
                _ => asset,
            },
            canonical_slash: false,
        })
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        std::fs::read(inside(&self.root, path)?).ok()
    }
}

/// The file below the folder, symlinks followed; `None` when they lead out of it.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let file = folder.join(path).canonicalize().ok()?;
    file.starts_with(folder).then_some(file)
}

/// A request's path as the name of a file: decoded once, without its first slash. `None` for
/// whatever could mean something else than a file below the folder.
pub fn plain_path(request_path: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(request_path)
        .decode_utf8()
        .ok()?;
    let path = decoded.strip_prefix('/')?;
    let folders = path.strip_suffix('/').unwrap_or(path);
    let strange = |c: char| c == '\\' || c == ':' || c.is_control();
    if path.contains(strange) {
        return None;
    }
    let plain = |segment: &str| {
        let hidden = segment.starts_with('.') && segment != ".well-known";
        let normal = Path::new(segment)
            .components()
            .all(|component| matches!(component, Component::Normal(_)));
        !segment.is_empty() && !hidden && normal
    };
    (path.is_empty() || folders.split('/').all(plain)).then(|| path.to_owned())
}

/// Whether the name holds a hash, as bundlers write them: `main.1a2b3c4d.js`, `logo-<32 hex>.png`.
fn is_named_by_content(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // Eight digits alone may be a date, except in what only bundlers write.
    let bundlers = name.contains(".js") || name.contains(".css");
    let hash = |part: &str| {
        part.len() >= 8
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
            && (bundlers || part.bytes().any(|b| b.is_ascii_alphabetic()))
    };
    let bundled = path.starts_with("assets/") || path.contains("/assets/");
    bundled && name.split(['.', '-']).any(hash)
}

fn content_type(path: &str) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let textual = kind.type_() == "text"
        || ["json", "javascript", "xml"]
            .iter()
            .any(|part| kind.subtype().as_str().ends_with(part));
    if textual {
        format!("{}; charset=utf-8", kind.essence_str())
    } else {
        kind.essence_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_path_leads_out_of_the_folder() {
        let refused = [
            "/../secret",
            "/..%2fsecret",
            "/%2e%2e/secret",
            "/%2e%2e%2fsecret",
            "/a/../../secret",
            "/..\\secret",
            "/..%5csecret",
            "//etc/passwd",
            "/a//b",
            "/%00",
            "/a%00.html",
            "/.git/config",
            "/.env",
            "/a/./b",
            "/c:/x",
            "/%ff",
            "/%c0%ae%c0%ae/x",
            "no-slash",
        ];
        for path in refused {
            assert_eq!(plain_path(path), None, "{path}");
        }
        // Decoded once only: what is left is a file name like any other.
        assert_eq!(plain_path("/%252e%252e/x").as_deref(), Some("%2e%2e/x"));
        assert_eq!(plain_path("/").as_deref(), Some(""));
        assert_eq!(plain_path("/docs/%D8%A8/").as_deref(), Some("docs/ب/"));
        assert_eq!(
            plain_path("/.well-known/x").as_deref(),
            Some(".well-known/x")
        );
    }

    #[test]
    fn a_symlink_out_of_the_build_is_not_followed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let build = folder
            .path()
            .canonicalize()
            .expect("it exists")
            .join("build");
        std::fs::create_dir(&build).expect("created");
        std::fs::write(folder.path().join("secret"), "secret").expect("written");
        std::fs::write(build.join("page.html"), "page").expect("written");
        std::os::unix::fs::symlink(folder.path().join("secret"), build.join("out"))
            .expect("linked");
        std::os::unix::fs::symlink(build.join("page.html"), build.join("in.html")).expect("linked");
        let files = Files::new(build, "/");
        assert!(files.get("out").is_none());
        assert!(files.get("in.html").is_some());
    }

    #[test]
    fn only_files_named_by_their_content_are_kept_for_good() {
        assert!(is_named_by_content("assets/js/main.1a2b3c4d.js"));
        assert!(is_named_by_content(
            "assets/images/logo-0123456789abcdef0123456789abcdef.png"
        ));
        assert!(!is_named_by_content("assets/js/main.js"));
        assert!(is_named_by_content("assets/js/1f2e3d4c.12345678.js"));
        assert!(!is_named_by_content("assets/report-20240131.pdf"));
        assert!(!is_named_by_content("img/logo.svg"));
        assert!(!is_named_by_content("docs/deadbeef1/index.html"));
    }
}
