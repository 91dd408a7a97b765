//! Just enough JavaScript to find where a piece of it ends.
//!
//! MDX pages hold expressions, import lines and tags with JavaScript inside. Nothing is evaluated:
//! brackets are balanced with strings, templates and comments respected.

use std::cell::Cell;

/// How many bytes may still be looked at ahead of the reading position. A page made of thousands of
/// brackets that never close would otherwise be scanned once for each of them.
pub(super) struct Effort(Cell<usize>);

impl Effort {
    /// Sixteen looks at every byte: real pages need less than three.
    pub(super) fn for_page(bytes: usize) -> Self {
        Self(Cell::new(
            bytes.saturating_mul(16).saturating_add(MAX_BYTES),
        ))
    }

    /// False when the effort is used up.
    fn spend(&self, bytes: usize) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(bytes));
        left > 0
    }
}

/// A piece of script longer than this is taken for text: the pages we know stay below 20 kB.
const MAX_BYTES: usize = 256 * 1024;

/// From an opening bracket to just behind the closing one.
pub(super) fn balanced(source: &[u8], start: usize, effort: &Effort) -> Option<usize> {
    if !effort.spend(0) {
        return None;
    }
    let found = scan(source, start, true).or_else(|| scan(source, start, false));
    effort.spend(found.map_or(2 * MAX_BYTES.min(source.len() - start), |end| end - start));
    found
}

/// `quotes`: whether quotes begin strings. Text inside JSX may hold a lone apostrophe, so a scan
/// that fails with strings is repeated without.
fn scan(source: &[u8], start: usize, quotes: bool) -> Option<usize> {
    let end = source.len().min(start + MAX_BYTES);
    let mut depth = 0usize;
    let mut i = start;
    while i < end {
        match source[i] {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            b'/' if source.get(i + 1) == Some(&b'*') => {
                i = find(source, i + 2, end, b"*/")? + 2;
                continue;
            }
            b'/' if quotes
                && source.get(i + 1) == Some(&b'/')
                && i > 0
                && source[i - 1] != b':' =>
            {
                i = find(source, i, end, b"\n").unwrap_or(end);
                continue;
            }
            quote @ (b'"' | b'\'') if quotes => {
                i = string_end(source, i, end, quote);
                continue;
            }
            b'`' if quotes => {
                i = template_end(source, i, end)?;
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    None
}

/// Behind the closing quote, or at the end of the line where there is none.
pub(super) fn string_end(source: &[u8], start: usize, end: usize, quote: u8) -> usize {
    let mut i = start + 1;
    while i < end {
        match source[i] {
            b'\\' => i += 1,
            b'\n' => return i,
            b if b == quote => return i + 1,
            _ => {}
        }
        i += 1;
    }
    end
}

/// Behind the closing backtick. What stands in `${}` is balanced without nested templates, which
/// keeps the scan linear; the pages we know have none.
fn template_end(source: &[u8], start: usize, end: usize) -> Option<usize> {
    let mut i = start + 1;
    while i < end {
        match source[i] {
            b'\\' => i += 1,
            b'`' => return Some(i + 1),
            _ => {}
        }
        i += 1;
    }
    None
}

/// As `find`, for searches whose failing would otherwise repeat.
pub(super) fn find_within(
    source: &[u8],
    from: usize,
    end: usize,
    needle: &[u8],
    effort: &Effort,
) -> Option<usize> {
    if !effort.spend(0) {
        return None;
    }
    let found = find(source, from, end, needle);
    effort.spend(found.unwrap_or(end).saturating_sub(from));
    found
}

fn find(source: &[u8], from: usize, end: usize, needle: &[u8]) -> Option<usize> {
    let end = end.min(source.len());
    if from >= end {
        return None;
    }
    source[from..end]
        .windows(needle.len())
        .position(|w| w == needle)
        .map(|n| from + n)
}

/// Where the block of `import` and `export` lines beginning at `start` ends: at the first blank
/// line outside brackets, strings and comments. `None` when the line is prose after all.
pub(super) fn module_block_end(source: &[u8], start: usize) -> Option<usize> {
    if !begins_module_block(source, start) {
        return None;
    }
    let limit = source.len().min(start + MAX_BYTES);
    let mut depth = 0usize;
    let mut first_blank = None;
    let mut i = start;
    while i < limit {
        match source[i] {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            b'/' if source.get(i + 1) == Some(&b'*') => {
                i = find(source, i + 2, limit, b"*/").map_or(limit, |n| n + 2);
                continue;
            }
            quote @ (b'"' | b'\'') => {
                i = string_end(source, i, limit, quote);
                continue;
            }
            b'`' => match template_end(source, i, limit) {
                Some(end) => {
                    i = end;
                    continue;
                }
                None => break,
            },
            b'\n' => {
                let next = &source[i + 1..];
                let blank = line(next).iter().all(u8::is_ascii_whitespace);
                if blank {
                    first_blank.get_or_insert(i + 1);
                }
                if depth == 0 && (blank || begins_markdown(next)) {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
        i += 1;
    }
    Some(first_blank.unwrap_or(if limit == source.len() {
        limit
    } else {
        line_end(source, start)
    }))
}

fn begins_module_block(source: &[u8], start: usize) -> bool {
    let line = line(&source[start..]);
    let text = std::str::from_utf8(line).unwrap_or("");
    if let Some(rest) = text.strip_prefix("import") {
        let rest_trimmed = rest.trim_start();
        let separated = rest.len() != rest_trimmed.len();
        return match rest_trimmed.bytes().next() {
            Some(b'{' | b'*' | b'"' | b'\'') => true,
            Some(b) if separated && (b.is_ascii_alphabetic() || b == b'_' || b == b'$') => {
                text.contains(" from ")
                    || text.trim_end().ends_with(" from")
                    || text.trim_end().ends_with(['{', ','])
                    || text.contains(" from\"")
                    || text.contains(" from'")
            }
            _ => false,
        };
    }
    if let Some(rest) = text.strip_prefix("export") {
        let rest_trimmed = rest.trim_start();
        return [
            "default ",
            "const ",
            "let ",
            "var ",
            "function ",
            "function*",
            "class ",
            "async ",
            "{",
            "*",
        ]
        .iter()
        .any(|word| rest_trimmed.starts_with(word))
            && (rest.len() != rest_trimmed.len() || rest.starts_with(['{', '*']));
    }
    false
}

/// A line that can't continue a statement: people forget the blank line behind imports.
fn begins_markdown(next: &[u8]) -> bool {
    let line = line(next);
    (line.starts_with(b"#") && !line.starts_with(b"#!"))
        || line.starts_with(b"```")
        || line.starts_with(b":::")
}

pub(super) fn line(source: &[u8]) -> &[u8] {
    let end = source
        .iter()
        .position(|b| *b == b'\n')
        .unwrap_or(source.len());
    &source[..end]
}

pub(super) fn line_end(source: &[u8], start: usize) -> usize {
    source[start..]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(source.len(), |n| start + n)
}

/// Default imports of other Markdown files: `(name, specifier)`.
pub(super) fn markdown_imports(block: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for statement in block.split(['\n', ';']) {
        let Some(rest) = statement.trim().strip_prefix("import ") else {
            continue;
        };
        let Some((names, path)) = rest.rsplit_once("from") else {
            continue;
        };
        let path = path.trim().trim_matches(['"', '\'']);
        let name = names.trim();
        let is_name = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$');
        if is_name && (path.ends_with(".md") || path.ends_with(".mdx")) && !path.contains('!') {
            found.push((name.to_owned(), path.to_owned()));
        }
    }
    found
}
