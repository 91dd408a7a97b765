//! Prometheus' text format, as far as our own exporter writes it.

use std::borrow::Cow;

/// A series and its value.
#[derive(Debug, PartialEq)]
pub struct Sample<'a> {
    pub name: &'a str,
    pub labels: Vec<(&'a str, Cow<'a, str>)>,
    pub value: f64,
}

impl Sample<'_> {
    pub fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(label, _)| *label == name);
        found.map(|(_, value)| value.as_ref())
    }
}

/// Every series in the text; lines that are none are left out.
pub fn samples(text: &str) -> impl Iterator<Item = Sample<'_>> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(sample)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let (name, rest) = line.split_at(line.find(['{', ' '])?);
    let (labels, value) = match rest.strip_prefix('{') {
        Some(inner) => labels(inner)?,
        None => (Vec::new(), rest),
    };
    Some(Sample {
        name,
        labels,
        value: value.trim().parse().ok()?,
    })
}

type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// What stands up to the closing bracket, and what comes after it.
fn labels(mut rest: &str) -> Option<(Labels<'_>, &str)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(',');
        if let Some(value) = rest.strip_prefix('}') {
            return Some((found, value));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        let end = closing_quote(quoted)?;
        let value = match quoted[..end].contains('\\') {
            true => Cow::Owned(unescaped(&quoted[..end])),
            false => Cow::Borrowed(&quoted[..end]),
        };
        found.push((name, value));
        rest = &quoted[end + 1..];
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn unescaped(text: &str) -> String {
    text.replace("\\\\", "\0")
        .replace("\\\"", "\"")
        .replace("\\n", "\n")
        .replace('\0', "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_read_with_and_without_labels() {
        let text = "# HELP a b\na 1\nb{c=\"d\",e=\"f \\\"g\\\" }h\"} 2.5\nbroken{x=\"\nn NaN\n";
        let found: Vec<Sample<'_>> = samples(text).collect();
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].name, found[0].value), ("a", 1.0));
        assert_eq!(found[1].label("c"), Some("d"));
        assert_eq!(found[1].label("e"), Some("f \"g\" }h"));
        assert_eq!(found[1].value, 2.5);
        assert!(found[2].value.is_nan());
    }
}
