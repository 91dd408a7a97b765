//! The YAML block at the top of a page.
//!
//! Cut out as gray-matter does, parsed within a budget (no alias bombs, no deep nesting), and read
//! tolerantly: a value of the wrong type counts as absent.

use serde_json::Value;

/// Longest front matter that is parsed; the real ones have a few hundred bytes.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct FrontMatter {
    pub title: Option<String>,
    pub description: Option<String>,
    pub keywords: Vec<String>,
    pub sidebar_label: Option<String>,
    pub slug: Option<String>,
    pub id: Option<String>,
    pub draft: bool,
    pub unlisted: bool,
    pub parse_number_prefixes: Option<bool>,
    /// `mdx.format`: `md`, `mdx` or `detect`.
    pub format: Option<String>,
}

/// Returns the front matter, the byte where the page's text begins, and why it could not be read.
pub(super) fn split(source: &str) -> (FrontMatter, usize, Option<String>) {
    let Some((yaml, end)) = cut(source) else {
        return (FrontMatter::default(), 0, None);
    };
    if yaml.len() > MAX_BYTES {
        return (
            FrontMatter::default(),
            end,
            Some("its front matter is too long and was ignored".into()),
        );
    }
    match parse(yaml) {
        Ok(value) => (read(&value), end, None),
        Err(reason) => (
            FrontMatter::default(),
            end,
            Some(format!("its front matter was ignored: {reason}")),
        ),
    }
}

/// `---`, not a fourth dash, then everything up to the next line that is `---`.
fn cut(source: &str) -> Option<(&str, usize)> {
    let rest = source.strip_prefix("---")?;
    if rest.starts_with('-') {
        return None;
    }
    let first_line = rest.find('\n')?;
    let language = rest[..first_line].trim();
    if !matches!(language, "" | "yaml" | "yml" | "json") {
        return None;
    }
    let mut line_start = 3 + first_line + 1;
    let yaml_start = line_start;
    while line_start <= source.len() {
        let line_end = source[line_start..]
            .find('\n')
            .map_or(source.len(), |n| line_start + n);
        if source[line_start..line_end].trim_end() == "---" {
            return Some((
                &source[yaml_start..line_start],
                (line_end + 1).min(source.len()),
            ));
        }
        line_start = line_end + 1;
    }
    None
}

fn parse(yaml: &str) -> Result<Value, String> {
    if yaml.trim().is_empty() {
        return Ok(Value::Null);
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_aliases: 64,
            max_anchors: 64,
            max_depth: 16,
            max_events: 20_000,
            max_nodes: 10_000,
        },
    };
    serde_saphyr::from_str_with_options::<Value>(yaml, options).map_err(|error| {
        // The first line says what is wrong and where; the rest is a drawing for terminals.
        error
            .to_string()
            .lines()
            .next()
            .unwrap_or("not valid YAML")
            .to_owned()
    })
}

fn read(value: &Value) -> FrontMatter {
    let string = |key: &str| match value.get(key) {
        Some(Value::String(s)) => Some(s.clone()),
        Some(Value::Number(n)) => Some(n.to_string()),
        _ => None,
    };
    let flag = |key: &str| match value.get(key) {
        Some(Value::Bool(b)) => Some(*b),
        Some(Value::String(s)) => s.parse().ok(),
        _ => None,
    };
    let keywords = match value.get("keywords") {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        Some(Value::String(s)) => s.split(',').map(|k| k.trim().to_owned()).collect(),
        _ => Vec::new(),
    };
    FrontMatter {
        title: string("title"),
        description: string("description"),
        keywords,
        sidebar_label: string("sidebar_label"),
        slug: string("slug"),
        id: string("id"),
        draft: flag("draft").unwrap_or(false),
        unlisted: flag("unlisted").unwrap_or(false),
        parse_number_prefixes: flag("parse_number_prefixes"),
        format: value
            .get("mdx")
            .and_then(|m| m.get("format"))
            .and_then(Value::as_str)
            .map(str::to_owned),
    }
}
