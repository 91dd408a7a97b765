//! What a documentation site is as a whole, and the files found in it.
//!
//! Plain data: the outcome of `discover`. It does not know how files are found or read.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::Warning;

/// A page longer than this is read up to here, with a warning. The longest page in the real trees
/// we know has 0.3 MB; 32 MiB leaves room for generated references and still bounds the memory.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// What to read, and what the reader of the settings already knows about it.
#[derive(Debug, Clone)]
pub struct Options {
    /// A folder of documents, or a Docusaurus project's root.
    pub data: PathBuf,
    /// Path under which the site is served (`/`, `/docs/`); wins over the project's `baseUrl`.
    pub base_url: Option<String>,
    /// Name of the site; wins over the project's `title`.
    pub title: Option<String>,
    /// Bytes read of one file at most.
    pub max_file_bytes: u64,
    /// The site's pages are made from the documents, so that headings can be given ids.
    pub makes_pages: bool,
}

impl Options {
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            base_url: None,
            title: None,
            max_file_bytes: DEFAULT_MAX_FILE_BYTES,
            makes_pages: true,
        }
    }
}

/// Why there is no corpus at all. Anything about single files is a [`Warning`].
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    #[error("the data folder {0} does not exist")]
    Missing(PathBuf),
    #[error("{0} is not a folder; give the folder that holds the documentation")]
    NotAFolder(PathBuf),
    #[error("the data folder {path} cannot be read: {reason}")]
    Unreadable {
        path: PathBuf,
        reason: std::io::Error,
    },
}

/// Everything found in the data folder; no file has been opened yet.
#[derive(Debug, Clone)]
pub struct Corpus {
    pub site: Site,
    /// Sorted by id, READMEs last.
    pub files: Vec<SourceFile>,
    pub warnings: Vec<Warning>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteKind {
    /// A folder of documents; routes follow the file names.
    Plain,
    /// A Docusaurus project; routes and heading ids are those of its build.
    Docusaurus,
}

/// How `.md` files are understood (Docusaurus `markdown.format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkdownFormat {
    /// `.md` and `.mdx` are both MDX (Docusaurus' default).
    Mdx,
    /// `.md` is CommonMark, `.mdx` is MDX.
    Detect,
    /// Both are CommonMark.
    Md,
    /// As `Detect`, but a `.md` file with imports or components is taken for MDX (plain folders,
    /// which are often the `docs/` of a project).
    Guess,
}

#[derive(Debug, Clone)]
pub struct Site {
    pub title: String,
    /// Path of the site's root in URLs, with a slash at both ends.
    pub base_url: String,
    /// Origin the site is published at (`https://example.com`), where the project says so.
    pub url: Option<String>,
    pub kind: SiteKind,
    /// The project's root: where its config and build are. Equals `data` for a plain folder.
    pub root: PathBuf,
    /// The folder ids are relative to, resolved; nothing outside it is ever read.
    pub data: PathBuf,
    pub default_locale: String,
    pub locales: Vec<String>,
    /// Versions of all docs instances, newest first; empty where the site has none.
    pub versions: Vec<Version>,
    /// The finished static build, where there is one.
    pub build_dir: Option<PathBuf>,
    pub format: MarkdownFormat,
    /// Docusaurus `trailingSlash`: `None` leaves routes as they come.
    pub trailing_slash: Option<bool>,
    /// Docusaurus `markdown.anchors.maintainCase`.
    pub anchors_keep_case: bool,
    /// Whether `<!-- #id -->` gives a CommonMark heading its id: not while Docusaurus removes
    /// comments (`markdown.mdx1Compat.comments`).
    pub comment_ids: bool,
    pub max_file_bytes: u64,
    /// See [`Options::makes_pages`]; never where a project has its own build.
    pub makes_pages: bool,
}

/// One version of a docs instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub name: String,
    pub label: String,
    /// Route of the version below the base URL (`/docs/next`).
    pub route: String,
    /// The version readers get when they name none.
    pub latest: bool,
}

/// A file that may become a document.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the data folder, `/`-separated and made printable. Unique.
    pub id: String,
    pub path: PathBuf,
    pub locale: String,
    pub version: Option<String>,
    pub latest_version: bool,
    pub size_bytes: u64,
    pub modified: Option<SystemTime>,
    pub(super) root: Arc<ContentRoot>,
    /// Path relative to the content root, `/`-separated: what routes are made of.
    pub(super) relative: String,
}

/// What kind of content a folder holds; the rules for routes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RootKind {
    Plain,
    Docs,
    Blog,
    Pages,
}

/// A folder of content that shares one prefix of routes.
#[derive(Debug, Clone)]
pub(super) struct ContentRoot {
    pub kind: RootKind,
    /// Route prefix below the base URL, locale and version included (`/ur/docs/next`).
    pub route: String,
    /// Docusaurus strips `01-` from names unless told not to.
    pub strip_number_prefixes: bool,
}
