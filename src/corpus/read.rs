//! One file → one document.
//!
//! Re-entrant: files can be read on as many threads as there are. Whatever is wrong with a file
//! ends as a warning; what can be read of it is kept.

use super::docusaurus::routes;
use super::front_matter::{self, FrontMatter};
use super::markdown::{Flavor, Page, Reader};
use super::site::{MarkdownFormat, RootKind, Site, SiteKind, SourceFile};
use super::{Document, Warning, decode, html, plain_text, sections};
use std::cell::RefCell;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A partial longer than this is not taken over into the pages that include it.
const MAX_PARTIAL_BYTES: u64 = 1024 * 1024;

/// What became of a file.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// `None` for drafts, and for files that could not be read at all.
    pub document: Option<Document>,
    pub warnings: Vec<Warning>,
}

/// Reads a file found by `discover`.
pub fn read(site: &Site, file: &SourceFile) -> Reading {
    let source = match Source::open(site, file) {
        Ok(source) => source,
        Err(reason) => {
            let warning = Warning {
                path: file.id.clone(),
                reason,
            };
            return Reading {
                document: None,
                warnings: vec![warning],
            };
        }
    };
    let mut problems = source.problems.clone();
    if source.front.draft {
        return Reading {
            document: None,
            warnings: warnings(file, problems),
        };
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.hash.as_bytes());
    let content = source.content(site, file, &mut |bytes| {
        hasher.update(bytes);
    });
    let (route, problem) = route(site, file, &source.front);
    problems.extend(problem);

    let front = &source.front;
    let title = front
        .title
        .clone()
        .filter(|t| !t.trim().is_empty())
        .or_else(|| content.title.clone())
        .unwrap_or_else(|| fallback_title(file, front));
    let sections = sections::build(
        content.page.blocks,
        &title,
        source.start,
        source.text.len(),
        content.page.has_footnotes,
    );
    for part in [
        &route,
        &title,
        &file.locale,
        file.version.as_deref().unwrap_or(""),
        &site.title,
    ] {
        hasher.update(&[0]);
        hasher.update(part.as_bytes());
    }
    hasher.update(&[0, u8::from(file.latest_version)]);
    let document = Document {
        id: file.id.clone(),
        title,
        description: front.description.clone().or(content.description),
        keywords: if front.keywords.is_empty() {
            content.keywords
        } else {
            front.keywords.clone()
        },
        sidebar_label: front.sidebar_label.clone(),
        route,
        locale: file.locale.clone(),
        version: file.version.clone(),
        latest_version: file.latest_version,
        unlisted: front.unlisted,
        sections,
        hash: hasher.finalize().to_hex().to_string(),
    };
    Reading {
        document: Some(document),
        warnings: warnings(file, problems),
    }
}

/// Sections of a text that belongs to no site, for measuring and for documents given over HTTP.
pub fn read_markdown(title: &str, text: &str) -> Document {
    let reader = Reader {
        flavor: Flavor::CommonMark,
        keep_case: false,
        drop_title: false,
        title_ids: true,
        comment_ids: true,
        partials: &|_| None,
    };
    let page = reader.read(text, 0);
    let sections = sections::build(page.blocks, title, 0, text.len(), page.has_footnotes);
    Document {
        id: title.to_owned(),
        title: title.to_owned(),
        description: None,
        keywords: Vec::new(),
        sidebar_label: None,
        route: routes::join(&[title]),
        locale: "en".into(),
        version: None,
        latest_version: true,
        unlisted: false,
        sections,
        hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
    }
}

fn warnings(file: &SourceFile, problems: Vec<String>) -> Vec<Warning> {
    problems
        .into_iter()
        .map(|reason| Warning {
            path: file.id.clone(),
            reason,
        })
        .collect()
}

fn route(site: &Site, file: &SourceFile, front: &FrontMatter) -> (String, Option<String>) {
    let (route, problem) = match file.root.kind {
        RootKind::Docs => routes::doc(&file.root, &file.relative, front),
        RootKind::Blog => routes::post(&file.root, &file.relative, front),
        RootKind::Pages => routes::page(&file.root, &file.relative, front),
        RootKind::Plain => (routes::plain(&file.relative), None),
    };
    let is_root = route == "/"
        || site
            .locales
            .iter()
            .any(|locale| route == format!("/{locale}/"));
    (
        routes::with_trailing_slash(route, site.trailing_slash, is_root),
        problem,
    )
}

fn fallback_title(file: &SourceFile, front: &FrontMatter) -> String {
    match file.root.kind {
        RootKind::Docs => routes::doc_base_id(&file.root, &file.relative, front),
        RootKind::Blog => routes::post_slug(&file.relative).1,
        RootKind::Pages | RootKind::Plain => {
            let name = file.relative.rsplit('/').next().unwrap_or(&file.relative);
            name.rsplit_once('.')
                .map_or(name, |(stem, _)| stem)
                .to_owned()
        }
    }
}

/// A file's text and front matter.
pub(super) struct Source {
    pub text: String,
    /// Where the page's text begins, behind the front matter.
    pub start: usize,
    pub front: FrontMatter,
    pub format: Format,
    hash: blake3::Hash,
    problems: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Markdown(Flavor),
    Html,
    Text,
}

/// What a file's text says, before it is cut into sections.
pub(super) struct Content {
    pub page: Page,
    pub title: Option<String>,
    description: Option<String>,
    keywords: Vec<String>,
}

impl Source {
    pub(super) fn open(site: &Site, file: &SourceFile) -> Result<Self, String> {
        let (bytes, cut) = read_bytes(&file.path, site.max_file_bytes)
            .map_err(|e| format!("it cannot be read: {e}"))?;
        let decoded = decode::decode(&bytes);
        let mut problems: Vec<String> = decoded.problem.map(str::to_owned).into_iter().collect();
        if cut {
            problems.push(format!(
                "only its first {} MB were read",
                site.max_file_bytes / 1_000_000
            ));
        }
        let text = decoded.text;
        let extension = file
            .path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("")
            .to_lowercase();
        if matches!(extension.as_str(), "html" | "htm" | "txt") {
            let format = if extension == "txt" {
                Format::Text
            } else {
                Format::Html
            };
            let front = FrontMatter::default();
            return Ok(Self {
                hash: blake3::hash(&bytes),
                text,
                start: 0,
                front,
                format,
                problems,
            });
        }
        let (front, start, problem) = front_matter::split(&text);
        problems.extend(problem);
        let flavor = flavor(site, &extension, front.format.as_deref(), &text[start..]);
        Ok(Self {
            hash: blake3::hash(&bytes),
            text,
            start,
            front,
            format: Format::Markdown(flavor),
            problems,
        })
    }

    /// `depends_on` is told the bytes of every other file the page is made of.
    pub(super) fn content(
        &self,
        site: &Site,
        file: &SourceFile,
        depends_on: &mut dyn FnMut(&[u8]),
    ) -> Content {
        match self.format {
            Format::Markdown(_) => {
                let depends_on = RefCell::new(depends_on);
                let partials = |specifier: &str| {
                    let text = partial(site, file, specifier)?;
                    (*depends_on.borrow_mut())(text.as_bytes());
                    Some(text)
                };
                let page = self
                    .reader(site, file, &partials)
                    .read(&self.text, self.start);
                let title = page.content_title.clone();
                Content {
                    page,
                    title,
                    description: None,
                    keywords: Vec::new(),
                }
            }
            Format::Html => {
                let (blocks, meta) = html::page(&self.text);
                let heading = blocks
                    .iter()
                    .find(|raw| raw.level == 1)
                    .map(|raw| raw.block.text.clone());
                let page = Page {
                    blocks,
                    ..Page::default()
                };
                Content {
                    page,
                    title: meta.title.or(heading),
                    description: meta.description,
                    keywords: meta.keywords,
                }
            }
            Format::Text => {
                let page = Page {
                    blocks: plain_text::read(&self.text),
                    ..Page::default()
                };
                Content {
                    page,
                    title: None,
                    description: None,
                    keywords: Vec::new(),
                }
            }
        }
    }

    pub(super) fn reader<'p>(
        &self,
        site: &Site,
        file: &SourceFile,
        partials: &'p dyn Fn(&str) -> Option<String>,
    ) -> Reader<'p> {
        Reader {
            flavor: if let Format::Markdown(flavor) = self.format {
                flavor
            } else {
                Flavor::CommonMark
            },
            keep_case: site.anchors_keep_case,
            drop_title: file.root.kind == RootKind::Blog,
            title_ids: site.kind == SiteKind::Plain,
            comment_ids: site.comment_ids,
            partials,
        }
    }
}

/// The file's first `limit` bytes, and whether there were more.
fn read_bytes(path: &Path, limit: u64) -> std::io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let cut = bytes.len() > limit;
    if cut {
        bytes.truncate(limit);
        // Half a character at the end would count as broken UTF-8.
        while bytes.last().is_some_and(|b| *b & 0xC0 == 0x80) {
            bytes.pop();
        }
        if bytes.last().is_some_and(|b| *b >= 0xC0) {
            bytes.pop();
        }
    }
    Ok((bytes, cut))
}

fn flavor(site: &Site, extension: &str, front: Option<&str>, text: &str) -> Flavor {
    let detected = if extension == "mdx" {
        Flavor::Mdx
    } else {
        Flavor::CommonMark
    };
    match front {
        Some("mdx") => return Flavor::Mdx,
        Some("md") => return Flavor::CommonMark,
        Some("detect") => return detected,
        _ => {}
    }
    match site.format {
        MarkdownFormat::Mdx => Flavor::Mdx,
        MarkdownFormat::Md => Flavor::CommonMark,
        MarkdownFormat::Detect => detected,
        MarkdownFormat::Guess if extension == "mdx" || looks_like_mdx(text) => Flavor::Mdx,
        MarkdownFormat::Guess => Flavor::CommonMark,
    }
}

/// An import of a component, or one used, at the start of a line outside of fences.
fn looks_like_mdx(text: &str) -> bool {
    let mut fenced = false;
    text.lines().any(|line| {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
        }
        if fenced {
            return false;
        }
        let import =
            line.starts_with("import ") && (line.contains(" from '") || line.contains(" from \""));
        let component = trimmed
            .strip_prefix('<')
            .and_then(|rest| rest.chars().next())
            .is_some_and(|c| c.is_ascii_uppercase());
        import || component || trimmed.starts_with("{/*")
    })
}

/// The text of an imported Markdown file; only from inside the data folder.
fn partial(site: &Site, file: &SourceFile, specifier: &str) -> Option<String> {
    let path: PathBuf = if let Some(rest) = specifier.strip_prefix("@site/") {
        site.root.join(rest)
    } else if specifier.starts_with('.') {
        file.path.parent()?.join(specifier)
    } else {
        return None;
    };
    let real = path.canonicalize().ok()?;
    if !real.starts_with(&site.data) || !real.is_file() {
        return None;
    }
    let (bytes, _) = read_bytes(&real, MAX_PARTIAL_BYTES).ok()?;
    Some(decode::decode(&bytes).text)
}

/// Used by the renderers too: partials resolved, dependencies not recorded.
pub(super) fn partials_of<'p>(
    site: &'p Site,
    file: &'p SourceFile,
) -> impl Fn(&str) -> Option<String> + 'p {
    move |specifier| partial(site, file, specifier)
}
