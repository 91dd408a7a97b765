//! A value of JavaScript that was read without running anything.

#[derive(Debug, Clone, PartialEq)]
pub(in crate::corpus::docusaurus) enum Js {
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
    pub(in crate::corpus::docusaurus) fn get(&self, key: &str) -> Option<&Js> {
        match self {
            // The last one wins, as in JavaScript.
            Self::Object(entries) => entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(in crate::corpus::docusaurus) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(in crate::corpus::docusaurus) fn list(&self) -> &[Js] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}
