//! What a model's name stands for: whose pages are asked, and who writes.

use super::refusal::Refusal;
use crate::http::Server;

/// Every page; the configured model writes, or quotes are given.
pub const DOCS: &str = "docs";
/// Every page, quoted also where a model could write.
pub const DOCS_QUOTING: &str = "docs-quoting";

/// One way of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    /// Only pages of this locale.
    pub locale: Option<String>,
    pub quoting: bool,
}

/// Every profile of this documentation: `docs`, `docs-quoting`, and one for each locale.
pub fn all(server: &Server) -> Vec<Profile> {
    let everywhere = |name: &str, quoting| Profile {
        name: name.to_owned(),
        locale: None,
        quoting,
    };
    let mut profiles = vec![everywhere(DOCS, false), everywhere(DOCS_QUOTING, true)];
    profiles.extend(
        server
            .search
            .known_scopes()
            .locales
            .into_iter()
            .map(|locale| Profile {
                name: format!("{DOCS}-{locale}"),
                locale: Some(locale),
                quoting: false,
            }),
    );
    profiles
}

/// The profile of this name.
pub fn named(server: &Server, model: &str) -> Result<Profile, Refusal> {
    all(server)
        .into_iter()
        .find(|profile| profile.name == model)
        .ok_or_else(|| Refusal::no_such_model(model))
}
