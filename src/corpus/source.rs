//! A file's bytes → its text, front matter and format.
//!
//! What is broken in a file ends as a problem told beside the text. It does not know sections or
//! routes.

use super::decode;
use super::front_matter::{self, FrontMatter};
use super::markdown::Flavor;
use super::site::{MarkdownFormat, Site, SourceFile};
use std::io::Read;
use std::path::Path;

/// A file's text and front matter.
pub(super) struct Source {
    pub text: String,
    /// Where the page's text begins, behind the front matter.
    pub start: usize,
    pub front: FrontMatter,
    pub format: Format,
    pub hash: blake3::Hash,
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Markdown(Flavor),
    Html,
    Text,
}

impl Source {
    pub(super) fn open(site: &Site, file: &SourceFile) -> Result<Self, String> {
        let (bytes, cut) = read_bytes(&file.path, site.max_file_bytes)
            .map_err(|e| format!("it cannot be read: {e}"))?;
        if decode::is_binary(&bytes) {
            return Err("it was left out, because it does not hold text".into());
        }
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
        let text = unwrap_mdx_blocks(text);
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
}

/// Docusaurus reads what stands in a fence named `mdx-code-block` as part of the page. The two lines
/// of such a fence are blanked, so that everything else keeps its place in the source.
fn unwrap_mdx_blocks(text: String) -> String {
    const NAME: &str = "mdx-code-block";
    if !text.contains(NAME) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut open: Option<&str> = None;
    let blank = |line: &str| -> String {
        let letters = line.trim_end_matches(['\r', '\n']).len();
        " ".repeat(letters) + &line[letters..]
    };
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        match (open, trimmed.strip_suffix(NAME)) {
            (None, Some(fence)) if fence.len() >= 3 && fence.bytes().all(|b| b == b'`') => {
                open = Some(fence);
                out.push_str(&blank(line));
            }
            (Some(fence), _) if trimmed == fence => {
                open = None;
                out.push_str(&blank(line));
            }
            _ => out.push_str(line),
        }
    }
    // Without an end it is no such block.
    if open.is_some() { text } else { out }
}

/// The file's first `limit` bytes, and whether there were more.
pub(super) fn read_bytes(path: &Path, limit: u64) -> std::io::Result<(Vec<u8>, bool)> {
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

#[cfg(test)]
mod tests {
    use super::unwrap_mdx_blocks;

    #[test]
    fn a_block_of_mdx_is_part_of_the_page_and_everything_keeps_its_place() {
        let text = "a\n````mdx-code-block\r\n<Tabs>\n```js\nx\n```\n</Tabs>\n````\nb";
        let read = unwrap_mdx_blocks(text.to_owned());
        assert_eq!(read.len(), text.len());
        assert_eq!(
            read.replace(' ', ""),
            "a\n\r\n<Tabs>\n```js\nx\n```\n</Tabs>\n\nb"
        );
        let unclosed = "```mdx-code-block\n<Tabs>";
        assert_eq!(unwrap_mdx_blocks(unclosed.to_owned()), unclosed);
    }
}
