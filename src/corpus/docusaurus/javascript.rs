//! Reads object literals of JavaScript and TypeScript without running anything.
//!
//! A Docusaurus configuration is a program, but most of them are one literal. What is a literal is
//! read; what is not becomes `Unknown`. It does not know what the values mean.

use std::collections::HashMap;

/// Deeper nesting than this is `Unknown`; real configurations reach about ten.
const MAX_DEPTH: usize = 40;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Js {
    Text(String),
    Bool(bool),
    Number(f64),
    Null,
    List(Vec<Js>),
    Object(Vec<(String, Js)>),
    /// A function, a call, an import: anything that would have to be run.
    Unknown,
}

impl Js {
    pub(super) fn get(&self, key: &str) -> Option<&Js> {
        match self {
            // The last one wins, as in JavaScript.
            Self::Object(entries) => entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(super) fn list(&self) -> &[Js] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

/// The object a configuration file exports, if one can be found.
pub(super) fn exported_object(source: &str) -> Option<Js> {
    let constants = constants(source);
    let mut candidates: Vec<usize> = Vec::new();
    for marker in ["export default", "module.exports ="] {
        if let Some(at) = source.rfind(marker) {
            candidates.push(at + marker.len());
        }
    }
    // A function that returns the object, and last any object that looks like a configuration.
    candidates.extend(
        source
            .match_indices("return {")
            .map(|(at, _)| at + "return ".len()),
    );
    candidates.extend(
        source
            .match_indices("return ({")
            .map(|(at, _)| at + "return (".len()),
    );
    candidates
        .into_iter()
        .map(|at| {
            Reader {
                source,
                at,
                constants: &constants,
            }
            .expression(0)
        })
        .find(|value| {
            ["presets", "plugins", "baseUrl", "title"]
                .iter()
                .any(|key| value.get(key).is_some())
        })
}

/// Top-level `const name = …` whose values are literals.
fn constants(source: &str) -> HashMap<String, Js> {
    let mut constants = HashMap::new();
    for keyword in ["const ", "let ", "var "] {
        for (at, _) in source.match_indices(keyword) {
            if at > 0 && !matches!(source.as_bytes()[at - 1], b'\n' | b';' | b' ' | b'}') {
                continue;
            }
            let rest = &source[at + keyword.len()..];
            let length = rest.bytes().take_while(|b| is_name(*b)).count();
            let name = &rest[..length];
            let after = &rest[length..];
            // A type may stand between the name and the value.
            let Some(equals) = after
                .find('=')
                .filter(|n| !after[..*n].contains(['\n', ';', '(']))
            else {
                continue;
            };
            let start = at + keyword.len() + length + equals + 1;
            if name.is_empty() || source[start..].starts_with(['=', '>']) {
                continue;
            }
            let known = HashMap::new();
            let value = Reader {
                source,
                at: start,
                constants: if constants.is_empty() {
                    &known
                } else {
                    &constants
                },
            }
            .expression(0);
            if value != Js::Unknown {
                constants.insert(name.to_owned(), value);
            }
        }
    }
    constants
}

struct Reader<'s> {
    source: &'s str,
    at: usize,
    constants: &'s HashMap<String, Js>,
}

impl<'s> Reader<'s> {
    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if let Some(comment) = trimmed.strip_prefix("//") {
                self.at += 2 + comment.find('\n').unwrap_or(comment.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                self.at += 2 + comment.find("*/").map_or(comment.len(), |n| n + 2);
            } else {
                return;
            }
        }
    }

    /// One expression; stops before `,`, `;` or a closing bracket.
    fn expression(&mut self, depth: usize) -> Js {
        self.space();
        let start = self.at;
        let value = if depth > MAX_DEPTH {
            Js::Unknown
        } else {
            self.operand(depth)
        };
        self.space();
        match self.peek() {
            None | Some(b',' | b'}' | b']' | b')' | b';') => value,
            _ => {
                let rest = self.rest();
                if rest.starts_with("as ") || rest.starts_with("satisfies ") {
                    self.skip();
                    return value;
                }
                if let Some(other) = rest.strip_prefix("||").or_else(|| rest.strip_prefix("??")) {
                    let skipped = rest.len() - other.len();
                    self.at += skipped;
                    let fallback = self.expression(depth + 1);
                    return if value == Js::Unknown {
                        fallback
                    } else {
                        value
                    };
                }
                // The next statement, where semicolons are left out.
                if value != Js::Unknown
                    && self.source[start..self.at].contains('\n')
                    && starts_statement(rest)
                {
                    return value;
                }
                if value != Js::Unknown && starts_statement(rest) {
                    return value;
                }
                self.skip();
                Js::Unknown
            }
        }
    }

    fn operand(&mut self, depth: usize) -> Js {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"' | b'\'') => self.string(),
            Some(b'`') => self.template(),
            Some(b'(') => {
                let start = self.at;
                self.at += 1;
                let value = self.expression(depth + 1);
                self.space();
                if self.peek() == Some(b')') {
                    self.at += 1;
                    self.space();
                    if !self.rest().starts_with("=>") {
                        return value;
                    }
                }
                self.at = start;
                self.skip();
                Js::Unknown
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b) if is_name(b) => self.word(depth),
            _ => {
                self.skip();
                Js::Unknown
            }
        }
    }

    fn word(&mut self, depth: usize) -> Js {
        let start = self.at;
        while self.peek().is_some_and(is_name) {
            self.at += 1;
        }
        let word = &self.source[start..self.at];
        let value = match word {
            "true" => Js::Bool(true),
            "false" => Js::Bool(false),
            "null" | "undefined" => Js::Null,
            "require" if self.rest().starts_with(".resolve(") => {
                self.at += ".resolve(".len();
                let path = self.expression(depth + 1);
                if self.peek() == Some(b')') {
                    self.at += 1;
                }
                path
            }
            _ => self.constants.get(word).cloned().unwrap_or(Js::Unknown),
        };
        // A member, a call, a tag: not the word's own value any more.
        match self.peek() {
            Some(b'.' | b'(' | b'[' | b'`') => {
                let mut value = value;
                while self.peek() == Some(b'.') && value != Js::Unknown {
                    self.at += 1;
                    let key_start = self.at;
                    while self.peek().is_some_and(is_name) {
                        self.at += 1;
                    }
                    value = value
                        .get(&self.source[key_start..self.at])
                        .cloned()
                        .unwrap_or(Js::Unknown);
                }
                if matches!(self.peek(), Some(b'.' | b'(' | b'[' | b'`')) {
                    self.skip_postfix();
                    return Js::Unknown;
                }
                value
            }
            _ => value,
        }
    }

    /// Behind calls and members, up to an operator.
    fn skip_postfix(&mut self) {
        loop {
            match self.peek() {
                Some(b'.') => {
                    self.at += 1;
                    while self.peek().is_some_and(is_name) {
                        self.at += 1;
                    }
                }
                Some(b'(' | b'[') => self.skip_bracket(),
                Some(b'`') => {
                    self.template();
                }
                _ => return,
            }
        }
    }

    fn object(&mut self, depth: usize) -> Js {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.space();
            match self.peek() {
                None => return Js::Object(entries),
                Some(b'}') => {
                    self.at += 1;
                    return Js::Object(entries);
                }
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            if self.rest().starts_with("...") {
                self.at += 3;
                if let Js::Object(more) = self.expression(depth + 1) {
                    entries.extend(more);
                }
                continue;
            }
            let before = self.at;
            let key = match self.peek() {
                Some(b'"' | b'\'') => self.string(),
                Some(b'[') => {
                    self.skip_bracket();
                    Js::Unknown
                }
                _ => {
                    let start = self.at;
                    while self.peek().is_some_and(is_name) {
                        self.at += 1;
                    }
                    Js::Text(self.source[start..self.at].to_owned())
                }
            };
            self.space();
            let value = match self.peek() {
                Some(b':') => {
                    self.at += 1;
                    self.expression(depth + 1)
                }
                // Shorthand: the name of a constant.
                Some(b',' | b'}') => match &key {
                    Js::Text(name) => self.constants.get(name).cloned().unwrap_or(Js::Unknown),
                    _ => Js::Unknown,
                },
                _ => {
                    self.skip();
                    Js::Unknown
                }
            };
            if let Js::Text(key) = key {
                entries.push((key, value));
            }
            if self.at == before {
                // Not an object after all; never stand still.
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Js {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            let before = self.at;
            match self.peek() {
                None => return Js::List(items),
                Some(b']') => {
                    self.at += 1;
                    return Js::List(items);
                }
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            if self.rest().starts_with("...") {
                self.at += 3;
                if let Js::List(more) = self.expression(depth + 1) {
                    items.extend(more);
                }
            } else {
                items.push(self.expression(depth + 1));
            }
            if self.at == before {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
    }

    fn number(&mut self) -> Js {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|b| is_name(b) || matches!(b, b'.' | b'-'))
        {
            self.at += 1;
        }
        self.source[start..self.at]
            .parse()
            .map_or(Js::Unknown, Js::Number)
    }

    fn string(&mut self) -> Js {
        let Some(quote) = self.peek() else {
            return Js::Unknown;
        };
        self.at += 1;
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        let mut end = self.rest().len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                _ if c == char::from(quote) => {
                    end = at + 1;
                    break;
                }
                _ => text.push(c),
            }
        }
        self.at += end;
        Js::Text(text)
    }

    fn template(&mut self) -> Js {
        match self.string() {
            Js::Text(text) if !text.contains("${") => Js::Text(text),
            _ => Js::Unknown,
        }
    }

    /// To the next `,`, `;` or closing bracket outside of brackets and strings.
    fn skip(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                b',' | b';' | b'}' | b']' | b')' => return,
                b'{' | b'[' | b'(' => self.skip_bracket(),
                b'"' | b'\'' | b'`' => {
                    self.string();
                }
                b'/' if self.rest().starts_with("//") || self.rest().starts_with("/*") => {
                    self.space()
                }
                _ => self.at += self.rest().chars().next().map_or(1, char::len_utf8),
            }
        }
    }

    /// Behind the bracket that closes the one here. A loop, so that depth costs nothing.
    fn skip_bracket(&mut self) {
        let mut depth = 0usize;
        while let Some(b) = self.peek() {
            match b {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                b'"' | b'\'' | b'`' => {
                    self.string();
                    continue;
                }
                b'/' if self.rest().starts_with("//") || self.rest().starts_with("/*") => {
                    self.space();
                    continue;
                }
                _ => {}
            }
            self.at += self.rest().chars().next().map_or(1, char::len_utf8);
        }
    }
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

fn starts_statement(rest: &str) -> bool {
    [
        "export",
        "module",
        "const ",
        "let ",
        "var ",
        "function",
        "async ",
        "import ",
        "return",
        "//",
        "type ",
        "interface ",
    ]
    .iter()
    .any(|word| rest.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_in_typescript_is_read_without_running_it() {
        let source = r#"
import type {Config} from '@docusaurus/types';
const base = '/site/'; // where it lives
const config: Config = {
  title: 'My \'Site\'',
  baseUrl: base,
  url: process.env.URL ?? 'https://example.com',
  tagline: `a ${title}`,
  i18n: {defaultLocale: 'en', locales: ['en', "ur"]},
  presets: [['classic', {docs: {path: '../docs', sidebarPath: require.resolve('./sidebars.js'), editUrl: ({a}) => `x${a}`,
     versions: {current: {label: 'Next', path: 'next'}}, onlyIncludeVersions: ['current']}, blog: false} satisfies Preset.Options]],
};
export default config;
"#;
        let config = exported_object(source).expect("the object is exported");
        assert_eq!(config.get("title"), Some(&Js::Text("My 'Site'".into())));
        assert_eq!(config.get("baseUrl"), Some(&Js::Text("/site/".into())));
        assert_eq!(
            config.get("url"),
            Some(&Js::Text("https://example.com".into()))
        );
        assert_eq!(config.get("tagline"), Some(&Js::Unknown));
        let preset = &config.get("presets").expect("presets").list()[0];
        let docs = preset.list()[1].get("docs").expect("docs");
        assert_eq!(docs.get("path"), Some(&Js::Text("../docs".into())));
        assert_eq!(
            docs.get("sidebarPath"),
            Some(&Js::Text("./sidebars.js".into()))
        );
        assert_eq!(docs.get("editUrl"), Some(&Js::Unknown));
        assert_eq!(
            docs.get("versions")
                .and_then(|v| v.get("current"))
                .and_then(|v| v.get("path")),
            Some(&Js::Text("next".into()))
        );
        assert_eq!(preset.list()[1].get("blog"), Some(&Js::Bool(false)));
    }

    #[test]
    fn a_broken_configuration_ends() {
        for source in [
            "export default {",
            "module.exports = [[[[",
            "export default {a: 'x",
            "return { title: }",
            "export default {title: ((((",
        ] {
            let _ = exported_object(source);
        }
        let deep = format!("export default {}", "[".repeat(100_000));
        let _ = exported_object(&deep);
    }
}
