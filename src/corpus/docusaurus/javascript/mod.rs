//! Reads object literals of JavaScript and TypeScript without running anything.
//!
//! A Docusaurus configuration is a program, but most of them are one literal. What is a literal is
//! read; what is not becomes `Unknown`. It does not know what the values mean.

mod cursor;
mod expression;
mod literal;
#[cfg(test)]
mod tests;
mod value;

pub(super) use value::Js;

use cursor::is_name;
use expression::expression;
use std::collections::HashMap;

/// Constants of the file, by name.
type Constants = HashMap<String, Js>;

/// The object a configuration file exports, if one can be found.
pub(super) fn exported_object(source: &str) -> Option<Js> {
    let constants = constants(source);
    let mut candidates: Vec<usize> = Vec::new();
    for marker in ["export default", "module.exports"] {
        let Some(at) = source.rfind(marker) else {
            continue;
        };
        let after = at + marker.len();
        let equals = &source[after..].trim_start();
        candidates.push(match equals.strip_prefix('=') {
            Some(value) => source.len() - value.len(),
            None => after,
        });
    }
    // A function that returns the object, and last any object that looks like a configuration.
    for (marker, opened) in [("return {", "return "), ("return ({", "return (")] {
        candidates.extend(
            source
                .match_indices(marker)
                .map(|(at, _)| at + opened.len()),
        );
    }
    candidates
        .into_iter()
        .map(|at| expression(source, at, &constants))
        .find(|value| {
            ["presets", "plugins", "baseUrl", "title"]
                .iter()
                .any(|key| value.get(key).is_some())
        })
}

/// Top-level `const name = …` whose values are literals; each may use those found before it.
fn constants(source: &str) -> Constants {
    let mut constants = Constants::new();
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
            let value = expression(source, start, &constants);
            if value != Js::Unknown {
                constants.insert(name.to_owned(), value);
            }
        }
    }
    constants
}
